"""One environment: its sections checked, the templates of its registry by absolute path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from treadle.errors import nearest
from treadle.heat.environment.merge import STRATEGIES
from treadle.heat.faults import Fault, brief, kind
from treadle.heat.files import Files, KeyPath, absolute
from treadle.heat.registry import INERT, TEMPLATE_ENDINGS

VALUES = ("parameters", "parameter_defaults")
SECTIONS = (*VALUES, "resource_registry", "event_sinks", "encrypted_param_names", "parameter_merge_strategies")
_HOOKS = tuple(f"{when}-{what}" for what in ("create", "update", "delete") for when in ("pre", "post"))
_KNOWN = {"hooks": _HOOKS, "restricted_actions": ("update", "replace")}
#: What an event sink takes; Heat has this one kind.
_SINK, _SINK_KEYS = "zaqar-queue", ("type", "target", "ttl")


def check_environment(data: Any, directory: str, files: Files) -> dict[str, Any]:
    """``data`` with absolute paths in its registry, which were relative to ``directory``. A section that is null is
    as one that is absent. Fault for anything that Heat or its client would refuse."""
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise Fault(f"an environment must be a map, not {kind(data)}", f"its sections are {', '.join(SECTIONS)}")
    for section, body in data.items():
        if section not in SECTIONS:
            raise Fault(f"an environment has no section {section}{nearest(section, SECTIONS)}",
                        f"its sections are {', '.join(SECTIONS)}", (section,))
        wanted: type[Any] = list if section in ("event_sinks", "encrypted_param_names") else Mapping
        if body is not None and not isinstance(body, wanted):
            raise Fault(f"{section} must be {'a list' if wanted is list else 'a map'}, not {kind(body)}",
                        path=(section,))
    _check_strategies(data.get("parameter_merge_strategies") or {})
    for index, sink in enumerate(data.get("event_sinks") or []):
        _check_sink(sink, ("event_sinks", index))
    for index, name in enumerate(data.get("encrypted_param_names") or []):
        if not isinstance(name, str):
            raise Fault(f"must be a parameter's name, not {kind(name)}", path=("encrypted_param_names", index))
    found = {section: body for section, body in data.items() if body is not None}
    if found.get("resource_registry"):
        registry = _Registry(directory, files)
        found["resource_registry"] = registry.read(found["resource_registry"], ("resource_registry",), directory)
    return found


def _check_strategies(strategies: Mapping[str, Any]) -> None:
    for name, strategy in strategies.items():
        if strategy not in STRATEGIES:
            raise Fault(f"{brief(strategy)} is not a merge strategy{nearest(str(strategy), STRATEGIES)}",
                        f"use one of {', '.join(STRATEGIES)}", ("parameter_merge_strategies", name))


def _check_sink(sink: Any, path: KeyPath) -> None:
    if not isinstance(sink, Mapping):
        raise Fault(f"an event sink must be a map, not {kind(sink)}", path=path)
    if sink.get("type") != _SINK:
        raise Fault(f"an event sink has the type {_SINK}, not {brief(sink.get('type'))}",
                    path=(*path, "type") if "type" in sink else path)
    for key in sink:
        if key not in _SINK_KEYS:
            raise Fault(f"an event sink has no {key}{nearest(key, _SINK_KEYS)}", path=(*path, key))
    if not isinstance(sink.get("target"), str):
        raise Fault("an event sink needs a target, the name of a queue", path=path)


class _Registry:
    """One file's registry with every template path made absolute."""

    def __init__(self, directory: str, files: Files) -> None:
        self._directory = directory
        self._files = files

    def read(self, registry: Mapping[str, Any], path: KeyPath, base: str) -> dict[str, Any]:
        """``path`` is that of the registry itself, of its ``resources``, or of a resource below them."""
        if registry.get("base_url") is not None:
            if not isinstance(registry["base_url"], str):
                raise Fault(f"must be a folder, not {kind(registry['base_url'])}", path=(*path, "base_url"))
            base = absolute(registry["base_url"], self._directory)
        found: dict[str, Any] = {}
        for name, target in registry.items():
            if name == "base_url":
                continue
            if name in INERT:
                _check_inert(name, target, (*path, name))
            elif len(path) == 2 or (len(path) == 1 and name == "resources"):
                if target is not None and not isinstance(target, Mapping):
                    raise Fault(f"{name} must be a map, not {kind(target)}",
                                "resources: {RESOURCE: {TYPE: TYPE OR TEMPLATE}}", (*path, name))
                found[name] = self.read(target or {}, (*path, name), base)
            elif isinstance(target, Mapping) and len(path) > 1:
                found[name] = self.read(target, (*path, name), base)
            else:
                found[name] = self._target(target, base, (*path, name))
        return found

    def _target(self, target: Any, base: str, path: KeyPath) -> str:
        if not isinstance(target, str):
            raise Fault(f"must be a type or a template's path, not {kind(target)}",
                        "use OS::Heat::None for a resource that does nothing" if target is None else "", path)
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


def _check_inert(name: str, given: Any, path: KeyPath) -> None:
    """Hooks and restricted actions stop an update of Heat's own stack; here they say nothing, but are checked."""
    known = _KNOWN[name]
    for item in given if isinstance(given, list) else [given]:
        if item not in known:
            raise Fault(f"{brief(item)} is none of {name}{nearest(str(item), known)}",
                        f"use one of {', '.join(known)}, or a list of them", path)
