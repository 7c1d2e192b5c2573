"""Remembers what each config volume was generated from, so that unchanged input is not generated again."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from treadle.files import write_private
from treadle.generate.job import PuppetEtc
from treadle.generate.tree import ConfigTree, from_tar


class Inputs(msgspec.Struct, frozen=True):
    """``fixed``: digest of manifest, image and the rest; ``asked``: ``{hiera key: digest of its value}``.

    ``everything`` is the digest of all hiera data, used where Puppet's lookups were not recorded.
    """

    fixed: str
    asked: dict[str, str] | None
    everything: str


@dataclass(frozen=True)
class Cache:
    """One tar and one JSON file a volume, readable by root only."""

    folder: Path

    def find(self, volume: str, fixed: str, etc: PuppetEtc) -> ConfigTree | None:
        """The tree that the same input gave before, or None."""
        try:
            known = msgspec.json.decode(self._json(volume).read_bytes(), type=Inputs)
            data = self._tar(volume).read_bytes()
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        if known.fixed != fixed:
            return None
        if known.asked is None:
            return from_tar(data) if known.everything == etc.everything() else None
        if any(etc.asked(key) != digest for key, digest in known.asked.items()):
            return None
        return from_tar(data)

    def store(self, volume: str, fixed: str, etc: PuppetEtc, asked: frozenset[str] | None, tree: ConfigTree) -> None:
        """Remember ``tree``. The JSON file goes first and comes last: a kill in between leaves a miss, not a lie."""
        self._json(volume).unlink(missing_ok=True)
        write_private(self._tar(volume), to_tar(tree))
        digests = None if asked is None else {key: etc.asked(key) for key in sorted(asked)}
        write_private(self._json(volume), msgspec.json.encode(Inputs(fixed, digests, etc.everything())))

    def forget_others(self, volumes: Mapping[str, object]) -> None:
        """Drop volumes that nobody wants any more."""
        for path in self.folder.glob("*.json"):
            if path.stem not in volumes:
                path.unlink()
                self._tar(path.stem).unlink(missing_ok=True)

    def _json(self, volume: str) -> Path:
        return self.folder / f"{volume}.json"

    def _tar(self, volume: str) -> Path:
        return self.folder / f"{volume}.tar"


_TAR_TYPES = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "link": tarfile.SYMTYPE}


def to_tar(tree: ConfigTree) -> bytes:
    """The inverse of ``from_tar``; same tree, same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, entry in sorted(tree.files.items()):
            info = tarfile.TarInfo(path)
            info.type, info.mode, info.uid, info.gid = _TAR_TYPES[entry.type], entry.mode, entry.uid, entry.gid
            if entry.type == "link":
                info.linkname = entry.content.decode("utf-8", "surrogateescape")
                archive.addfile(info)
            else:
                info.size = len(entry.content) if entry.type == "file" else 0
                archive.addfile(info, io.BytesIO(entry.content))
    return buffer.getvalue()
