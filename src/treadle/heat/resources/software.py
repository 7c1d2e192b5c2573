"""OS::Heat::SoftwareConfig and OS::Heat::StructuredConfig."""

from __future__ import annotations

from typing import Any, ClassVar

from treadle.heat.constraints import AllowedValues, Constraint
from treadle.heat.properties import Property, Schema
from treadle.heat.resources.base import Resource

_TYPES = ("String", "Number", "CommaDelimitedList", "Json", "Boolean")
_INPUT: Schema = {
    "name": Property("string", required=True),
    "description": Property("string", default=""),
    "type": Property("string", default="String", constraints=(Constraint(AllowedValues(_TYPES)),)),
    "default": Property("any"),
    "replace_on_change": Property("boolean", default=False),
}
_OUTPUT: Schema = {
    "name": Property("string", required=True),
    "description": Property("string", default=""),
    "type": Property("string", default="String", constraints=(Constraint(AllowedValues(_TYPES)),)),
    "error_output": Property("boolean", default=False),
}


def _schema(config: str) -> Schema:
    return {
        "group": Property("string", default="Heat::Ungrouped"),
        "config": Property(config),
        "options": Property("map"),
        "inputs": Property("list", each=Property("map", fields=_INPUT)),
        "outputs": Property("list", each=Property("map", fields=_OUTPUT)),
    }


class SoftwareConfig(Resource):
    """Configuration as text."""

    schema: ClassVar[Schema] = _schema("string")
    attributes = ("config",)

    def find(self, name: str) -> Any:
        return self.properties[name]


class StructuredConfig(SoftwareConfig):
    """Configuration as a map."""

    schema: ClassVar[Schema] = _schema("map")
