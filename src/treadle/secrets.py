"""Secrets and the marks that stand for them.

In history, events, diffs and logs a secret stands as ``@secret:NAME@``; where a file holds it in another
encoding the mark says which: ``@secret:NAME:url@``. Masking and restoring are inverse to each other for
every byte string, so that a generation can be propagated from git to the exact bytes Puppet wrote.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

MARK = b"@secret:"
_LITERAL = b"@secret:=@"  # stands for the mark's own opening where a file happens to hold it
_MARKED = re.compile(rb"@secret:(=|[A-Za-z0-9_./\[\]-]+)(?::([a-z0-9]+))?@")
#: A shorter value cannot be told from ordinary text ("admin", "80"), so it is not masked.
SHORTEST = 6


def _base64_cores(value: bytes) -> dict[str, bytes]:
    """What base64 text must contain where ``value`` stands at byte offset 0, 1 or 2 of a longer string."""
    cores: dict[str, bytes] = {}
    for offset in range(3):
        text = base64.b64encode(b"\0" * offset + value)
        core = text[math.ceil(offset * 8 / 6): (offset + len(value)) * 8 // 6]
        if len(core) >= SHORTEST:
            cores[f"base64x{offset}"] = core
    return cores


def _encodings(value: bytes) -> dict[str, bytes]:
    """Each form of a secret, by the name that its mark carries; the plain one is named ''."""
    text = value.decode("utf-8", "surrogateescape")
    forms = {"": value}
    if text.isprintable():
        forms["url"] = quote(text, safe="", errors="surrogateescape").encode()
        forms["urlpath"] = quote(text, errors="surrogateescape").encode()
    forms["json"] = json.dumps(text)[1:-1].encode()
    forms["base64"] = base64.b64encode(value)
    forms.update(_base64_cores(value))
    forms.update(_lines(text))
    seen: set[bytes] = set()
    return {name: form for name, form in forms.items() if not (form in seen or seen.add(form))}  # type: ignore[func-returns-value]


def _lines(text: str) -> dict[str, bytes]:
    """The lines of a secret of several, such as a key in PEM: YAML indents each of them. Its frame is no secret."""
    lines = text.splitlines()
    if len(lines) < 2:
        return {}
    return {f"line{number}": line.encode("utf-8", "surrogateescape") for number, line in enumerate(lines)
            if len(line) >= SHORTEST and not line.startswith("-----")}


class Secrets:
    """Named secrets: ``{NAME: value}``; values shorter than ``SHORTEST`` bytes are left alone.

    ``former`` are values that names had before: masked under the same names, never restored.
    """

    def __init__(self, values: Mapping[str, str] | None = None, former: Mapping[str, str] | None = None) -> None:
        self.values = dict(values or {})
        self._by_mark: dict[bytes, bytes] = {_LITERAL: MARK}
        self._by_form: dict[bytes, bytes] = {MARK: _LITERAL}
        for mark, form in _marks(self.values):
            self._by_mark[mark] = form
            self._by_form.setdefault(form, mark)
        for mark, form in _marks(former or {}):
            self._by_form.setdefault(form, mark)
        self._pattern = _longest_first(self._by_form)
        self._patterns: dict[tuple[bytes, ...], re.Pattern[bytes]] = {}
        # For people a mark is its own mark: text may be masked on its way more than once.
        self._shown = {**self._by_form, **{mark: mark for mark in self._by_form.values()}, MARK: MARK}
        self._shown_pattern = _longest_first(self._shown)

    @property
    def too_short(self) -> list[str]:
        """Names of secrets that are not masked, because they are shorter than ``SHORTEST``."""
        return sorted(name for name, value in self.values.items()
                      if len(value.encode("utf-8", "surrogateescape")) < SHORTEST)

    def mask_bytes(self, data: bytes) -> bytes:
        """``data`` with every secret, in every known encoding, replaced by its mark."""
        there = tuple(form for form in self._by_form if form in data)  # a search for each is faster than one for any
        if not there:
            return data
        if there not in self._patterns:
            self._patterns[there] = _longest_first(there)
        return self._patterns[there].sub(lambda found: self._by_form[found.group()], data)

    def restore_bytes(self, data: bytes) -> bytes:
        """The inverse of ``mask_bytes``. Raises ``KeyError`` with the name of a secret that is not known."""
        def put_back(found: re.Match[bytes]) -> bytes:
            try:
                return self._by_mark[found.group()]
            except KeyError:
                raise KeyError(found.group(1).decode()) from None

        return _MARKED.sub(put_back, data)

    def mask(self, text: str) -> str:
        """``mask_bytes`` for text that people read: what is masked already stays as it is, and cannot be restored."""
        masked = self._shown_pattern.sub(lambda found: self._shown[found.group()],
                                         text.encode("utf-8", "surrogateescape"))
        return masked.decode("utf-8", "surrogateescape")

    def found_in(self, text: str) -> str | None:
        """The name of a secret that ``text`` contains, if any."""
        for found in self._pattern.finditer(text.encode("utf-8", "surrogateescape")):
            if found.group() != MARK:
                return self._by_form[found.group()][len(MARK):].rstrip(b"@").split(b":")[0].decode()
        return None


def _marks(values: Mapping[str, str]) -> Iterator[tuple[bytes, bytes]]:
    """(mark, form) of every value in every encoding."""
    for name, value in sorted(values.items()):
        raw = value.encode("utf-8", "surrogateescape")
        if len(raw) >= SHORTEST:
            for encoding, form in _encodings(raw).items():
                yield MARK + name.encode() + (b":" + encoding.encode() if encoding else b"") + b"@", form


def _longest_first(forms: Iterable[bytes]) -> re.Pattern[bytes]:
    """Matches any of ``forms``; a secret that contains another is masked whole."""
    return re.compile(b"|".join(re.escape(form) for form in sorted(forms, key=lambda form: (-len(form), form))))


def named_in(data: bytes) -> list[str]:
    """The names of the secrets whose marks stand in ``data``, each once, in their order."""
    names = dict.fromkeys(found.group(1).decode() for found in _MARKED.finditer(data))
    return [name for name in names if name != "="]


def flatten(name: str, value: object) -> dict[str, str]:
    """The strings inside a secret parameter: ``{"A[k]": ...}`` for maps and lists; short strings are kept too."""
    if isinstance(value, Mapping):
        return {k: v for key, item in value.items() for k, v in flatten(f"{name}[{_safe(key)}]", item).items()}
    if isinstance(value, list | tuple):
        return {k: v for i, item in enumerate(value) for k, v in flatten(f"{name}[{i}]", item).items()}
    return {name: str(value)} if isinstance(value, str) and value else {}


def _safe(key: object) -> str:
    return re.sub(r"[^A-Za-z0-9_./-]", "_", str(key))
