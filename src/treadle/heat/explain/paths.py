"""Paths into values: as the user types them, as messages show them, and step by step."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from treadle.errors import nearest
from treadle.heat.faults import Fault, kind
from treadle.heat.files import KeyPath

_BARE = re.compile(r"[A-Za-z_][\w-]*")
_INDEX = re.compile(r"\[?(\d+)\]?(?=[.\[]|$)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


def path_text(path: Sequence[str | int]) -> str:
    """``("o", "a::b", 0)`` as ``o."a::b"[0]``: the form that ``resolve`` reads."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += "." * bool(text) + (part if _BARE.fullmatch(part) else json.dumps(part, ensure_ascii=False))
    return text


def shown_path(parts: Sequence[Any]) -> str:
    """``path_text`` of what a template's author wrote as a path, whatever it is."""
    return path_text([part if isinstance(part, int) else str(part) for part in parts])


def has(value: Any, path: Sequence[str | int]) -> bool:
    return reach(value, path) == len(path)


def reach(value: Any, path: Sequence[str | int]) -> int:
    """How many parts of ``path`` lead somewhere."""
    for count, part in enumerate(path):
        known = part in value if isinstance(value, dict) else \
            isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value)
        if not known:
            return count
        value = value[part]
    return len(path)


def at(value: Any, path: Sequence[str | int]) -> Any:
    """What stands at ``path``, which must be there."""
    for part in path:
        value = value[part]
    return value


def same(first: Any, second: Any) -> bool:
    """Equal and of one type: 1 is neither true nor "1"."""
    return type(first) is type(second) and bool(first == second)


def leaves(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Paths of all scalars, empty maps and empty lists below ``value``."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


def resolve(value: Any, text: str, path: KeyPath = ()) -> KeyPath:
    """The path that ``text`` names in ``value``. Keys are separated by dots; one with a dot in it needs quotes
    only where it could be read in two ways. Indices are ``[0]`` or ``.0``. Fault, with the nearest key and the
    path that does exist, when there is no such path."""
    if not text:
        return path
    text = text.removeprefix(".") if path else text
    if isinstance(value, list):
        found = _INDEX.match(text)
        if found and int(found.group(1)) < len(value):
            index = int(found.group(1))
            return resolve(value[index], text[found.end():], (*path, index))
        raise Fault(f"there is no {text} in {path_text(path)}",
                    f"it is a list of {len(value)}; its first element is [0]" if value else "the list is empty", path)
    if not isinstance(value, dict):
        raise Fault(f"there is no {text} in {path_text(path)}", f"it is {kind(value)}, with nothing below it",
                    path)
    deepest: Fault | None = None
    for key, rest in _candidates(value, text):
        try:
            return resolve(value[key], rest, (*path, key))
        except Fault as fault:
            deepest = fault if deepest is None or len(fault.path) >= len(deepest.path) else deepest
    if deepest is not None:
        raise deepest
    wanted = _first_key(text)
    known = ", ".join(path_text([key]) for key in value) if 0 < len(value) <= 20 else ""
    raise Fault(f"there is no {wanted} in {path_text(path) or 'the outputs'}{nearest(wanted, value)}",
                f"known are {known}" if known else "", path)


def _candidates(value: dict[str, Any], text: str) -> Iterator[tuple[str, str]]:
    """(key, the text behind it), the shortest key first: so what ``path_text`` wrote is read as it was meant."""
    quoted = _QUOTED.match(text)
    if quoted:
        key = _unquoted(quoted.group())
        if key in value:
            yield key, text[quoted.end():]
    for key in sorted(value, key=len):
        if text == key or (key and text.startswith(key) and text[len(key)] in ".["):
            yield key, text[len(key):]


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1]


def _first_key(text: str) -> str:
    quoted = _QUOTED.match(text)
    return _unquoted(quoted.group()) if quoted else re.split(r"[.\[]", text, maxsplit=1)[0] or text
