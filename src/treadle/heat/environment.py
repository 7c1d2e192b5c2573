"""Environment files: read, checked, and merged in order the way Heat's client merges them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treadle.errors import nearest
from treadle.heat.faults import Fault, kind
from treadle.heat.files import Files, KeyPath, absolute
from treadle.heat.registry import INERT, TEMPLATE_ENDINGS

SECTIONS = ("parameters", "parameter_defaults", "resource_registry", "event_sinks", "encrypted_param_names",
            "parameter_merge_strategies")

EnvironmentSource = str | Path | Mapping[str, Any]


@dataclass(frozen=True)
class Origin:
    """Where a value was set: a file (empty when it was handed in by a program) and the path in it."""

    file: str
    path: KeyPath

    def __str__(self) -> str:
        return self.file


@dataclass(frozen=True)
class Environment:
    """All environments as one. ``origins`` has, for (section, name), the last file that set the name;
    ``sources`` are (file, its content) in order, the file empty for what a program handed in."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    parameter_defaults: Mapping[str, Any] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[tuple[str, str], Origin] = field(default_factory=dict)
    sources: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    def origin(self, section: str, name: str) -> Origin:
        return self.origins.get((section, name)) or Origin("", (section, name))


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


def _nobodys(file: str) -> bool:  # noqa: ARG001
    return False


def load_environments(sources: Iterable[EnvironmentSource], files: Files,
                      own: Callable[[str], bool] = _nobodys) -> Environment:
    """Read and merge ``sources`` in order. Each is a path, or a map whose registry paths are absolute.

    In a file that is the operator's ``own`` a key that stands twice in one mapping is an error; in others the
    last wins, as in Heat, and ``files.warnings`` tells. TemplateError, with file and line, for an unknown
    section, a section that is no map, or a template that the registry names and that does not exist."""
    merged: dict[str, Any] = {}
    origins: dict[tuple[str, str], Origin] = {}
    read: list[tuple[str, Mapping[str, Any]]] = []
    for source in sources:
        if isinstance(source, Mapping):
            file, data = "", dict(source)
        else:
            file = os.path.abspath(source)  # noqa: PTH100 (symbolic links stay as the user wrote them)
            data = files.data(file, foreign=not own(file))
        try:
            data = _checked(data, file, files)
            merged = deep_update(merged, data)
        except Fault as fault:
            raise files.error(fault.message, file or "<environment>", fault.path, hint=fault.hint) from fault
        read.append((file, data))
        for section in ("parameters", "parameter_defaults"):
            for name in data.get(section) or {}:
                origins[section, name] = Origin(file, (section, name))
    registry = dict(merged.get("resource_registry") or {})
    resources = registry.pop("resources", None) or {}
    types = {name: target for name, target in registry.items() if isinstance(target, str)}
    return Environment(merged.get("parameters") or {}, merged.get("parameter_defaults") or {}, types, resources,
                       origins, tuple(read))


def _checked(data: Any, file: str, files: Files) -> dict[str, Any]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise Fault(f"an environment must be a map, not {kind(data)}",
                    f"its sections are {', '.join(SECTIONS)}")
    for section, body in data.items():
        if section not in SECTIONS:
            raise Fault(f"an environment has no section {section}{nearest(section, SECTIONS)}",
                        f"its sections are {', '.join(SECTIONS)}", (section,))
        if section in ("parameters", "parameter_defaults", "resource_registry") \
                and not isinstance(body, dict | None):
            raise Fault(f"{section} must be a map, not {kind(body)}", path=(section,))
    registry = data.get("resource_registry")
    if not registry:
        return data
    return {**data, "resource_registry": _Registry(file, files).read(registry, ("resource_registry",))}


class _Registry:
    """One file's registry with every template path made absolute."""

    def __init__(self, file: str, files: Files) -> None:
        self._files = files
        self._directory = os.path.dirname(file)  # noqa: PTH120

    def read(self, registry: Mapping[str, Any], path: KeyPath, base: str = "") -> dict[str, Any]:
        base = absolute(str(registry.get("base_url", base)), self._directory) if \
            registry.get("base_url", base) else self._directory
        found: dict[str, Any] = {}
        for name, target in registry.items():
            if name == "base_url" or name in INERT:
                continue
            if isinstance(target, dict):
                if len(path) == 1 and name != "resources":
                    raise Fault("must be a type or a template's path, not a map", path=(*path, name))
                found[name] = self.read(target, (*path, name), base)
            elif target is None:
                if len(path) > 1 or name == "resources":
                    continue
                raise Fault("must be a type or a template's path, not null",
                            "use OS::Heat::None for a resource that does nothing", (*path, name))
            else:
                found[name] = self._target(target, base, (*path, name))
        return found

    def _target(self, target: Any, base: str, path: KeyPath) -> str:
        if not isinstance(target, str):
            raise Fault(f"must be a type or a template's path, not {kind(target)}", path=path)
        if "::" in target:
            return target
        if "://" in target.removeprefix("file://"):
            raise Fault("only templates in local files are read", path=path)
        file = absolute(target, base)
        if not file.endswith(TEMPLATE_ENDINGS):
            raise Fault(f"{target} is neither a type (with ::) nor a .yaml or .template file", path=path)
        if not self._files.exists(file):
            raise Fault(f"the template {target} does not exist", "its path is relative to this file", path)
        return file


def check_known(names: Sequence[str] | set[str], section: str, environment: Environment, files: Files) -> None:
    """TemplateError for the first name in ``section`` that is not among ``names``."""
    values = environment.parameters if section == "parameters" else environment.parameter_defaults
    for name in values:
        if name not in names:
            origin = environment.origin(section, name)
            raise files.error(f"unknown parameter {name}{nearest(name, names)}", origin.file, origin.path,
                              hint="no template declares it")
