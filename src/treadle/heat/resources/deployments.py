"""Software deployments. Nothing is deployed here and no signal comes: outputs that a node would send are null."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from treadle.heat.constraints import AllowedValues, Constraint
from treadle.heat.faults import Fault
from treadle.heat.files import KeyPath
from treadle.heat.functions.references import select
from treadle.heat.nodes import Const
from treadle.heat.properties import Property, Schema
from treadle.heat.resources.base import Resource
from treadle.heat.resources.groups import BATCH, Group
from treadle.heat.resources.nova import Server
from treadle.heat.resources.software import Config
from treadle.heat.template import Definition

CREATE = "CREATE"
_ACTIONS = (CREATE, "UPDATE", "DELETE", "SUSPEND", "RESUME")
_ACCOUNT = ("deploy_auth_url", "deploy_username", "deploy_user_id", "deploy_password", "deploy_project_id")
#: How a node would send its outputs, and the inputs that tell it where to.
TRANSPORTS: Mapping[str, tuple[str, ...]] = {
    "CFN_SIGNAL": ("deploy_signal_id", "deploy_signal_verb"),
    "TEMP_URL_SIGNAL": ("deploy_signal_id", "deploy_signal_verb"),
    "HEAT_SIGNAL": _ACCOUNT,
    "NO_SIGNAL": (),
    "ZAQAR_SIGNAL": (*_ACCOUNT, "deploy_queue_id"),
}
_ANY: Schema = {
    "config": Property("string"),
    "input_values": Property("map"),
    "actions": Property("list", default=[CREATE, "UPDATE"], constraints=(Constraint(AllowedValues(_ACTIONS)),)),
    "name": Property("string"),
    "signal_transport": Property("string", default="CFN_SIGNAL",
                                 constraints=(Constraint(AllowedValues(tuple(TRANSPORTS))),)),
}
_STRUCTURED: Schema = {
    "input_key": Property("string", default="get_input"),
    "input_values_validate": Property("string", default="LAX",
                                      constraints=(Constraint(AllowedValues(("LAX", "STRICT"))),)),
}


class SoftwareDeployment(Resource):
    """One configuration on one server. Besides its own attributes it has the outputs that the configuration
    declares."""

    schema: ClassVar[Schema] = {"server": Property("string", required=True), **_ANY}
    attributes = ("deploy_stdout", "deploy_stderr", "deploy_status_code")

    def config(self) -> Config:
        """Fault when the property leads to no configuration."""
        given = self.properties["config"]
        found = self.holder.engine.referenced.get(given) if given else None
        if not isinstance(found, Config):
            told = f"{given} is no software configuration" if given else f"the deployment {self.name} has no config"
            raise Fault(told, "give its property config get_resource of an OS::Heat::SoftwareConfig")
        return found

    def attribute(self, name: str, path: list[Any]) -> Any:  # noqa: ARG002
        known = (*self.attributes, *(output["name"] for output in self.config().declared("outputs")))
        if name not in known:
            raise self.no_attribute(name, known)

    def all_attributes(self) -> dict[str, Any]:
        return {name: self.attribute(name, []) for name in self.attributes}

    def force(self) -> None:
        super().force()
        server = self.holder.engine.referenced.get(self.properties["server"])
        if isinstance(server, Server) and server.holder is self.holder and \
                server.properties["user_data_format"] != "SOFTWARE_CONFIG":
            raise self.error(f"the server {server.name} takes no deployments", ("properties", "server"),
                             "set its property user_data_format to SOFTWARE_CONFIG")
        if self.properties["config"]:
            try:
                self.check()
            except Fault as fault:
                raise self.error(fault.message, ("properties", *(fault.path or ("config",))), fault.hint) from fault

    def check(self) -> None:
        """Fault when the configuration cannot be deployed with the inputs given."""
        self.config()

    def inputs(self) -> dict[str, Any]:
        """All inputs by name: declared ones, others that are given, and Heat's own, of which those that
        serve to send a signal are null."""
        given = self.properties["input_values"] or {}
        found = {item["name"]: item["default"] for item in self.config().declared("inputs")}
        holder, transport = self.holder, self.properties["signal_transport"]
        return {**found, **given, "deploy_server_id": self.properties["server"], "deploy_action": CREATE,
                "deploy_stack_id": f"{holder.name}/{holder.engine.identity(holder.path)}",
                "deploy_resource_name": self.name, "deploy_signal_transport": transport,
                **dict.fromkeys(TRANSPORTS[transport])}


class StructuredDeployment(SoftwareDeployment):
    """A deployment of a map, in which ``{get_input: NAME}`` stands for an input."""

    schema: ClassVar[Schema] = {**SoftwareDeployment.schema, **_STRUCTURED}

    def check(self) -> None:
        super().check()
        if self.properties["input_values_validate"] == "STRICT" and CREATE in self.properties["actions"]:
            self.deployed()

    def deployed(self) -> Any:
        """The map as the server would get it, inputs in place. Under STRICT an input without a value faults."""
        inputs = self.inputs()
        key, strict = self.properties["input_key"], self.properties["input_values_validate"] == "STRICT"

        def filled(part: Any) -> Any:
            if isinstance(part, Mapping):
                name = part.get(key)
                if len(part) != 1 or not isinstance(name, str):
                    return {inner: filled(item) for inner, item in part.items()}
                if strict and name not in inputs:
                    raise Fault(f"the input {name} of the configuration has no value",
                                "input_values_validate is STRICT", ("input_values",))
                return inputs.get(name)
            return [filled(item) for item in part] if isinstance(part, list) else part

        return filled(self.config().content())


class SoftwareDeploymentGroup(Group):
    """One deployment for each of ``servers``, a map of names and servers. An attribute is a map by those names."""

    schema: ClassVar[Schema] = {"servers": Property("map", required=True), **_ANY}
    policies: ClassVar[Schema] = {name: Property("map", fields=BATCH) for name in ("rolling_update", "batch_create")}
    own = ("deploy_stdouts", "deploy_stderrs", "deploy_status_codes")
    each: ClassVar[str] = "OS::Heat::SoftwareDeployment"

    def definitions(self) -> Iterator[Definition]:
        common = {name: value for name, value in self.properties.items() if name != "servers"}
        path: KeyPath = self.definition.path
        at: KeyPath = (*path, "properties")
        for name, server in self.properties["servers"].items():
            yield Definition(str(name), self.each, Const({**common, "server": server}, at), Const(None, path),
                             Const(None, path), Const(None, path), (), Const(None, path), path)

    def attribute(self, name: str, path: list[Any]) -> Any:
        single = name.removesuffix("s") if name in self.own else name
        return select({key: member.attribute(single, []) for key, member in self.members.items()}, path)

    def all_attributes(self) -> dict[str, Any]:
        return {name: self.attribute(name, []) for name in self.own}


class StructuredDeploymentGroup(SoftwareDeploymentGroup):
    schema: ClassVar[Schema] = {**SoftwareDeploymentGroup.schema, **_STRUCTURED}
    each: ClassVar[str] = "OS::Heat::StructuredDeployment"
