"""Environments read, checked, and merged in order: as Heat's client merges them, or by their merge strategies."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from treadle.errors import TemplateError, nearest
from treadle.heat.environment.check import VALUES, check_environment
from treadle.heat.environment.declared import DeclaredTypes
from treadle.heat.environment.merge import combine, deep_update
from treadle.heat.environment.sources import EnvironmentSource, Inline, Listed, Origin, file_of
from treadle.heat.faults import Fault
from treadle.heat.files import Files, KeyPath, key_text

_STRATEGIES = "parameter_merge_strategies"
_REGISTRY = "resource_registry"


@dataclass(frozen=True)
class Environment:
    """All environments as one. ``origins`` has, for (section, name), the last file that set the name, and for the
    strategies the last that named one; ``sources`` are (file, content, how a path in the content becomes one
    in the file) in order, the file empty for what a program handed in."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    parameter_defaults: Mapping[str, Any] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[tuple[str, str], Origin] = field(default_factory=dict)
    sources: tuple[tuple[str, Mapping[str, Any], Callable[[KeyPath], KeyPath]], ...] = ()

    def origin(self, section: str, name: str) -> Origin:
        return self.origins.get((section, name)) or Origin("", (section, name))

    def registered(self, entry: tuple[str, ...]) -> Origin:
        """Where the registry got ``entry``, a type or ``("resources", resource, type)``."""
        ending = entry[1:] if entry[0] == "resources" else ("resource_registry", *entry)
        for (section, _), origin in reversed(list(self.origins.items())):
            if section == "resource_registry" and origin.path[-len(ending):] == ending:
                return origin
        return Origin("", ("resource_registry", *entry))

    @property
    def strategies(self) -> list[str]:
        """Parameters that some environment names a merge strategy for."""
        return [name for section, name in self.origins if section == _STRATEGIES and name != "default"]


def _entries(registry: Mapping[str, Any], path: KeyPath) -> Iterator[KeyPath]:
    """Paths of all types that a registry maps."""
    for name, target in registry.items():
        if isinstance(target, Mapping):
            yield from _entries(target, (*path, name))
        else:
            yield (*path, name)


def _nobodys(file: str) -> bool:  # noqa: ARG001
    return False


def load_environments(sources: Iterable[EnvironmentSource], files: Files, own: Callable[[str], bool] = _nobodys, *,
                      template: str = "", base: Mapping[str, Any] | None = None) -> Environment:
    """Read and merge ``sources`` in order. Each is a path, a map whose registry paths are absolute, or a source of
    ``treadle.heat.environment.sources``. ``base`` are parameter_defaults below all of them, which no strategy merges.

    In a file that is the operator's ``own`` a key that stands twice in one mapping is an error; in others the
    last wins, as in Heat, and ``files.warnings`` tells. ``template`` is the root template: it and those that it and
    the registry name say the types by which merge strategies merge. TemplateError, with file and line, for anything
    that Heat or its client refuses in an environment, and for templates that do not exist."""
    parts = [_read(source, files, own) for source in sources]
    registry: dict[str, Any] = {}
    for part in parts:
        with _located(part, files):
            registry = deep_update({_REGISTRY: registry}, {_REGISTRY: part.data.get(_REGISTRY) or {}})[_REGISTRY]
    values = _Values(files, DeclaredTypes(files, template, registry), base or {})
    for part in parts:
        with _located(part, files):
            values.add(part)
        for path in _entries(part.data.get(_REGISTRY) or {}, (_REGISTRY,)):
            values.origins[_REGISTRY, key_text(path)] = Origin(part.file, part.place(path))
    types = {name: target for name, target in registry.items() if isinstance(target, str)}
    return Environment(values.of["parameters"], values.of["parameter_defaults"], types,
                       registry.get("resources") or {}, values.origins,
                       (*([("", {"parameter_defaults": base}, tuple)] if base else ()),
                        *((part.file, part.data, part.place) for part in parts)))


@dataclass(frozen=True)
class _Part:
    """One environment, checked. ``place`` turns a path in it into one in ``file``."""

    file: str
    data: Mapping[str, Any]
    place: Callable[[KeyPath], KeyPath]

    @property
    def strategies(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.data.get(_STRATEGIES) or {}
        return found

    def origin(self, *path: str) -> Origin:
        return Origin(self.file, self.place(path))


@contextmanager
def _located(part: _Part, files: Files) -> Iterator[None]:
    """A Fault in here is one of the part's file."""
    try:
        yield
    except Fault as fault:
        raise files.error(fault.message, part.file or "<environment>", part.place(fault.path),
                          hint=fault.hint) from fault


def _read(source: EnvironmentSource, files: Files, own: Callable[[str], bool]) -> _Part:
    if isinstance(source, Inline):
        part = _Part(source.origin.file, source.data, source.place)
        return _checked(part, source.directory, files)
    if isinstance(source, Mapping):
        return _checked(_Part("", source, tuple), "", files)
    if isinstance(source, Listed):
        file = source.file
        if not files.exists(file):
            raise files.error(f"the environment {file} does not exist", source.origin.file, source.origin.path,
                              hint=source.hint)
    else:
        file = file_of(source)
    part = _Part(file, files.data(file, foreign=not own(file)), tuple)
    return _checked(part, os.path.dirname(file), files)  # noqa: PTH120


def _checked(part: _Part, directory: str, files: Files) -> _Part:
    with _located(part, files):
        return _Part(part.file, check_environment(part.data, directory, files), part.place)


@dataclass(frozen=True)
class _Decision:
    """How a parameter merges: empty as the client does; ``by`` says what decided it."""

    strategy: str
    by: Origin


class _Values:
    """Both sections with values, while environments are added to them.

    As in Heat the first environment that sets a parameter decides on its strategy: by its entry for the parameter,
    else by its default. A later entry has to agree; a later default does not count. Unlike in Heat, where nothing
    names a strategy the client's merge holds, and not ``overwrite``; naming ``overwrite`` later is no conflict."""

    def __init__(self, files: Files, types: DeclaredTypes, base: Mapping[str, Any]) -> None:
        self._files = files
        self._types = types
        self._base = set(base)
        self._decisions: dict[str, _Decision] = {}
        self.of: dict[str, dict[str, Any]] = {"parameters": {}, "parameter_defaults": dict(base)}
        self.origins: dict[tuple[str, str], Origin] = {}

    def add(self, part: _Part) -> None:
        late: dict[str, None] = {}
        for name in part.strategies:
            self.origins[_STRATEGIES, name] = part.origin(_STRATEGIES, name)
        for section in VALUES:
            for name, value in (part.data.get(section) or {}).items():
                strategy = self._named(part, name) if value is None else self._decide(part, section, name, late)
                self._set(section, name, value, strategy)
                self.origins[section, name] = part.origin(section, name)
        if late:
            self._warn(part, list(late))

    def _named(self, part: _Part, name: str) -> str:
        """For a null, which decides nothing: the strategy by which it would merge."""
        decided = self._decisions.get(name)
        return (decided and decided.strategy) or part.strategies.get(name) or part.strategies.get("default") or ""

    def _decide(self, part: _Part, section: str, name: str, late: dict[str, None]) -> str:
        entry, default = part.strategies.get(name), part.strategies.get("default")
        decided = self._decisions.get(name)
        by = part.origin(_STRATEGIES, name if entry else "default") if entry or default else \
            part.origin(section, name)
        if decided is None or (decided.strategy == "" and (entry or default) == "overwrite"):
            decided = self._decisions[name] = _Decision(entry or default or "", by)
        elif entry not in (None, decided.strategy):
            before = self._files.locate(decided.by.file, decided.by.path)
            said = f"{before} has the strategy {decided.strategy}" if decided.strategy else \
                f"{before} sets it without a strategy"
            raise Fault(f"the strategy {entry} of {name} conflicts with an earlier environment: {said}",
                        f"name one strategy wherever {name} is set first", (_STRATEGIES, name))
        elif entry is None and default and not decided.strategy:
            late[name] = None
        return decided.strategy

    def _set(self, section: str, name: str, value: Any, strategy: str) -> None:
        values = self.of[section]
        if not strategy:
            try:
                values.update(deep_update({name: values[name]} if name in values else {}, {name: value}))
            except Fault as fault:
                raise Fault(fault.message, fault.hint, (section, *fault.path)) from fault
        elif value is not None:
            if section == "parameter_defaults" and name in self._base:
                self._base.remove(name)
                values[name] = None
            try:
                values[name] = value if strategy == "overwrite" else combine(
                    self._types.type_of(name, value), values.get(name), value, deep=strategy == "deep_merge")
            except Fault as fault:
                raise Fault(fault.message, fault.hint, (section, name, *fault.path)) from fault

    def _warn(self, part: _Part, names: list[str]) -> None:
        listed = ", ".join(names[:5]) + (" and others" if len(names) > 5 else "")
        warning = self._files.error(
            f"the default strategy {part.strategies['default']} does not reach {listed}: set before without one",
            part.file or "<environment>", part.place((_STRATEGIES, "default")),
            hint="as in Heat, the first environment that sets a parameter decides how it merges")
        self._files.warnings[str(warning)] = warning


def unknown_names(names: Collection[str], section: str, environment: Environment,
                  files: Files) -> Iterator[TemplateError]:
    """An error for each name in ``section`` that is not among ``names``."""
    values = environment.strategies if section == _STRATEGIES else \
        environment.parameters if section == "parameters" else environment.parameter_defaults
    for name in values:
        if name not in names:
            origin = environment.origin(section, name)
            yield files.error(f"unknown parameter {name}{nearest(name, names)}", origin.file, origin.path,
                              hint="no template declares it")


def check_known(names: Collection[str], section: str, environment: Environment, files: Files) -> None:
    """The first of ``unknown_names`` is raised."""
    for error in unknown_names(names, section, environment, files):
        raise error
