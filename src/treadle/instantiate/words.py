"""Says in words how two configurations differ: ``keystone.conf [token] expiration 3600 → 7200``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from treadle.generate.tree import ConfigTree, File
from treadle.propagate import Delta
from treadle.secrets import MARK

Mask = Callable[[str], str]
_OPTION = re.compile(r"^([A-Za-z0-9_][^=\[\]#;]*?)\s*=\s*(.*)$")
_FLAG = re.compile(r"^([a-z][\w-]*|!include(dir)? \S+)$")
_SHOWN = 12
_MARK = MARK.decode()


def tree_deltas(old: ConfigTree, new: ConfigTree, mask: Mask) -> list[Delta]:
    """Every difference, sorted by path, secrets masked."""
    files = [path for path, entry in new.files.items() if entry.type != "dir"]
    if not old.files and files:
        return [Delta(f"new, {len(files)} {'file' if len(files) == 1 else 'files'}")]
    found: list[Delta] = []
    for path in sorted(old.files.keys() | new.files.keys()):
        before, after = old.files.get(path), new.files.get(path)
        folder_only = (before is None or after is None) and (before or after or new.files[path]).type == "dir"
        if before != after and not folder_only:
            found += file_deltas(path, before, after, mask)
    return found


def shown(lines: Sequence[str]) -> list[str]:
    """A long list ends with how many more there are."""
    return [*lines[:_SHOWN], f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else list(lines)


def file_deltas(path: str, old: File | None, new: File | None, mask: Mask) -> list[Delta]:
    """How one file differs: option by option where it differs in nothing else and is as it was otherwise."""
    if old and new and old.content != new.content and b"\0" not in old.content + new.content:
        changed = _option_deltas(path, _text(old), _text(new), mask)
        if changed:
            return changed + [Delta(word, path) for word in _fact_words(path, old, new)]
    return [Delta(word, path, gone=new is None) for word in _file_words(path, old, new, mask)]


def _text(file: File) -> str:
    return file.content.decode("utf-8", "replace")


def _fact_words(path: str, old: File, new: File) -> list[str]:
    facts = [("type", old.type, new.type), ("mode", f"{old.mode:04o}", f"{new.mode:04o}"),
             ("owner", f"{old.uid}:{old.gid}", f"{new.uid}:{new.gid}")]
    return [f"{path} {what} {a} → {b}" for what, a, b in facts if a != b]


def _file_words(path: str, old: File | None, new: File | None, mask: Mask) -> list[str]:
    if old is None or new is None:
        kind = (old or new or File("file", 0, 0, 0)).type
        thing = "" if kind == "file" else f" ({'directory' if kind == 'dir' else 'link'})"
        return [f"{path}{thing} {'added' if old is None else 'removed'}"]
    facts = _fact_words(path, old, new)
    if old.content == new.content:
        return facts
    if b"\0" in old.content + new.content:
        return [f"{path} changed (binary)", *facts]
    return [*_line_words(path, _text(old), _text(new), mask), *facts]


def _option_deltas(path: str, old: str, new: str, mask: Mask) -> list[Delta]:
    """Changed options of an INI file; empty where the files differ in anything else."""
    before, after = options(old), options(new)
    if before is None or after is None:
        return []
    found = []
    for section, option in sorted(before.keys() | after.keys()):
        a, b = before.get((section, option)), after.get((section, option))
        if a != b:
            found.append(Delta(f"{mask(place(path, section, option))} {change(a, b, mask)}", path, section, option))
    return found


def place(path: str, section: str, option: str) -> str:
    """``keystone.conf [token] expiration``."""
    return f"{PurePosixPath(path).name} [{section}] {option}" if section else f"{PurePosixPath(path).name} {option}"


def change(old: str | None, new: str | None, mask: Mask) -> str:
    """``old → new`` with secrets masked; a secret that changed shows that it did, not what it is: what stands beside
    a secret may be one that a hand wrote, which nobody knows to mask."""
    a, b = ("(unset)" if value is None else mask(value) for value in (old, new))
    if _MARK in a + b and a != b:
        a, b = (value if _MARK in value or value == "(unset)" else "(hidden)" for value in (a, b))
    return f"{a} → (changed)" if a == b else f"{a} → {b}"


def options(text: str) -> dict[tuple[str, str], str] | None:
    """``{(section, option): value}`` (repeated options joined), None for a text that is no INI file."""
    section, found = "", dict[tuple[str, str], str]()
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        option = _OPTION.match(line)
        if option is None and not (section and _FLAG.match(line)):  # my.cnf has options without a value
            return None
        name, value = option.groups() if option else (line, "")
        key = (section, name)
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _line_words(path: str, old: str, new: str, mask: Mask) -> list[str]:
    """The changed lines themselves where they are few, else their number."""
    found = difflib.unified_diff(mask(old).splitlines(), mask(new).splitlines(), n=0, lineterm="")
    lines = [line for line in list(found)[2:] if line[0] in "+-"]  # behind the two lines that name the files
    if not lines:
        return [f"{path} changed ({'line ends' if old.splitlines() == new.splitlines() else 'a secret'})"]
    marked = sum(_MARK in line for line in lines)
    if len(lines) <= 4 and marked in (0, len(lines)):
        return [f"{path}: {line[0]} {line[1:].strip()}" for line in lines]
    return [f"{path}: {len(lines)} lines changed"]


def spec_words(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """How two container specifications differ, key by key; lists item by item."""
    lines = []
    for key in sorted(old.keys() | new.keys()):
        a, b = old.get(key), new.get(key)
        if a == b:
            continue
        if isinstance(a, list) and isinstance(b, list) and key != "command":
            lines += [f"{key} + {item}" for item in b if item not in a]
            lines += [f"{key} - {item}" for item in a if item not in b]
            if sorted(map(str, a)) == sorted(map(str, b)):
                lines.append(f"{key} in another order")
        else:
            lines.append(f"{key} {'(unset)' if a is None else a} → {'(unset)' if b is None else b}")
    return lines
