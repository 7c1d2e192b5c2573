"""Software configurations: texts and maps that deployments hand to nodes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from treadle.heat.constraints import AllowedValues, Bounds, Constraint
from treadle.heat.faults import Fault
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
_COMMON: Schema = {
    "options": Property("map"),
    "inputs": Property("list", each=Property("map", fields=_INPUT)),
    "outputs": Property("list", each=Property("map", fields=_OUTPUT)),
}


def _schema(config: str) -> Schema:
    return {"group": Property("string", default="Heat::Ungrouped"), "config": Property(config), **_COMMON}


class Config(Resource, ABC):
    """What Heat keeps as a software configuration. Its reference leads back to it, for deployments and for
    parts of a MIME message."""

    attributes = ("config",)

    def find(self, name: str) -> Any:  # noqa: ARG002
        return self.content()

    @abstractmethod
    def content(self) -> Any:
        """The configuration itself: text, a map, or null."""

    def declared(self, section: str) -> list[dict[str, Any]]:
        """The ``inputs`` or ``outputs`` that the configuration says it has."""
        return self.properties.get(section) or []

    def reference(self) -> str:
        identity = super().reference()
        self.holder.engine.referenced[identity] = self
        return identity


class SoftwareConfig(Config):
    """Configuration as text."""

    schema: ClassVar[Schema] = _schema("string")

    def content(self) -> Any:
        return self.properties["config"]


class StructuredConfig(SoftwareConfig):
    """Configuration as a map."""

    schema: ClassVar[Schema] = _schema("map")


_SOME = Constraint(Bounds("length", 1, None))


class SoftwareComponent(Config):
    """Configurations for the different actions of a stack. Heat keeps them all as one, and the attribute
    ``config`` that the type inherits is always null."""

    schema: ClassVar[Schema] = {
        "configs": Property("list", required=True, constraints=(_SOME,), each=Property("map", fields={
            "actions": Property("list", default=["CREATE", "UPDATE"], constraints=(_SOME,),
                                each=Property("string")),
            "config": Property("string"),
            "tool": Property("string", required=True),
        })),
        **_COMMON,
    }

    def read(self, given: dict[str, Any]) -> dict[str, Any]:
        found = super().read(given)
        seen: dict[str, int] = {}
        for index, config in enumerate(found["configs"]):
            for action in config["actions"]:
                if seen.setdefault(action, index) != index:
                    raise Fault(f"{action} has a configuration already",
                                f"it is configs[{seen[action]}]; an action takes one", ("configs", index))
        return found

    def find(self, name: str) -> Any:  # noqa: ARG002
        return None

    def content(self) -> Any:
        return {"configs": self.properties["configs"]}


class CloudConfig(Config):
    """cloud-init's own format: a map, written as YAML."""

    schema: ClassVar[Schema] = {"cloud_config": Property("map")}

    def content(self) -> str:
        import yaml

        class Plain(yaml.CSafeDumper):
            """Data that stands twice is written twice: who reads it need not know YAML's aliases."""

            def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
                return True

        return "#cloud-config\n" + yaml.dump(self.properties["cloud_config"], Dumper=Plain)
