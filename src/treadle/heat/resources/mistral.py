"""Stand-ins for Mistral's workflows."""

from __future__ import annotations

from typing import ClassVar

from treadle.heat.constraints import AllowedValues, Bounds, Constraint
from treadle.heat.properties import Property, Schema
from treadle.heat.resources.stand_in import EMPTY_MAP, FLAG, LIST, MAP, REQUIRED, WHOLE, StandIn, optional

_FLOW: Schema = {
    **dict.fromkeys(("on_success", "on_error", "on_complete", "requires"), LIST),
    "retry": MAP,
    **dict.fromkeys(("wait_before", "wait_after", "timeout", "concurrency"), WHOLE),
    "pause_before": FLAG,
}
_TASK: Schema = {
    "name": REQUIRED,
    **optional("description", "action", "workflow", "with_items", "target", "join"),
    **dict.fromkeys(("input", "publish", "policies"), MAP),
    "keep_result": FLAG,
    **_FLOW,
}


class Workflow(StandIn):
    schema: ClassVar[Schema] = {
        "type": Property("string", required=True, constraints=(Constraint(AllowedValues(("direct", "reverse"))),)),
        "tasks": Property("list", required=True, constraints=(Constraint(Bounds("length", 1, None)),),
                          each=Property("map", fields=_TASK)),
        **optional("name", "description"),
        "use_request_body_as_input": FLAG,
        "tags": LIST,
        **dict.fromkeys(("input", "output", "params"), MAP),
        "task_defaults": Property("map", fields=_FLOW),
    }
    attributes = ("data", "alarm_url", "executions")


class ExternalResource(StandIn):
    """Something that a workflow makes and removes."""

    schema: ClassVar[Schema] = {
        "actions": Property("map", required=True, fields=dict.fromkeys(
            ("CREATE", "UPDATE", "SUSPEND", "RESUME", "DELETE"),
            Property("map", fields={"workflow": REQUIRED, "params": EMPTY_MAP}))),
        "input": EMPTY_MAP,
        "description": Property("string", default="Heat managed"),
        "replace_on_change_inputs": Property("list", default=[]),
        "always_update": Property("boolean", default=False),
    }
    attributes = ("output",)
