"""An answers file: templates and environments of a deploy, to be named once and not on every command line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treadle.errors import nearest
from treadle.heat.environment.sources import Listed, Origin
from treadle.heat.faults import Fault, kind
from treadle.heat.files import Files, absolute

KEYS = ("templates", "environments", "roles", "networks")


@dataclass(frozen=True)
class Answers:
    """Absolute paths; empty where the file says nothing."""

    templates: str = ""
    environments: tuple[Listed, ...] = ()
    roles: str = ""
    networks: str = ""


def load_answers(path: str | Path, files: Files) -> Answers:
    """Read the answers file at ``path``. Paths in it are relative to it, and ``~`` is the user's home. TemplateError
    with file and line for an unknown key and for what is no path."""
    file = os.path.abspath(path)  # noqa: PTH100 (symbolic links stay as the user wrote them)
    data = files.data(file)
    try:
        if not isinstance(data, dict):
            raise Fault(f"an answers file must be a map, not {kind(data)}", f"its keys are {', '.join(KEYS)}")
        for key in data:
            if key not in KEYS:
                raise Fault(f"an answers file has no {key}{nearest(key, KEYS)}", f"its keys are {', '.join(KEYS)}",
                            (key,))
        listed = data.get("environments")
        if not isinstance(listed, list | None):
            raise Fault(f"must be a list of files, not {kind(listed)}", path=("environments",))
        environments = tuple(Listed(_path(item, file, "environments", index), Origin(file, ("environments", index)),
                                    "paths are relative to the answers file")
                             for index, item in enumerate(listed or []))
        named = {key: _path(value, file, key) for key, value in data.items()
                 if key != "environments" and value is not None}
    except Fault as fault:
        raise files.error(fault.message, file, fault.path, hint=fault.hint) from fault
    return Answers(environments=environments, **named)


def _path(value: Any, file: str, *key: str | int) -> str:
    if not isinstance(value, str) or not value:
        raise Fault(f"must be a path, not {kind(value) if value else 'empty'}", path=key)
    return absolute(os.path.expanduser(value), os.path.dirname(file))  # noqa: PTH111, PTH120
