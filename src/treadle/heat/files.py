"""The files that an evaluation reads: each once, parsed once for its content, with places found on demand."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from treadle.errors import Source, TemplateError
from treadle.heat import yamlload
from treadle.heat.limits.budget import MAX_FILE

KeyPath = tuple[str | int, ...]
T = TypeVar("T")
#: Nanoseconds in which two writes may get the same time of modification, with room to spare.
_TICK = 100_000_000
_UNSETTLED = ()


def key_text(path: Sequence[str | int]) -> str:
    """``("resources", "a", "list", 0)`` as ``resources.a.list[0]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def key_path(text: str) -> KeyPath:
    """The path that ``key_text`` wrote; a key with a dot in it comes back as two."""
    parts = re.findall(r"\[(\d+)\]|([^.\[\]]+)", text)
    return tuple(int(index) if index else name for index, name in parts)


@dataclass
class Seen:
    """What an evaluation learnt from its files: contents by digest, what was there, what folders held."""

    digests: dict[str, str] = field(default_factory=dict)
    present: dict[str, bool] = field(default_factory=dict)
    listings: dict[tuple[str, tuple[str, ...]], list[str]] = field(default_factory=dict)


class Files:
    """Template and environment files by absolute path.

    ``overlay`` holds files that exist only in memory (rendered jinja2); ``origins`` says from which file on
    disk each was made. Keep one instance to evaluate again without parsing unchanged files again: what was made of a
    file is kept with its content hash, and its text with modification time and size.
    """

    def __init__(self, overlay: Mapping[str, str] | None = None,
                 origins: Mapping[str, str] | None = None) -> None:
        self.overlay: Mapping[str, str] = overlay or {}
        self.origins = dict(origins or {})
        self._texts: dict[str, tuple[tuple[int, ...], str, str]] = {}
        self._parsed: dict[tuple[str, bool], tuple[str, tuple[Any, list[TemplateError]]]] = {}
        self.warnings: dict[str, TemplateError] = {}
        self._derived: dict[tuple[str, str], tuple[str, Any]] = {}
        self._kept: dict[tuple[Any, ...], Any] = {}
        self._watching: list[Seen] = []

    @contextmanager
    def watched(self) -> Iterator[Seen]:
        """Notes everything that is asked of the files meanwhile."""
        seen = Seen()
        self._watching.append(seen)
        try:
            yield seen
        finally:
            self._watching.remove(seen)

    def as_seen(self, seen: Seen) -> bool:
        """Whether every answer would be the same now."""
        try:
            return all(self._read(path)[0] == digest for path, digest in seen.digests.items()) \
                and all(self.exists(path) == there for path, there in seen.present.items()) \
                and all(self.below(*asked) == found for asked, found in seen.listings.items())
        except TemplateError:
            return False

    def exists(self, path: str) -> bool:
        there = path in self.overlay or Path(path).is_file()
        for seen in self._watching:
            seen.present[path] = there
        return there

    def below(self, root: str, endings: tuple[str, ...]) -> list[str]:
        """Absolute paths of the files below ``root`` with one of ``endings``, in order; hidden folders and
        node_modules are left out."""
        found = []
        for directory, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
            found += [str(Path(directory, name)) for name in sorted(names) if name.endswith(endings)]
        for seen in self._watching:
            seen.listings[root, endings] = found
        return found

    def text(self, path: str) -> str:
        """Content of ``path``; TemplateError when it is absent or not UTF-8."""
        return self._read(path)[1]

    def digest(self, path: str) -> str:
        return self._read(path)[0]

    def _read(self, path: str) -> tuple[str, str]:
        found = self._content(path)
        for seen in self._watching:
            seen.digests[path] = found[0]
        return found

    def _content(self, path: str) -> tuple[str, str]:
        if path in self.overlay:
            text = self.overlay[path]
            known = self._texts.get(path)
            if known is None or known[2] is not text:
                known = (_UNSETTLED, _digest(text.encode()), text)
                self._texts[path] = known
            return known[1], known[2]
        try:
            status = os.stat(path)  # noqa: PTH116 (half the cost of Path, for every file of a tree)
            if not stat.S_ISREG(status.st_mode):
                raise TemplateError("this is not a file", source=path)
            if status.st_size > MAX_FILE:
                raise TemplateError(f"the file is larger than {MAX_FILE // 2**20} MB", source=path)
            # What was written a moment ago may be written again within the same tick of the clock.
            settled = time.time_ns() - status.st_mtime_ns > _TICK
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino) if settled else _UNSETTLED
            known = self._texts.get(path)
            if known is None or not settled or known[0] != stamp:
                content = Path(path).read_bytes()
                known = (stamp, _digest(content), content.decode("utf-8"))
                self._texts[path] = known
        except OSError as error:
            raise TemplateError(f"cannot read the file: {error.strerror or error}", source=path) from error
        except UnicodeDecodeError as error:
            raise TemplateError("the file is not UTF-8 text", source=path) from error
        return known[1], known[2]

    def template(self, path: str) -> Any:
        """The template in ``path``. Heat's client drops white space at the end of the file before it parses, so
        a block of text that ends the file has no last newline."""
        return self.data(path, foreign=True, stripped=True)

    def data(self, path: str, *, foreign: bool = False, stripped: bool = False) -> Any:
        """The YAML document in ``path``. Shared: do not change it.

        A key that stands twice in one mapping is an error. In a ``foreign`` file (templates: TripleO's own hold
        such keys) the last wins, as in Heat, and ``warnings`` has the message."""
        digest, text = self._read(path)
        known = self._parsed.get((path, stripped))
        if known is None or known[0] != digest:
            known = self._parsed[path, stripped] = digest, yamlload.load(text.rstrip() if stripped else text, path)
        data, doubled = known[1]
        for error in doubled:
            if not foreign:
                raise error
            self.warnings[str(error)] = error
        return data

    def derived(self, kind: str, path: str, make: Callable[[], T]) -> T:
        """What ``make`` gives for this content of ``path``, made once for each ``kind``."""
        digest = self.digest(path)
        known = self._derived.get((kind, path))
        if known is None or known[0] != digest:
            known = self._derived[kind, path] = digest, make()
        value: T = known[1]
        return value

    def kept(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """What ``make`` gives, made once for each ``key``, which must cover all that it depends on."""
        if key not in self._kept:
            self._kept[key] = make()
        value: T = self._kept[key]
        return value

    def locate(self, file: str, key_path: Sequence[str | int]) -> Source:
        """Line and column of the last part of ``key_path`` that ``file`` has; composes the file anew."""
        try:
            return yamlload.locate(self.text(file), file, key_path)
        except TemplateError:
            return Source(file)

    def error(self, message: str, file: str, path: Sequence[str | int] = (), *, hint: str = "",
              shown: str | None = None) -> TemplateError:
        """A TemplateError at ``path`` in ``file``; ``shown`` replaces the key text."""
        origin = self.origins.get(file)
        if origin:
            hint = f"{hint}\n  " if hint else ""
            hint += f"the line is of the text rendered from {origin}"
        source = self.locate(file, path)
        return TemplateError(message, source=source, key=key_text(path) if shown is None else shown, hint=hint)


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def absolute(path: str, base_dir: str) -> str:
    """``path`` (which may be a ``file://`` URL) as an absolute, normal path."""
    if path.startswith("file://"):
        path = path[len("file://"):]
    return os.path.normpath(os.path.join(base_dir, path))  # noqa: PTH118 (Path keeps "..")
