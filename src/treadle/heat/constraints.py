"""Constraints on parameters and properties: of length, range, step, values, pattern, and custom ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from treadle.errors import nearest
from treadle.heat.custom import Custom
from treadle.heat.faults import Fault, brief, kind
from treadle.heat.limits.guard import compiled_pattern, matches_whole

Convert = Callable[[Any], Any]


def to_number(value: Any) -> Any:
    """Heat's number: a number stays, a string becomes an int if it can, else a float."""
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            try:
                return float(value)
            except ValueError:
                pass
    raise Fault(f"{brief(value)} is not a number")


@dataclass(frozen=True)
class Bounds:
    """``range`` of a number or ``length`` of a string, list or map; both ends belong to it."""

    name: str
    least: float | None
    most: float | None

    def check(self, value: Any, convert: Convert) -> None:  # noqa: ARG002
        if self.name == "length":
            if not isinstance(value, str | list | dict):
                raise Fault(f"{brief(value)} is {kind(value)}, which has no length", "quote it")
            measured, said = len(value), f"length {len(value)}"
        else:
            measured, said = to_number(value), brief(value)
        if (self.least is not None and measured < self.least) or \
                (self.most is not None and measured > self.most):
            raise Fault(f"{said} is not in the {self.name} {_side(self.least, 'min')} {_side(self.most, 'max')}")


def _side(value: float | None, name: str) -> str:
    return f"({name}: {'none' if value is None else value})"


@dataclass(frozen=True)
class Modulo:
    step: int
    offset: int

    def check(self, value: Any, convert: Convert) -> None:  # noqa: ARG002
        if to_number(value) % self.step != self.offset:
            raise Fault(f"{brief(value)} is not a multiple of {self.step} with an offset of {self.offset}")


@dataclass(frozen=True)
class AllowedValues:
    allowed: tuple[Any, ...]

    def check(self, value: Any, convert: Convert) -> None:
        if isinstance(value, list):
            wrong = [item for item in value if item not in self.allowed]
        else:
            wrong = [] if convert(value) in [convert(item) for item in self.allowed] else [value]
        if wrong:
            raise Fault(f"{brief(wrong[0])} is not one of {json.dumps(list(self.allowed))}")


@dataclass(frozen=True)
class AllowedPattern:
    pattern: str

    def check(self, value: Any, convert: Convert) -> None:  # noqa: ARG002
        if not isinstance(value, str):
            raise Fault(f"{brief(value)} is {kind(value)}, but allowed_pattern needs a string", "quote it")
        if not matches_whole(self.pattern, value):
            raise Fault(f"{brief(value)} does not match the pattern {self.pattern}")


@dataclass(frozen=True)
class Form:
    """A form that a test in code knows, such as an IP address; ``name`` has its article."""

    name: str
    fits: Callable[[str], bool]

    def check(self, value: Any, convert: Convert) -> None:  # noqa: ARG002
        if not isinstance(value, str) or not self.fits(value):
            raise Fault(f"{brief(value)} is not {self.name}")


Check = Bounds | Modulo | AllowedValues | AllowedPattern | Form | Custom


@dataclass(frozen=True)
class Constraint:
    """A check and the template author's own words for when it fails."""

    check: Check
    description: str = ""

    def enforce(self, value: Any, convert: Convert) -> None:
        try:
            self.check.check(value, convert)
        except Fault as fault:
            if self.description:
                raise Fault(f"{self.description} ({fault.message})", fault.hint) from fault
            raise


#: Of several in one entry Heat takes the first in this order.
_FITS = {
    "modulo": ("number",),
    "range": ("number",),
    "length": ("string", "comma_delimited_list", "json"),
    "allowed_values": ("string", "number", "boolean", "comma_delimited_list"),
    "allowed_pattern": ("string",),
    "custom_constraint": ("string", "number", "boolean", "comma_delimited_list"),
}
_NAMES = tuple(_FITS)


def read_constraint(snippet: Any, parameter_type: str, *, modulo: bool) -> Constraint:
    """One entry of ``constraints``."""
    if not isinstance(snippet, Mapping):
        raise Fault(f"a constraint must be a map, not {kind(snippet)}")
    for key in snippet:
        if key not in (*_NAMES, "description"):
            raise Fault(f"{key} is not a constraint{nearest(key, _NAMES)}", path=(key,))
    found = [name for name in _NAMES if name in snippet]
    if not found:
        raise Fault("no constraint is expressed", f"use one of {', '.join(_NAMES)}")
    name = found[0]
    if name == "modulo" and not modulo:
        raise Fault("modulo needs heat_template_version 2017-02-24 or later", path=(name,))
    if parameter_type not in _FITS[name]:
        raise Fault(f"{name} does not fit the type {parameter_type}", path=(name,))
    try:
        return Constraint(_read(name, snippet[name]), str(snippet.get("description") or ""))
    except Fault as fault:
        raise Fault(fault.message, fault.hint, (name, *fault.path)) from fault


def _read(name: str, body: Any) -> Check:
    if name == "custom_constraint":
        return Custom(body)
    if name == "allowed_values":
        if not isinstance(body, Sequence) or isinstance(body, str):
            raise Fault(f"must be a list, not {kind(body)}")
        return AllowedValues(tuple(body))
    if name == "allowed_pattern":
        return _read_pattern(body)
    keys = ("step", "offset") if name == "modulo" else ("min", "max")
    if not isinstance(body, Mapping):
        raise Fault(f"must be a map with {' and '.join(keys)}, not {kind(body)}")
    for key in body:
        if key not in keys:
            raise Fault(f"{key} is not one of {', '.join(keys)}{nearest(key, keys)}", path=(key,))
    first, second = (None if body.get(key) is None else to_number(body[key]) for key in keys)
    if name == "modulo":
        return _read_modulo(first, second)
    if first is None and second is None:
        raise Fault("needs min or max")
    if name == "length" and any(isinstance(side, float) for side in (first, second)):
        raise Fault("min and max of a length must be whole numbers")
    return Bounds(name, first, second)


def _read_pattern(body: Any) -> AllowedPattern:
    if not isinstance(body, str):
        raise Fault(f"must be a string, not {kind(body)}")
    compiled_pattern(body)
    return AllowedPattern(body)


def _read_modulo(step: Any, offset: Any) -> Modulo:
    if step is None or offset is None:
        raise Fault("needs step and offset")
    if int(step) != step or int(offset) != offset:
        raise Fault("step and offset must be whole numbers")
    if step == 0 or abs(offset) >= abs(step) or step * offset < 0:
        raise Fault("step may not be 0, and offset must be nearer to 0 than step and of its sign")
    return Modulo(int(step), int(offset))
