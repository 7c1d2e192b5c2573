"""One stack after the other, with Heat's own classes.

Heat parses, validates and resolves; only what an engine would do about a stack through its database and its
queues is done here: resources are walked in the order of their dependencies, marked as created, and what they
give is handed to those that need it. Nested stacks are created in place, not over RPC.
"""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import uuid
import warnings
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

from heat.common import (  # noqa: E402
    config,  # noqa: F401 (it registers Heat's options)
    context,
    environment_format,
    environment_util,
    exception,
)
from heat.engine import environment, resource, resources, stack, stk_defn, template  # noqa: E402
from heat.engine.resources import signal_responder, stack_resource  # noqa: E402
from heat.engine.resources.openstack.heat import (  # noqa: E402
    deployed_server,
    software_component,
    software_deployment,
)
from heat.objects import service  # noqa: E402
from heatclient.common import template_utils  # noqa: E402
from oslo_config import cfg  # noqa: E402

#: TripleO's limits; the number of resources would be counted in a database.
OPTIONS = {"max_resources_per_stack": -1, "max_nested_stack_depth": 10,
           "plugin_dirs": [str(Path(__file__).parent / "plugins")]}
YAQL = {"limit_iterators": 9000, "memory_quota": 900000}
#: What a signal of a deployment would be sent with.
CREDENTIALS = ("auth_url", "username", "user_id", "password", "project_id", "region_name")


class Configs:
    """The part of Heat's RPC interface that keeps software configurations; no deployment has answered yet."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Any]] = {}

    def create_software_config(self, _context: Any, **fields: Any) -> dict[str, Any]:
        identity = str(uuid.uuid4())
        lists = {name: fields.get(name) or [] for name in ("inputs", "outputs")}
        self._kept[identity] = {**fields, **lists, "id": identity}
        return self._kept[identity]

    def show_software_config(self, _context: Any, identity: Any) -> dict[str, Any]:
        if identity not in self._kept:
            raise exception.NotFound(f"no software config {identity}")
        return copy.deepcopy(self._kept[identity])

    def show_software_deployment(self, *_args: Any) -> dict[str, Any]:
        return {"output_values": None}

    def ignore_error_by_name(self, _name: str) -> Any:
        return contextlib.suppress(Exception)


def prepare() -> None:
    """Configure Heat, load its plug-ins, and take the database out of the way of its resources."""
    cfg.CONF([], project="heat", default_config_files=[])
    for name, value in OPTIONS.items():
        cfg.CONF.set_override(name, value)
    for name, value in YAQL.items():
        cfg.CONF.set_override(name, value, group="yaql")
    resources.initialise()
    service.Service.active_service_count = classmethod(lambda _cls, _context: 1)
    stack.Stack.total_resources = lambda _self, _root: 0
    configs = Configs()
    kept: dict[str, Any] = {
        "rpc_client": lambda _self: configs,
        "store": lambda _self, *_args, **_named: None,
        "_add_event": lambda _self, *_args, **_named: None,
        "resource_id_set": lambda self, identity: setattr(self, "resource_id", identity),
        "data": lambda self: self.__dict__.setdefault("kept_data", {}),
        "data_set": lambda self, key, value, redact=False: self.data().__setitem__(key, value),  # noqa: ARG005
        "metadata_get": lambda self, refresh=False: self.t.metadata(),  # noqa: ARG005
        "metadata_set": lambda _self, *_args, **_named: None,
    }
    for name, method in kept.items():
        setattr(resource.Resource, name, method)
    stack_resource.StackResource.get_output = _nested_output
    responder = signal_responder.SignalResponder
    for name in ("_get_ec2_signed_url", "_get_swift_signal_url", "_get_zaqar_signal_queue_id"):
        setattr(responder, name, lambda _self: "nowhere")
    responder._get_heat_signal_credentials = lambda _self: dict.fromkeys(CREDENTIALS)


def _nested_output(self: Any, name: str) -> Any:
    """An output of the nested stack that ``_create`` left; Heat would ask again for each that is null."""
    if self._outputs is None:
        return None
    if name not in self._outputs:
        raise exception.NotFound(f"no output {name}")
    value, error = self._outputs[name]
    if error is not None:
        raise exception.TemplateOutputError(resource=self.name, attribute=name, message=error)
    return value


def _admin() -> Any:
    return context.RequestContext.from_dict({
        "tenant_id": "admin", "tenant": "admin", "username": "admin", "user_id": "admin", "password": "",
        "roles": ["admin"], "is_admin": True, "auth_url": "http://127.0.0.1/v3", "auth_token": "x"})


def _create(created: Any) -> None:
    """What stack-create does, resource by resource in the order of dependencies."""
    for number, member in enumerate(created.dependencies, 1):
        member.id, member.uuid = number, str(uuid.uuid4())
        member.reparse()
        member.validate()
        member.action, member.status = member.CREATE, member.IN_PROGRESS
        if isinstance(member, stack_resource.StackResource):
            nested = member._parse_nested_stack(f"{created.name}-{member.name}", member.child_template(),
                                                member.child_params())
            _create(nested)
            member._nested = nested
            member._outputs = {name: _over_rpc(output) for name, output in nested.outputs.items()}
            member.resource_id = str(uuid.uuid4())
        elif isinstance(member, software_deployment.SoftwareDeployment):
            _deploy(member)
        elif hasattr(member, "handle_create") and not isinstance(member, deployed_server.DeployedServer):
            member.handle_create()
        if member.resource_id is None:
            member.resource_id = f"id-{member.name}"
        member.status = member.COMPLETE
        stk_defn.update_resource_data(created.defn, member.name, member.node_data(for_outputs=True))


def _deploy(member: Any) -> None:
    """What Heat looks at before it hands a deployment to a node; nothing executes it."""
    if isinstance(member, software_component.SoftwareComponent):
        member.handle_create()
    loaded = member._load_config()
    if "CREATE" in member.properties["actions"]:
        member._build_derived_config_params("CREATE", loaded)


def _over_rpc(output: Any) -> tuple[Any, str | None]:
    """(value as JSON carries it, error)."""
    try:
        return json.loads(json.dumps(output.get_value(), default=str)), None
    except Exception as error:  # an output that fails does not fail its stack
        return None, str(error)


def evaluate(template_file: str, environments: list[str], parameters: dict[str, Any] | None = None,
             parameter_defaults: dict[str, Any] | None = None, merge: str = "client") -> dict[str, Any]:
    """Outputs of the created stack by name. Files are gathered by Heat's client, and environments merged by it, or
    listed by it and merged by Heat's service (``merge: server``). Raises what Heat raises."""
    resources.global_env().get_class("OS::Nova::Server").restart()
    files, body = template_utils.get_template_contents(template_file)
    listed: list[str] | None = [] if merge == "server" else None
    more, found = template_utils.process_multiple_environments_and_files(environments, env_list_tracker=listed)
    # The client sends JSON: keys are strings, file contents text.
    texts = {name: text.decode() if isinstance(text, bytes) else text for name, text in {**files, **more}.items()}
    body = json.loads(json.dumps(body, default=str))
    if listed is not None:
        found = _merged_by_server(body, texts, listed)
    for section, values in (("parameters", parameters), ("parameter_defaults", parameter_defaults)):
        if values:
            found.setdefault(section, {}).update(values)
    parsed = template.Template(body, files=texts, env=environment.Environment(found))
    created = stack.Stack(_admin(), "overcloud", parsed, timeout_mins=60)
    created.strict_validate = True
    created.validate()
    _create(created)
    return {name: output.get_value() for name, output in created.outputs.items()}


def _merged_by_server(body: Any, texts: dict[str, str], listed: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    environment_format.default_for_missing(found)
    environment_util.merge_environments(listed, texts, found, template.Template(body, files=texts).all_param_schemata(
        texts))
    return found


def merged(maps: list[Any]) -> Any:
    """The maps as Heat's client merges environments."""
    found: Any = {}
    for part in maps:
        found = template_utils.deep_update(found, part)
    return found
