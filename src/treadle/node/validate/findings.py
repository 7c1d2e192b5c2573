"""What checkers say, as findings with a place in the generated files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from treadle.generate import ConfigTree
from treadle.paths import NodePaths
from treadle.plan.checks import Check
from treadle.plan.containers import Container
from treadle.plan.mounts import parse_mount
from treadle.plan.nodeplan import NodePlan

KOLLA = "/var/lib/kolla/config_files/config.json"
_TAIL = 5


@dataclass(frozen=True)
class Finding:
    """Something wrong with what was generated. ``file`` is ``VOLUME/path``, or the path in the container of a file that
    was not generated; ``line`` counts from 1, 0 is unknown. ``section`` and ``option`` are '' where none is meant."""

    node: str
    service: str
    container: str
    level: Literal["error", "warning"]
    file: str
    line: int
    section: str
    option: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file or self.container
        named = " ".join(part for part in (self.section and f"[{self.section}]", self.option) if part)
        return f"{place} {named}: {self.message}" if named else f"{place}: {self.message}"


class Said(msgspec.Struct, frozen=True):
    """The same as a checker says it: ``file`` is a path in the container."""

    level: Literal["error", "warning"]
    message: str
    file: str = ""
    line: int = 0
    section: str = ""
    option: str = ""


def said_by(check: Check, code: int, output: str) -> list[Said]:
    """What a command's ``output`` means. One that fails without a word about a place is a finding by itself."""
    found, ignored = list[Said](), False
    for match in re.finditer(check.output, output, re.MULTILINE) if check.output else ():
        if check.ignore and re.search(check.ignore, match.group()):
            ignored = True
            continue
        parts = {name: (text or "").strip() for name, text in match.groupdict().items()}
        harmless = code == 0 or parts.get("level", "").lower().startswith("warn")
        option = parts.get("option", "")
        found.append(Said("warning" if harmless else "error", " ".join(parts["message"].split()),
                          parts.get("file", "") or check.file, int(parts.get("line") or 0),
                          parts.get("section", "") or (check.section if option else ""), option))
    if code and not ignored and not any(said.level == "error" for said in found):
        lines = [line for line in output.strip().splitlines() if line.strip()][-_TAIL:]
        found.append(Said("error", "\n".join([f"the check ended with {code}", *lines]), check.file))
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Origins:
    """Where the files that a container sees were generated."""

    plan: NodePlan
    container: Container
    trees: Mapping[str, ConfigTree]

    def of(self, path: str) -> tuple[str, str] | None:
        """(config volume, path in it) of a file in the container; None for one that was not generated."""
        for place in (*self._copied_from(path), path):
            for mount in map(parse_mount, self.container.volumes):
                rest = _below(place, mount.destination)
                inner = None if rest is None else _below(f"{mount.source.rstrip('/')}{rest}", str(self._volumes))
                if inner:
                    volume, _, name = inner.lstrip("/").partition("/")
                    if volume in self.trees and name in self.trees[volume].files:
                        return volume, name
        return None

    def kolla(self) -> dict[str, object]:
        """The kolla_config document that the container starts with; empty where it has none."""
        for mount in map(parse_mount, self.container.volumes):
            if mount.destination.rstrip("/") == KOLLA:
                return dict(self.plan.kolla_config.get(mount.source, {}))
        return {}

    def place(self, said: Said) -> tuple[str, int]:
        """(``VOLUME/path``, line) of what a checker said: an option's line is looked up in the file."""
        origin = self.of(said.file) if said.file else None
        if origin is None:
            return said.file, said.line
        volume, name = origin
        content = self.trees[volume].files[name].content.decode("utf-8", "replace")
        line = said.line or (line_of(content, said.section, said.option) if said.option else 0)
        return f"{volume}/{name}", line

    @property
    def _volumes(self) -> object:
        return NodePaths(self.plan.stack).volumes

    def _copied_from(self, path: str) -> list[str]:
        """Where Kolla copies ``path`` from; of several entries the last one wins."""
        found = []
        entries = self.kolla().get("config_files", ())
        for entry in reversed(entries if isinstance(entries, list | tuple) else []):
            source, dest = str(entry.get("source", "")), str(entry.get("dest", ""))
            if source.endswith("/*"):
                rest = _below(path, dest)
                if rest:
                    found.append(f"{source[:-2]}{rest}")
            elif path == (f"{dest}{source.rpartition('/')[2]}" if dest.endswith("/") else dest):
                found.append(source)
        return found


def _below(path: str, folder: str) -> str | None:
    """``/rest`` of ``folder/rest``, '' for ``folder`` itself, None for what is elsewhere."""
    folder = folder.rstrip("/")
    return path[len(folder):] if path == folder or path.startswith(f"{folder}/") else None


def line_of(content: str, section: str, option: str) -> int:
    """The line of an option in a file of ``[section]`` and ``option = value`` lines: the last one, which is in force.

    In any section where ``section`` has none; 0 where there is none. Dashes and underscores are the same.
    """
    found, elsewhere, now = 0, 0, ""
    for number, raw in enumerate(content.splitlines(), 1):
        line = raw.strip()
        if line.startswith("[") and "]" in line:
            now = line[1:line.index("]")]
        elif line and line[0] not in "#;" and _same(re.split("[=:]", line, maxsplit=1)[0], option):
            elsewhere = number
            found = number if now == section else found
    return found or elsewhere


def _same(written: str, option: str) -> bool:
    return written.strip().replace("-", "_") == option.replace("-", "_")
