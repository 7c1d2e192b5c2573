"""Properties: what a resource type takes, and Heat's conversions of the values given for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from treadle.errors import nearest
from treadle.heat.constraints import Constraint, to_number
from treadle.heat.faults import Fault, brief, kind
from treadle.heat.parameters import Parameter


@dataclass(frozen=True)
class Property:
    """One property of a built-in type. ``type`` is string, integer, number, boolean, map, list or any.
    ``each`` describes a list's elements, ``fields`` a map's entries."""

    type: str
    default: Any = None
    required: bool = False
    constraints: tuple[Constraint, ...] = ()
    each: Property | None = None
    fields: Mapping[str, Property] | None = None

    def convert(self, value: Any) -> Any:
        """``value`` as the type; null becomes the default, or the type's empty value."""
        converted = value if self.type == "any" else _CONVERT[self.type](self, value)
        for constraint in self.constraints:
            constraint.enforce(converted, lambda item: item)
        return converted


Schema = Mapping[str, Property]


def read_properties(schema: Schema, given: Mapping[str, Any], word: str = "property") -> dict[str, Any]:
    """Every property of ``schema``: converted if given, else its default; unknown and missing ones fault.
    ``word`` says in messages what a key is."""
    for name in given:
        if name not in schema:
            raise Fault(f"unknown {word} {name}{nearest(name, schema)}",
                        f"known are {', '.join(sorted(schema))}" if schema else "it takes none", (name,))
    found: dict[str, Any] = {}
    for name, wanted in schema.items():
        if name in given:
            try:
                found[name] = wanted.convert(given[name])
            except Fault as fault:
                raise Fault(fault.message, fault.hint, (name, *fault.path)) from fault
        elif wanted.default is not None:
            found[name] = wanted.convert(None)
        elif wanted.required:
            raise Fault(f"the property {name} is missing")
        else:
            found[name] = None
    return found


def _string(wanted: Property, value: Any) -> str:
    if value is None:
        value = wanted.default or ""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    raise Fault(f"must be a string, not {kind(value)}: {brief(value)}")


def _integer(wanted: Property, value: Any) -> int:
    if value is None:
        value = wanted.default or 0
    try:
        return int(value)
    except (ValueError, TypeError) as error:
        raise Fault(f"must be a whole number, not {brief(value)}") from error


def _number(wanted: Property, value: Any) -> Any:
    return to_number(wanted.default or 0 if value is None else value)


def _boolean(wanted: Property, value: Any) -> bool:
    if value is None:
        value = wanted.default or False
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise Fault(f"must be true or false, not {brief(value)}")


def _map(wanted: Property, value: Any) -> dict[str, Any]:
    if value is None:
        value = wanted.default or {}
    if not isinstance(value, Mapping):
        raise Fault(f"must be a map, not {kind(value)}: {brief(value)}")
    return dict(value) if wanted.fields is None else read_properties(wanted.fields, value)


def _list(wanted: Property, value: Any) -> list[Any]:
    if value is None:
        value = wanted.default or []
    if not isinstance(value, list | tuple):
        raise Fault(f"must be a list, not {kind(value)}: {brief(value)}")
    if wanted.each is None:
        return list(value)
    found = []
    for index, item in enumerate(value):
        try:
            found.append(wanted.each.convert(item))
        except Fault as fault:
            raise Fault(fault.message, fault.hint, (index, *fault.path)) from fault
    return found


_CONVERT = {"string": _string, "integer": _integer, "number": _number, "boolean": _boolean, "map": _map,
            "list": _list}

_STRING, _NUMBER, _BOOLEAN = Property("string"), Property("number"), Property("boolean")


def as_parameter(parameter: Parameter, value: Any) -> Any:
    """What the parameter of a nested template is given for the property ``value``: a list travels as one
    comma-separated string, and null as the type's empty value."""
    if parameter.type == "string":
        return _string(_STRING, value)
    if parameter.type == "number":
        return _number(_NUMBER, value)
    if parameter.type == "boolean":
        return _boolean(_BOOLEAN, value)
    if parameter.type == "json":
        return _json(value)
    return _commas(value)


def _json(value: Any) -> Any:
    if value is None:
        return {}
    if isinstance(value, Mapping | list | str):
        return value
    raise Fault(f"must be a map, not {kind(value)}: {brief(value)}")


def _commas(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if not isinstance(value, list | tuple):
        raise Fault(f"must be a list, not {kind(value)}: {brief(value)}")
    if value and isinstance(value[0], Mapping):
        return ",".join(f".member.{index}.{key}={item}" for index, part in enumerate(value)
                        for key, item in _member(part, index))
    for index, item in enumerate(value):
        if not isinstance(item, str | None):
            raise Fault(f"a comma_delimited_list holds strings, not {kind(item)}: {brief(item)}",
                        "quote it, or declare the parameter as json", (index,))
    return ",".join(item or "" for item in value)


def _member(part: Any, index: int) -> list[tuple[str, Any]]:
    if not isinstance(part, Mapping):
        raise Fault(f"a list that begins with a map holds maps, not {kind(part)}", path=(index,))
    return list(part.items())
