"""Parameters of a template: their declaration, and how a given value becomes the parameter's value."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from treadle.errors import nearest
from treadle.heat.constraints import Constraint, read_constraint, to_number
from treadle.heat.faults import Fault, brief, kind
from treadle.heat.versions import Version

TYPES = ("string", "number", "comma_delimited_list", "json", "boolean")
PSEUDO = ("OS::stack_id", "OS::stack_name", "OS::project_id")

_TRUE = ("1", "t", "true", "on", "y", "yes")
_FALSE = ("0", "f", "false", "off", "n", "no")


@dataclass(frozen=True)
class Parameter:
    """One entry of ``parameters``. ``default`` None means that a value must be given."""

    name: str
    type: str
    default: Any
    constraints: tuple[Constraint, ...]
    hidden: bool

    @cached_property
    def default_value(self) -> Any:
        """The default as a value; Fault when it does not fit."""
        return self.enforce(self.default)

    @cached_property
    def default_fault(self) -> Fault | None:
        """What is wrong with the default, whether or not it is used."""
        try:
            if self.default is not None:
                self.enforce_default(self.default)
        except Fault as fault:
            return fault
        return None

    def convert(self, raw: Any) -> Any:
        """The value that ``get_param`` gives for ``raw``; Fault when it cannot be one of the type."""
        return _CONVERT[self.type](raw)

    def enforce(self, raw: Any) -> Any:
        """Check type and constraints, and convert. Heat checks a string's constraints on what was given."""
        value = self.convert(raw)
        checked = value if self.type in ("comma_delimited_list", "json") else raw
        for constraint in self.constraints:
            constraint.enforce(checked, self.convert)
        return value

    def enforce_default(self, default: Any) -> None:
        """Heat checks constraints of every default, used or not; its type only where there are some."""
        checked = default
        if self.type == "comma_delimited_list":
            checked = [str(item) for item in default] if isinstance(default, list) else \
                _want_text(default).split(",")
        try:
            for constraint in self.constraints:
                constraint.enforce(checked, self.convert)
        except Fault as fault:
            raise Fault(f"invalid default: {fault.message}", fault.hint) from fault


def _want_text(value: Any) -> str:
    if not isinstance(value, str):
        raise Fault(f"a comma_delimited_list is a list or a string, not {kind(value)}: {brief(value)}")
    return value


def _boolean(raw: Any) -> bool:
    said = str(raw).strip().lower()
    if said in _TRUE:
        return True
    if said in _FALSE:
        return False
    raise Fault(f"{brief(raw)} is not a boolean", f"use one of {', '.join(_TRUE + _FALSE)}")


def _list(raw: Any) -> list[str]:
    if isinstance(raw, list):
        return [str(item) for item in raw]
    text = _want_text(raw)
    return text.split(",") if text else []


def read_json(raw: Any) -> Any:
    """A json parameter's value: text is parsed, anything else taken as it is. Fault for text that is not JSON."""
    if not isinstance(raw, str):
        return raw
    if not raw:
        return raw
    try:
        return json.loads(raw)
    except ValueError as error:
        raise Fault(f"{brief(raw)} is not valid JSON: {error}") from error


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "string": str,
    "number": to_number,
    "comma_delimited_list": _list,
    "json": read_json,
    "boolean": _boolean,
}


def read_parameter(name: str, snippet: Any, version: Version) -> Parameter:
    """One declaration; Fault with a path below it when it is wrong."""
    if not isinstance(snippet, dict):
        raise Fault(f"a parameter must be a map with a type, not {kind(snippet)}")
    for key in snippet:
        if key not in version.parameter_keys:
            raise Fault(f"a parameter has no {key}{nearest(key, version.parameter_keys)}", path=(key,))
    if "type" not in snippet:
        raise Fault("the type is missing", f"use one of {', '.join(TYPES)}")
    declared = snippet["type"]
    if declared not in TYPES:
        raise Fault(f"{brief(declared)} is not a type{nearest(declared, TYPES)}",
                    f"use one of {', '.join(TYPES)}", ("type",))
    if not isinstance(snippet.get("tags", []), list):
        raise Fault("tags must be a list", path=("tags",))
    return Parameter(name, declared, snippet.get("default"), _constraints(snippet, declared, version),
                     bool(snippet.get("hidden", False)))


def _constraints(snippet: dict[str, Any], declared: str, version: Version) -> tuple[Constraint, ...]:
    listed = snippet.get("constraints")
    if listed is None:
        return ()
    if not isinstance(listed, list):
        raise Fault(f"constraints must be a list, not {kind(listed)}", path=("constraints",))
    found = []
    for index, entry in enumerate(listed):
        try:
            found.append(read_constraint(entry, declared, modulo=version.modulo))
        except Fault as fault:
            raise Fault(fault.message, fault.hint, ("constraints", index, *fault.path)) from fault
    return tuple(found)
