"""TripleO's plan environment (``plan-environment.yaml``): the environments of a plan, and values of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treadle.errors import nearest
from treadle.heat.environment.merge import deep_update
from treadle.heat.environment.sources import EnvironmentSource, Inline, Listed, Origin
from treadle.heat.faults import Fault, brief, kind
from treadle.heat.files import Files, KeyPath, absolute

#: Sections whose values are parameter_defaults, from the weakest on (tripleo-common's order).
_VALUES = ("passwords", "derived_parameters", "parameter_defaults")
KEYS = ("version", "name", "description", "template", "environments", "resource_registry", *_VALUES,
        "workflow_parameters")
TEMPLATE = "overcloud.yaml"


def load_plan_environment(path: str | Path, templates: str | Path, files: Files) -> list[EnvironmentSource]:
    """The environments of the plan environment at ``path``, in the order in which they merge: the listed ones, then
    its own values (parameter_defaults over derived_parameters over passwords), then its registry. Paths in it are
    relative to the folder ``templates``. TemplateError with file and line for anything wrong in it;
    ``files.warnings`` tells of workflow_parameters, which nothing reads."""
    return _Plan(os.path.abspath(path), os.path.abspath(templates), files).read()  # noqa: PTH100


class _Plan:
    def __init__(self, file: str, templates: str, files: Files) -> None:
        self._file = file
        self._templates = templates
        self._files = files

    def read(self) -> list[EnvironmentSource]:
        data = self._files.data(self._file)
        try:
            self._check(data)
            sources = [self._listed(entry, ("environments", index))
                       for index, entry in enumerate(data.get("environments") or [])]
            values, places = self._values(data)
        except Fault as fault:
            raise self._files.error(fault.message, self._file, fault.path, hint=fault.hint) from fault
        if values:
            sources.append(self._inline({"parameter_defaults": values}, (), places))
        if data.get("resource_registry"):
            sources.append(self._inline({"resource_registry": data["resource_registry"]}, ()))
        if data.get("workflow_parameters"):
            warning = self._files.error("no workflow is run, so these parameters derive nothing", self._file,
                                        ("workflow_parameters",), hint="set what they would derive in an environment")
            self._files.warnings[str(warning)] = warning
        return sources

    def _check(self, data: Any) -> None:
        if not isinstance(data, dict):
            raise Fault(f"a plan environment must be a map, not {kind(data)}", f"its keys are {', '.join(KEYS)}")
        for key, value in data.items():
            if key not in KEYS:
                raise Fault(f"a plan environment has no {key}{nearest(key, KEYS)}",
                            f"its keys are {', '.join(KEYS)}", (key,))
            if key in (*_VALUES, "resource_registry", "workflow_parameters") and not isinstance(value, dict | None):
                raise Fault(f"must be a map, not {kind(value)}", path=(key,))
        if str(data.get("version", "1.0")) not in ("1", "1.0"):
            raise Fault(f"{brief(data['version'])} is not a version that is read", "use 1.0", ("version",))
        if data.get("template") not in (None, TEMPLATE):
            raise Fault(f"the root template is {TEMPLATE}, not {brief(data['template'])}",
                        "give the folder of another cloud's templates with --templates", ("template",))
        if not isinstance(data.get("environments"), list | None):
            raise Fault(f"must be a list, not {kind(data['environments'])}", path=("environments",))

    def _listed(self, entry: Any, path: KeyPath) -> EnvironmentSource:
        if not isinstance(entry, dict) or len(entry) != 1 or next(iter(entry)) not in ("path", "data"):
            raise Fault("an environment is a map with either path or data", "- path: environments/docker.yaml", path)
        if "data" in entry:
            return self._inline(entry["data"], (*path, "data"))
        if not isinstance(entry["path"], str) or not entry["path"]:
            raise Fault(f"must be a path, not {kind(entry['path'])}", path=(*path, "path"))
        return Listed(absolute(entry["path"], self._templates), Origin(self._file, (*path, "path")),
                      "paths are relative to the folder of the templates")

    def _inline(self, data: Any, path: KeyPath, places: Mapping[KeyPath, KeyPath] | None = None) -> Inline:
        return Inline(data, Origin(self._file, path), self._templates, places or {})

    def _values(self, data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[KeyPath, KeyPath]]:
        """parameter_defaults of all value sections, and where in the file each of them stands."""
        merged: dict[str, Any] = {}
        places: dict[KeyPath, KeyPath] = {}
        for section in _VALUES:
            values = data.get(section) or {}
            try:
                merged = deep_update(merged, values) if section == "parameter_defaults" else {**merged, **values}
            except Fault as fault:
                raise Fault(fault.message, fault.hint, (section, *fault.path)) from fault
            places.update({("parameter_defaults", name): (section, name) for name in values})
        return merged, places
