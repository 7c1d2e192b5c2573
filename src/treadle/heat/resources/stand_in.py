"""Stand-ins for resources of a cloud: Heat's properties and attributes, and values without any cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from treadle.heat.functions.references import select
from treadle.heat.properties import Property, Schema
from treadle.heat.resources.base import Resource

TAGS = Property("list", each=Property("string"))
OPTIONAL = Property("string")
REQUIRED = Property("string", required=True)
MAP = Property("map")
EMPTY_MAP = Property("map", default={})
LIST = Property("list")
FLAG = Property("boolean")
WHOLE = Property("integer")
NETWORK_CIDR = "192.168.24.0/24"
GATEWAY = "192.168.24.1"


def optional(*names: str) -> Schema:
    return dict.fromkeys(names, OPTIONAL)


class StandIn(Resource):
    """A resource that would be made in a cloud.

    Each has a number, from 10 on. It is given when one first asks for the reference or an attribute that has it,
    and after the resources that this one needs have theirs, as Heat creates them; beyond that Heat's own order is
    that of a set. So the numbers are the same in every run of the same templates. ``renamed`` are old names of
    properties."""

    renamed: ClassVar[Mapping[str, str]] = {}
    _number: int | None = None

    @property
    def number(self) -> int:
        if self._number is None:
            _ = self.properties
            for name in self.definition.depends_on:
                needed = self.holder.scope.resource(name)
                if isinstance(needed, StandIn):
                    _ = needed.number
            self._number = next(self.holder.engine.stand_ins)
        return self._number

    @property
    def address(self) -> str:
        return f"192.168.24.{self.number % 245}"

    def read(self, given: dict[str, Any]) -> dict[str, Any]:
        for old, new in self.renamed.items():
            if given.get(old) is not None and given.get(new) is None:
                given = {**given, new: given[old]}
        return super().read(given)

    def attribute(self, name: str, path: list[Any]) -> Any:
        return select({}, path) if name == "show" else super().attribute(name, path)

    def find(self, name: str) -> Any:
        """``name`` is one of Heat's making, as if no cloud had been asked to take the property; what the type has no
        value for is the empty string."""
        return self.physical_name() if name == "name" else ""

    def reference(self) -> str:
        identity = f"fake-{self.number}"
        self.holder.engine.referenced[identity] = self
        return identity
