"""How the values of environments merge: as Heat's client does, or by a strategy, as Heat's service does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from treadle.heat.constraints import to_number
from treadle.heat.faults import Fault, brief, kind
from treadle.heat.parameters import read_json

STRATEGIES = ("overwrite", "merge", "deep_merge")


def deep_update(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> dict[str, Any]:
    """Merge ``new`` into ``old`` as heatclient does, giving a new map: maps merge, lists and scalars replace,
    null does not clear a map, and an empty map changes nothing. Fault where a map meets something else."""
    merged = dict(old or {})
    for key, value in new.items():
        before = merged.get(key)
        if isinstance(value, Mapping):
            if before is not None and not isinstance(before, Mapping):
                if value:
                    raise Fault(f"is a map here, but an earlier environment made it {kind(before)}",
                                "the two cannot be merged", (key,))
                continue
            try:
                merged[key] = deep_update(before, value)
            except Fault as fault:
                raise Fault(fault.message, fault.hint, (key, *fault.path)) from fault
        elif value is None and isinstance(before, Mapping):
            continue
        else:
            merged[key] = value
    return merged


def combine(declared: str, old: Any, new: Any, *, deep: bool) -> Any:
    """``new`` merged into ``old`` by the strategy ``merge`` (or ``deep_merge``) of a parameter of the type
    ``declared``. ``old`` is None where nothing was set before. Fault for values that have no merge."""
    if declared == "json":
        return _maps(read_json(old), read_json(new), deep)
    if declared == "comma_delimited_list":
        return _lists(old, new)
    if declared == "boolean" and old is not None:
        raise Fault("a boolean cannot be merged", "give it the strategy overwrite")
    if old is None or declared == "boolean":
        return new
    if declared == "number":
        return to_number(old) + to_number(new)
    for value in (old, new):
        if not isinstance(value, str):
            raise Fault(f"{brief(value)} is no text, so it cannot be merged", "quote it, in every environment")
    return old + new


def _lists(old: Any, new: Any) -> Any:
    """Text stays text, as long as all is: Heat joins it with a comma."""
    for value in (old, new):
        if value is not None and not isinstance(value, list | str):
            raise Fault(f"{brief(value)} is neither a list nor text, so it cannot be merged")
    if not old:
        return new
    if isinstance(old, str) and isinstance(new, str):
        return f"{old},{new}"
    return [*_split(old), *_split(new)]


def _split(value: Any) -> list[Any]:
    if isinstance(value, str):
        return value.split(",") if value else []
    return list(value)


def _maps(old: Any, new: Any, deep: bool) -> Any:
    if not old:
        return new
    for value in (old, new):
        if not isinstance(value, Mapping):
            raise Fault(f"{brief(value)} is no map, so it cannot be merged",
                        "give the parameter the strategy overwrite")
    merged = dict(old)
    for key, value in new.items():
        if value is None:
            continue
        before = merged.get(key)
        try:
            merged[key] = _deeper(before, value) if deep and before not in (None, {}, []) else value
        except Fault as fault:
            raise Fault(fault.message, fault.hint, (key, *fault.path)) from fault
    return merged


def _deeper(old: Any, new: Any) -> Any:
    """Maps merge, lists and text are put together, anything else replaces whatever was there."""
    if not isinstance(new, Mapping | list | str):
        return new
    if isinstance(new, Mapping) and isinstance(old, Mapping):
        return _maps(old, new, deep=True)
    if isinstance(new, list) and isinstance(old, list):
        return [*old, *new]
    if isinstance(new, str) and isinstance(old, str):
        return old + new
    if old == "":
        return new
    raise Fault(f"is {kind(new)} here, but an earlier environment made it {kind(old)}",
                "deep_merge merges like with like")
