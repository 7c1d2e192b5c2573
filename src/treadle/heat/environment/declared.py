"""The types of parameters, in whatever template they are declared: a merge strategy depends on them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from treadle.errors import TemplateError
from treadle.heat.faults import Fault
from treadle.heat.files import Files, absolute
from treadle.heat.parameters import TYPES
from treadle.heat.registry import TEMPLATE_ENDINGS


class DeclaredTypes:
    """Types by parameter, from the root ``template`` (whose word counts), the templates that ``registry`` names and
    those that they use. Files are read when a type is first asked for."""

    def __init__(self, files: Files, template: str, registry: Mapping[str, Any]) -> None:
        self._files = files
        self._template = template
        self._registry = registry

    def type_of(self, name: str, value: Any) -> str:
        """The type of the parameter ``name``; of one that nobody declares, the type that ``value`` suggests. Fault
        where templates disagree."""
        found = self._found.get(name)
        if not found:
            return _suggested(value)
        root = [declared for declared, file in found.items() if file == self._template]
        if not root and len(found) > 1:
            places = ", ".join(f"{declared} in {file}" for declared, file in sorted(found.items()))
            raise Fault(f"templates disagree on the type of {name}, so it cannot be merged: {places}",
                        "give it the strategy overwrite")
        return root[0] if root else next(iter(found))

    @cached_property
    def _found(self) -> dict[str, dict[str, str]]:
        """For each parameter, the types that it is declared with, and a file for each."""
        found: dict[str, dict[str, str]] = {}
        waiting = [*([self._template] if self._template else []), *_named(self._registry)]
        seen = set(waiting)
        while waiting:
            file = waiting.pop(0)
            body = self._body(file)
            for name, declared in _parameters(body):
                found.setdefault(name, {}).setdefault(declared, file)
            directory = os.path.dirname(file)  # noqa: PTH120
            inner = {absolute(path, directory) for path in _used(body)} - seen
            seen |= inner
            waiting += sorted(inner)
        return found

    def _body(self, file: str) -> Any:
        if not self._files.exists(file):
            return None
        try:
            return self._files.template(file)
        except TemplateError:
            # A template that cannot be read declares nothing; whoever uses it gets this error then.
            return None


def _suggested(value: Any) -> str:
    if isinstance(value, Mapping):
        return "json"
    if isinstance(value, list):
        return "comma_delimited_list"
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else "string"


def _parameters(body: Any) -> Iterator[tuple[str, str]]:
    section = body.get("parameters") if isinstance(body, dict) else None
    for name, schema in section.items() if isinstance(section, dict) else ():
        if isinstance(schema, dict) and schema.get("type") in TYPES:
            yield name, schema["type"]


def _named(registry: Mapping[str, Any]) -> Iterator[str]:
    for target in registry.values():
        if isinstance(target, Mapping):
            yield from _named(target)
        elif isinstance(target, str) and target.endswith(TEMPLATE_ENDINGS) and "::" not in target:
            yield target


def _used(body: Any) -> Iterator[str]:
    """Templates that a template names as types, at any depth, as Heat's client looks for them."""
    items: Iterable[Any] = ()
    if isinstance(body, dict):
        named = body.get("type")
        if isinstance(named, str) and named.endswith(TEMPLATE_ENDINGS) and "::" not in named:
            yield named
        items = body.values()
    elif isinstance(body, list):
        items = body
    for item in items:
        if isinstance(item, dict | list):
            yield from _used(item)
