"""OS::Heat::Value and OS::Heat::None."""

from __future__ import annotations

from typing import Any, ClassVar

from treadle.heat.constraints import AllowedValues, Constraint
from treadle.heat.cycles import references
from treadle.heat.faults import Fault
from treadle.heat.parameters import TYPES
from treadle.heat.properties import Property, Schema, read_properties
from treadle.heat.resources.base import Resource

_AS_PROPERTY = {"string": "string", "number": "number", "comma_delimited_list": "list", "json": "map",
                "boolean": "boolean"}


class Value(Resource):
    """Gives its ``value`` back as it is. ``type`` only says what the value must be convertible to."""

    schema: ClassVar[Schema] = {
        "value": Property("any", required=True),
        "type": Property("string", constraints=(Constraint(AllowedValues(TYPES)),)),
    }
    attributes = ("value",)

    def read(self, given: dict[str, Any]) -> dict[str, Any]:
        found = read_properties(self.schema, given)
        if found["type"]:
            read_properties({"value": Property(_AS_PROPERTY[found["type"]])}, {"value": found["value"]})
        return found

    def find(self, name: str) -> Any:
        return self.properties[name]

    def reference(self) -> str:
        return self.physical_name()


class NoneResource(Resource):
    """Takes any property and has every attribute, with the value null."""

    def force(self) -> None:
        """Heat never evaluates the properties, but what they refer to must be there."""
        scope = self.holder.scope
        for name, path in references(self.definition.properties, scope):
            try:
                scope.resource(name)
            except Fault as fault:
                raise self.holder.error(fault.message, path, fault.hint) from fault

    def attribute(self, name: str, path: list[Any]) -> Any:  # noqa: ARG002
        return None

    def all_attributes(self) -> dict[str, Any]:
        return {}
