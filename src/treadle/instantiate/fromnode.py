"""What a container takes over from its node when it is made: variables, env_files, profiles, CPUs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from treadle.errors import EngineError
from treadle.paths import NodePaths
from treadle.plan.containers import Container


@dataclass(frozen=True)
class FromNode:
    """``environment`` is what names without a value inherit from; ``env_files`` what the entry's files set; ``cpus``
    the CPUs for use, '' for all; ``profiles`` the text of each ``seccomp=PATH``."""

    environment: Mapping[str, str] = field(default_factory=dict)
    env_files: Mapping[str, str] = field(default_factory=dict)
    cpus: str = ""
    profiles: Mapping[str, str] = field(default_factory=dict)

    def passed_on(self, given: Mapping[str, str | None]) -> dict[str, str]:
        """``given`` with the node's values for those without one; left out where the node has none either."""
        return {name: self.environment[name] if value is None else value for name, value in given.items()
                if value is not None or name in self.environment}


def from_node(container: Container, paths: NodePaths, where: str = "") -> FromNode:
    """Reads the node. ``where`` is the container's key path. Raises EngineError for a file that is not there."""
    values: dict[str, str] = {}
    for file in env_files(container):
        values.update(env_file_values(_read(paths, file, f"{where}.env_file"), os.environ, f"{where}.env_file"))
    profiles = {text: _read(paths, file, f"{where}.security_opt") for text, file in seccomp_files(container).items()}
    return FromNode(os.environ, values, usable_cpus(Path("/proc/cmdline").read_text()), profiles)


def env_files(container: Container) -> list[str]:
    """Paths as the template gives them."""
    given = container.env_file
    return [name for name in ([given] if isinstance(given, str) else given) if name]


def seccomp_files(container: Container) -> dict[str, str]:
    """``{option: path}`` of the seccomp profiles that are files."""
    given = container.security_opt
    found = {}
    for text in [given] if isinstance(given, str) else given:
        for head in ("seccomp=", "seccomp:"):
            if text.startswith(f"{head}/"):
                found[text] = text.removeprefix(head)
    return found


def _read(paths: NodePaths, name: str, where: str) -> str:
    path = Path(paths.rebase(name))
    if not path.is_file():
        raise EngineError(f"the host has no {path}", key=where, hint="let host_prep_tasks make it, or correct the "
                                                                     "template")
    return path.read_text()


def env_file_values(text: str, environment: Mapping[str, str], where: str = "") -> dict[str, str]:
    """Of an env_file: ``NAME=value`` lines; a bare NAME inherits; blank lines and those with # in front are passed
    over (docker run --env-file). Values keep blanks at their end, and quotes."""
    values: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        name, equals, value = line.lstrip().partition("=")
        if not line.strip() or name.startswith("#"):
            continue
        if not name or name != name.strip() or " " in name:
            raise EngineError(f"line {number} has no variable's name before the =", key=where,
                              hint="expected NAME=value")
        if equals or name in environment:
            values[name] = value if equals else environment[name]
    return values


def usable_cpus(kernel: str) -> str:
    """The CPUs that containers may run on where the ``kernel``'s command line isolates some from everybody else
    ('' otherwise). Source: tripleo bug 1868135: the engine would give a container isolated ones too."""
    if "isolcpus" not in kernel:
        return ""
    return ",".join(map(str, sorted(os.sched_getaffinity(0))))
