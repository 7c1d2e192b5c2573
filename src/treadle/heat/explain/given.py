"""Where a parameter's value was set: a property of the parent's resource, an environment, or the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from treadle.heat.environment import deep_update
from treadle.heat.explain.explanation import Explanation
from treadle.heat.explain.paths import at, has, reach, same
from treadle.heat.faults import Fault
from treadle.heat.files import KeyPath
from treadle.heat.resources.base import Resource
from treadle.heat.stack import Stack

if TYPE_CHECKING:
    from treadle.heat.explain.tracing import Tracer


def source(tracer: Tracer, stack: Stack, name: str, path: KeyPath) -> Explanation:
    """Where what stands at ``path`` in the value of the parameter ``name`` was set."""
    value = stack.parameter(name)
    raw = stack.given(name)
    if raw is not None and isinstance(stack.parent, Resource):
        return _from_property(tracer, stack.parent, name, path, value)
    section = "parameters" if raw is not None else "parameter_defaults"
    if raw is None:
        raw = tracer.environment.parameter_defaults.get(name)
    if raw is not None:
        fitting, converted = _fit(raw, value, path)
        return _converted(_from_environment(tracer, section, name, fitting), value, path, converted)
    default = stack.template.parameters[name].default
    fitting, converted = _fit(default, value, path)
    step = tracer.step(at(default, fitting), f"default of {name}",
                       tracer.place(stack, ("parameters", name, "default", *fitting)))
    return _converted(step, value, path, converted)


def _converted(step: Explanation, value: Any, path: KeyPath, converted: bool) -> Explanation:
    """Heat makes of what was set a value of the parameter's type."""
    return replace(step, value=at(value, path), what=f"{step.what}, converted to its type") if converted else step


def _fit(raw: Any, value: Any, path: KeyPath, *, joined: bool = False) -> tuple[KeyPath, bool]:
    """The path in ``raw`` that became ``path`` in the converted ``value``, and whether the two differ.
    ``joined``: a list's elements were joined with commas and split again."""
    if joined and isinstance(raw, list) and isinstance(value, list) and path and not same(raw, value):
        before = 0
        for index, item in enumerate(raw):
            before += len(str(item or "").split(","))
            if int(path[0]) < before:
                return (index,), not same(item, at(value, path))
    if has(raw, path) and same(at(raw, path), at(value, path)):
        return path, False
    return path[:reach(raw, path)], True


def _from_property(tracer: Tracer, parent: Resource, name: str, path: KeyPath, value: Any) -> Explanation:
    from treadle.heat.explain.attributes import given_property, properties_given

    raw = properties_given(tracer, parent)[name]
    if not path and isinstance(raw, dict | list) and same(raw, value):
        return given_property(tracer, parent, (name,))
    fitting, converted = _fit(raw, value, path, joined=isinstance(raw, list))
    return _converted(given_property(tracer, parent, (name, *fitting)), value, path, converted)


def _from_environment(tracer: Tracer, section: str, name: str, path: KeyPath) -> Explanation:
    environment = tracer.environment
    merged = (environment.parameters if section == "parameters" else environment.parameter_defaults)[name]
    value = at(merged, path)
    setters = [_Setter(file, data[section][name], place((section, name))) for file, data, place in environment.sources
               if name in (data.get(section) or {})]
    if not setters or (not environment.origin(section, name).file and setters[-1].file):
        what = f"{section}, given with -P" if section == "parameters" else f"{section}, given by no file"
        return tracer.step(value, what, None)

    def step(setter: _Setter, found: KeyPath) -> Explanation:
        if not setter.file:
            return tracer.step(at(setter.value, found), f"{section}, given by no file", None)
        return tracer.step(at(setter.value, found), section, tracer.place_in(setter.file, (*setter.path, *found)))

    if same(setters[-1].value, merged):
        setters = setters[-1:]
    elif path and _joined(setters, merged):
        index = int(path[0])
        for setter in setters:
            if index < len(setter.value):
                return step(setter, (index, *path[1:]))
            index -= len(setter.value)
    elif not same(_folded(name, setters), merged):
        steps = tuple(step(setter, path[:reach(setter.value, path)]) for setter in setters)
        return tracer.step(value, f"{section}, merged from every environment that sets {name}", steps[-1].place, steps)
    setting = [setter for setter in setters if has(setter.value, path)
               and (isinstance(value, Mapping) or same(at(setter.value, path), value))]
    if isinstance(value, Mapping) and len(setting) > 1:
        steps = tuple(step(setter, path) for setter in setting)
        return tracer.step(value, f"{section}, merged from environments", steps[-1].place, steps)
    return step(setting[-1], path)


@dataclass(frozen=True)
class _Setter:
    """An environment's value of one parameter, and where it stands in the file."""

    file: str
    value: Any
    path: KeyPath


def _joined(setters: list[_Setter], merged: Any) -> bool:
    """Whether the value is the setters' lists one after the other, as merge strategies make it."""
    lists = [setter.value for setter in setters if isinstance(setter.value, list)]
    return isinstance(merged, list) and len(lists) == len(setters) and merged == list(chain(*lists))


def _folded(name: str, setters: list[_Setter]) -> Any:
    """What plain merging makes of the setters: only then is a leaf's last setter the one that counts."""
    merged: dict[str, Any] = {}
    try:
        for setter in setters:
            merged = deep_update(merged, {name: setter.value})
    except Fault:
        return None
    return merged.get(name)
