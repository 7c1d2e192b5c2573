"""Unified diffs, each identical one once with the nodes that it is for."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_CONTEXT = 3


@dataclass(frozen=True)
class Patch:
    """How the text of one file differs, hunk by hunk; ``note`` is all that is said where it is no text."""

    title: str
    lines: tuple[str, ...]
    nodes: tuple[str, ...] = ()
    note: str = ""


def hunks(old: bytes, new: bytes) -> tuple[str, ...]:
    """The hunks of a unified diff with three lines of context. What both begin and end with is found by comparing
    lines, so that a large file with a small change costs little."""
    a, b = (text.decode("utf-8", "backslashreplace").splitlines() for text in (old, new))
    head = _alike(a, b)
    first = max(0, head - _CONTEXT)
    last = max(0, _alike(a[head:][::-1], b[head:][::-1]) - _CONTEXT)
    found = difflib.unified_diff(a[first:len(a) - last], b[first:len(b) - last], n=_CONTEXT, lineterm="")
    lines = tuple(_moved(line, first) if line.startswith("@@") else line for line in list(found)[2:])
    return lines or (("(line ends alone differ)",) if old != new else ())


def _alike(a: Sequence[str], b: Sequence[str]) -> int:
    """How many lines the two begin with alike."""
    return next((number for number, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _moved(head: str, by: int) -> str:
    """``@@ -1,4 +1,4 @@`` with its line numbers put ``by`` further."""
    def part(text: str) -> str:
        start, comma, length = text[1:].partition(",")
        return f"{text[0]}{int(start) + by}{comma}{length}"

    _, old, new, _ = head.split(" ")
    return f"@@ {part(old)} {part(new)} @@"


def binary(*contents: bytes) -> bool:
    return any(b"\0" in content for content in contents)


def joined(found: Iterator[tuple[str, tuple[str, ...], tuple[str, ...], str]]) -> list[Patch]:
    """(title, lines, nodes, note): those with the same title and lines become one."""
    grouped: dict[tuple[str, tuple[str, ...], str], dict[str, None]] = {}
    for title, lines, nodes, note in found:
        grouped.setdefault((title, lines, note), {}).update(dict.fromkeys(nodes))
    return [Patch(title, lines, tuple(nodes), note) for (title, lines, note), nodes in grouped.items()]
