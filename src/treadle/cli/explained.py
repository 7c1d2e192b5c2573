"""Explanations as people and programs read them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from treadle.errors import Source, TreadleError

if TYPE_CHECKING:
    from treadle.heat.explain import Explanation

_LONGEST = 100
_NOWHERE = "(no file)"


def place_text(place: Source | None) -> str:
    """The place with its file relative to the working folder, where it is below it."""
    if place is None:
        return _NOWHERE
    near = os.path.relpath(place.file)
    return str(Source(place.file if near.startswith("..") else near, place.line, place.column))


def error_text(error: TreadleError) -> str:
    """``str(error)`` with its place as ``place_text`` has it."""
    text = str(error)
    return place_text(error.source) + text.removeprefix(str(error.source)) if error.source else text


def value_text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


class Printed:
    """One explanation as lines: a step a line, back from the value; where a value was made of several, each is
    indented and begins with ``from``; ``because`` leads to what decided. A value is shown where it changes."""

    def __init__(self, explanation: Explanation) -> None:
        self._seen: set[int] = set()
        self._rows = list(self._steps(explanation, 1, explanation.shown(), hidden=False))

    def lines(self) -> Iterator[str]:
        width = max(len("  " * indent + place) for indent, place, _ in self._rows)
        for indent, place, text in self._rows:
            yield ("  " * indent + place).ljust(width) + "  " + text

    def _steps(self, step: Explanation, indent: int, before: Any, *, hidden: bool) -> Iterator[tuple[int, str, str]]:
        shown = step.shown(below_hidden=hidden)
        text = step.what if shown is before or shown == before else f"{step.what} = {value_text(shown)}"
        again = id(step) in self._seen and bool(step.children or step.because)
        self._seen.add(id(step))
        yield indent, place_text(step.place), f"{text}, as above" if again else text
        if again:
            return
        hidden = hidden or step.hidden
        for reason in step.because:
            first, *rows = self._steps(reason, indent + 1, _NEVER, hidden=hidden)
            yield first[0], first[1], f"because {first[2]}"
            yield from rows
        if len(step.children) == 1:
            yield from self._steps(step.children[0], indent, shown, hidden=hidden)
            return
        for child in step.children:
            first, *rows = self._steps(child, indent + 1, _NEVER, hidden=hidden)
            yield first[0], first[1], f"from {first[2]}"
            yield from rows


_NEVER = object()


def document(step: Explanation, origins: Mapping[str, str], *, hidden: bool = False,
             seen: set[int] | None = None) -> dict[str, Any]:
    """An explanation as JSON has it. A step that was told before has ``repeated`` and nothing below."""
    seen = set() if seen is None else seen
    found: dict[str, Any] = {"value": step.shown(below_hidden=hidden), "what": step.what}
    if step.place is not None:
        found["place"] = place_document(step.place, origins)
    if id(step) in seen and (step.children or step.because):
        return {**found, "repeated": True}
    seen.add(id(step))
    hidden = hidden or step.hidden
    for name, below in (("because", step.because), ("children", step.children)):
        if below:
            found[name] = [document(part, origins, hidden=hidden, seen=seen) for part in below]
    return found


def place_document(place: Source, origins: Mapping[str, str]) -> dict[str, Any]:
    rendered = {"rendered_from": origins[place.file]} if place.file in origins else {}
    return {"file": place.file, "line": place.line, "column": place.column, **rendered}
