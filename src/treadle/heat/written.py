"""What can be checked of a template without any parameter's value: the names that are written in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from treadle.errors import TemplateError, nearest
from treadle.heat.cycles import written_name
from treadle.heat.engine import Engine
from treadle.heat.explain.conditions import named
from treadle.heat.files import KeyPath
from treadle.heat.nodes import Call, Const, If, MapNode, Node, walk
from treadle.heat.parameters import PSEUDO
from treadle.heat.registry import Meaning, Registry
from treadle.heat.resources import BUILTIN
from treadle.heat.template import Definition, Template, load_template


@dataclass(frozen=True)
class _Place:
    """As much of a stack as finding out a type's meaning takes."""

    engine: Engine
    template: Template
    registry: Registry

    @property
    def directory(self) -> str:
        return self.template.directory

    def error(self, message: str, path: KeyPath, hint: str = "") -> TemplateError:
        return self.engine.files.error(message, self.template.file, path, hint=hint)


class Written:
    """Checks a template and those behind its resources, each file once; ``add`` is given every error.
    ``missing`` are parameters of nested templates that nothing gives a value."""

    def __init__(self, engine: Engine, add: Callable[[TemplateError], None]) -> None:
        self._engine = engine
        self._add = add
        self._seen: set[str] = set()
        self.missing: list[str] = []

    def check(self, template: Template, registry: Registry) -> None:
        if template.file in self._seen:
            return
        self._seen.add(template.file)
        place = _Place(self._engine, template, registry)
        for definition in template.resources.values():
            self._resource(place, definition)
        for node in _nodes(template):
            for part in walk(node):
                self._names(place, part)
        for name, node in _conditions(template):
            if name not in template.conditions:
                self._add(place.error(f"there is no condition {name}{nearest(name, template.conditions)}", node.path))

    def _resource(self, place: _Place, definition: Definition) -> None:
        """Its type is known, it has what the type needs, and nothing that the type does not take. A resource
        with a condition may be off where its type means nothing."""
        holder: Any = place
        try:
            meaning = self._engine.meaning(holder, definition)
            known, needed = self._takes(place, definition, meaning)
        except TemplateError as error:
            if isinstance(definition.condition, Const) and definition.condition.data is None:
                self._add(error)
            return
        node = definition.properties
        given: Iterable[str] = node.items if isinstance(node, MapNode) else \
            (node.data or {}) if isinstance(node, Const) else needed
        if known is None:
            return
        for name in given:
            if name not in known:
                self._add(place.error(f"unknown property {name}{nearest(name, known)}",
                                      (*definition.path, "properties", name)))
        for name in needed:
            if name in given:
                continue
            if meaning.file:
                self.missing.append(name)
            else:
                self._add(place.error(f"the property {name} is missing", (*definition.path, "properties"),
                                      f"{definition.type} needs it"))

    def _takes(self, place: _Place, definition: Definition,
               meaning: Meaning) -> tuple[Iterable[str] | None, list[str]]:
        """Names of the properties that may be given (None where any may) and that must be."""
        if not meaning.file:
            schema = BUILTIN[meaning.builtin].schema
            return schema or None, [name for name, wanted in schema.items()
                                    if wanted.required and wanted.default is None]
        nested = load_template(self._engine.files, meaning.file)
        self.check(nested, place.registry.within(definition.name, meaning.entry))
        defaults: Mapping[str, Any] = self._engine.environment.parameter_defaults
        return nested.parameters, [name for name, parameter in nested.parameters.items()
                                   if parameter.default is None and defaults.get(name) is None]

    def _names(self, place: _Place, node: Node) -> None:
        if not isinstance(node, Call):
            return
        name, template = written_name(node.args), place.template
        if not isinstance(name, str):
            return
        if node.name == "get_param" and name not in template.parameters and name not in PSEUDO:
            self._add(place.error(f"there is no parameter {name}{nearest(name, template.parameters)}", node.path))
        if node.name in ("get_attr", "get_resource") and name not in template.resources:
            self._add(place.error(f"there is no resource {name}{nearest(name, template.resources)}", node.path))


def _nodes(template: Template) -> Iterator[Node]:
    yield from template.conditions.values()
    for definition in template.resources.values():
        yield from (definition.properties, definition.metadata, definition.update_policy, definition.condition)
    for output in template.outputs.values():
        yield from (output.value, output.condition)


def _conditions(template: Template) -> Iterator[tuple[str, Node]]:
    """(name, the node that says it) of every condition that something refers to."""
    asking = [*template.conditions.values(), *(d.condition for d in template.resources.values()),
              *(output.condition for output in template.outputs.values())]
    asking += [part.condition for node in _nodes(template) for part in walk(node) if isinstance(part, If)]
    for node in asking:
        for name in named(node):
            yield name, node
