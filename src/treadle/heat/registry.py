"""The resource registry: what a resource's type means, for one stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from treadle.errors import nearest
from treadle.heat.faults import Fault

TEMPLATE_ENDINGS = (".yaml", ".template")
INERT = ("hooks", "restricted_actions")


@dataclass(frozen=True)
class Meaning:
    """What a type stands for: a template's file, or one of the built-in types. ``entry`` is the registry's
    key that led to the template; inside it that key no longer counts, so that a template for a type can use
    the type itself."""

    file: str = ""
    builtin: str = ""
    entry: tuple[str, ...] = ()


class UnknownTarget(Fault):
    """A registry's entry leads to a type that nothing knows; ``entry`` is its key."""

    def __init__(self, target: str, known: Iterable[str], entry: tuple[str, ...]) -> None:
        super().__init__(f"unknown resource type {target}{nearest(target, known)}")
        self.entry = entry


class Registry:
    """``types`` maps a type, or a type ending in ``*``, to another type or an absolute template path.
    ``resources`` maps a resource's name to such a map (and those of its nested stacks)."""

    def __init__(self, types: Mapping[str, str], resources: Mapping[str, Any], builtin: Iterable[str],
                 gone: frozenset[tuple[str, ...]] = frozenset()) -> None:
        self._types = types
        self._resources = resources
        self._builtin = builtin
        self._gone = gone
        self._globs = sorted(name for name in types if name.endswith("*"))
        self._found: dict[tuple[str, str], Meaning] = {}

    def meaning(self, resource_type: str, resource_name: str) -> Meaning:
        """Fault when the type is unknown or its aliases lead in a circle."""
        key = (resource_type, resource_name if resource_name in self._resources else "")
        if key not in self._found:
            found = self._resolve(resource_type, resource_name, (resource_type,))
            if found is None:
                known = sorted({*self._builtin, *self._types})
                dead = self._dead_end(resource_type, resource_name)
                if dead is not None:
                    raise UnknownTarget(dead[1], known, dead[0])
                raise Fault(f"unknown resource type {resource_type}{nearest(resource_type, known)}",
                            "register it in an environment's resource_registry, or name a .yaml template")
            self._found[key] = found
        return self._found[key]

    def _resolve(self, name: str, resource: str, chain: tuple[str, ...]) -> Meaning | None:
        if name.endswith(TEMPLATE_ENDINGS):
            return Meaning(file=name)
        for entry, target in self._candidates(name, resource):
            if target.endswith(TEMPLATE_ENDINGS):
                return Meaning(file=target, entry=entry)
            if target in chain:
                raise Fault(f"the registry's aliases lead in a circle: {' -> '.join((*chain, target))}")
            found = self._resolve(target, resource, (*chain, target))
            if found is not None:
                return found
        return Meaning(builtin=name) if name in self._builtin else None

    def _dead_end(self, name: str, resource: str) -> tuple[tuple[str, ...], str] | None:
        """The last entry on the way of a type that leads nowhere, and what it says; None without any entry."""
        found = None
        while (step := next(self._candidates(name, resource), None)) is not None:
            found = step
            name = step[1]
        return found

    def _candidates(self, name: str, resource: str) -> Iterator[tuple[tuple[str, ...], str]]:
        """Heat's order: entries for the resource first, then by name; ``*`` sorts before letters. An entry
        with ``*`` can only lead to another type: Heat never uses one that names a template."""
        own = self._resources.get(resource)
        if isinstance(own, Mapping) and isinstance(own.get(name), str):
            entry: tuple[str, ...] = ("resources", resource, name)
            if entry not in self._gone:
                yield entry, own[name]
        matching = [glob for glob in self._globs
                    if name.startswith(glob[:-1]) and self._types[glob] != name and glob != name
                    and not self._types[glob].endswith(TEMPLATE_ENDINGS)]
        for key in sorted([*matching, name] if name in self._types else matching):
            if (key,) in self._gone:
                continue
            target = self._types[key]
            if key.endswith("*") and target.endswith("*"):
                target = target[:-1] + name[len(key) - 1:]
            yield (key,), target

    def within(self, resource: str, entry: tuple[str, ...]) -> Registry:
        """The registry of the stack nested in ``resource``, whose template ``entry`` named."""
        resources: dict[str, Any] = {}
        if self._resources:
            for pattern, below in self._resources.items():
                if isinstance(below, Mapping) and (pattern == resource or fnmatchcase(resource, pattern)):
                    resources.update(below)
            resources = {key: value for key, value in resources.items() if isinstance(value, Mapping)}
        gone = self._gone | {entry} if entry else self._gone
        return Registry(self._types, resources, self._builtin, gone)
