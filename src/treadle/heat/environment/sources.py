"""Where environments come from: files, data inside other files, folders of files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treadle.errors import InputError
from treadle.heat.files import KeyPath


@dataclass(frozen=True)
class Origin:
    """Where a value was set: a file (empty when it was handed in by a program) and the path in it."""

    file: str
    path: KeyPath

    def __str__(self) -> str:
        return self.file


@dataclass(frozen=True)
class Listed:
    """An environment file, by absolute path, that another file names at ``origin``. ``hint`` is for the error when
    it does not exist."""

    file: str
    origin: Origin
    hint: str = ""


@dataclass(frozen=True)
class Inline:
    """An environment that stands inside another file at ``origin``; ``places`` gives other paths in that file for
    some of its sections. Paths in it are relative to ``directory``."""

    data: Any
    origin: Origin
    directory: str
    places: Mapping[KeyPath, KeyPath] = field(default_factory=dict)

    def place(self, path: KeyPath) -> KeyPath:
        """The path in the file of what stands at ``path`` in the environment."""
        base = self.places.get(path[:2])
        return (*base, *path[2:]) if base else (*self.origin.path, *path)


#: A path, a map whose registry paths are absolute, or one of the above.
EnvironmentSource = str | Path | Mapping[str, Any] | Listed | Inline


def file_of(source: EnvironmentSource) -> str:
    """The absolute path of the file that ``source`` is read from; empty for a map."""
    if isinstance(source, Listed):
        return source.file
    if isinstance(source, Inline):
        return source.origin.file
    return "" if isinstance(source, Mapping) else os.path.abspath(source)  # noqa: PTH100


def environments_in(folder: str | Path) -> list[str]:
    """The environment files of a folder, ``*.yaml`` and ``*.yml``, in the order of their names; its folders and
    hidden files are left out. InputError when there is no such folder."""
    root = Path(os.path.abspath(folder))  # noqa: PTH100 (symbolic links stay as the user wrote them)
    try:
        found = sorted(root.iterdir())
    except OSError as error:
        raise InputError(f"{folder} is no folder that can be read: {error.strerror}",
                         key="--environment-directory") from None
    return [str(path) for path in found
            if path.suffix in (".yaml", ".yml") and not path.name.startswith(".") and path.is_file()]
