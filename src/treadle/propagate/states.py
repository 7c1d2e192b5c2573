"""What each piece of configuration on a node holds, since when, and how it came there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from treadle.files import read_document, write_private

#: How many revisions of a piece are kept; what a container took before the oldest of them is not known any more.
_KEPT = 20


class Delta(msgspec.Struct, frozen=True, omit_defaults=True):
    """One difference between two contents of a piece, in ``words`` without secrets.

    ``path`` is the file's, relative to the piece. ``option`` (and ``section``, '' before the first) where the file
    differs in nothing but options; '' where it differs otherwise. ``gone``: the file is not wanted any more.
    """

    words: str
    path: str = ""
    section: str = ""
    option: str = ""
    gone: bool = False


class Revision(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change of a piece: ``at`` (epoch seconds) it became what has this ``fingerprint``. ``repaired``: what it
    replaced was not Treadle's, so that nobody knows what was read meanwhile."""

    at: float
    generation: str
    fingerprint: str
    deltas: tuple[Delta, ...] = ()
    repaired: bool = False


class VolumeState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a piece of configuration (a config volume or a part of one, a kolla file, a script) holds on this node.

    ``generation`` is the last that wanted it so, ``revisions`` how it came to be so, the latest last. ``single``: it
    is one file, which a container that runs sees as it was when it was started. ``intended`` is how it was about to
    be changed when it was last written to: known beyond a kill in the middle of it.
    """

    fingerprint: str
    generation: str
    revisions: tuple[Revision, ...]
    single: bool = False
    intended: tuple[Delta, ...] = ()

    @property
    def since(self) -> float:
        """When it last changed (epoch seconds)."""
        return self.revisions[-1].at

    @property
    def deltas(self) -> tuple[Delta, ...]:
        """How it differs from what was there before."""
        return self.revisions[-1].deltas

    def unseen(self, taken: float) -> tuple[Revision, ...]:
        """The revisions that whoever took the configuration at ``taken`` has not seen; none where they lead back to
        what it took."""
        later = tuple(revision for revision in self.revisions if revision.at >= taken)
        held = self.held(taken)
        back = held is not None and held.fingerprint == self.fingerprint
        return () if back and not any(revision.repaired for revision in later) else later

    def held(self, moment: float) -> Revision | None:
        """The revision that was in force at ``moment``; None for a time before the oldest that is known."""
        return next((revision for revision in reversed(self.revisions) if revision.at < moment), None)


class VolumeStates(msgspec.Struct):
    """``/var/lib/treadle/STACK/volumes.json`` of a node."""

    volumes: dict[str, VolumeState] = msgspec.field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> VolumeStates:
        return read_document(path, cls) or cls()

    def write(self, path: Path) -> None:
        write_private(path, msgspec.json.encode(self))


def remember(states: VolumeStates, key: str, fingerprint: str, generation: str, deltas: Sequence[Delta] | None,
             now: float | None = None, *, single: bool = False) -> None:
    """Note what ``key`` ("volume:keystone") holds now; ``deltas`` is None where its content did not change."""
    old = states.volumes.get(key)
    if old and old.fingerprint == fingerprint and deltas is None:
        states.volumes[key] = msgspec.structs.replace(old, generation=generation, intended=())
        return
    if old and old.intended:
        deltas = tuple(dict.fromkeys((*old.intended, *(deltas or ()))))
    moment = time.time() if now is None else now
    repaired = old is not None and old.fingerprint == fingerprint
    revision = Revision(moment, generation, fingerprint, tuple(deltas or ()), repaired)
    kept = (*(old.revisions if old else ()), revision)[-_KEPT:]
    states.volumes[key] = VolumeState(fingerprint, generation, kept, single)


def intend(states: VolumeStates, key: str, deltas: Sequence[Delta]) -> bool:
    """Note how ``key`` is about to be changed; gives whether there is anything to note."""
    old = states.volumes.get(key)
    if old is None or set(deltas) <= set(old.intended):
        return False
    states.volumes[key] = msgspec.structs.replace(old, intended=tuple(dict.fromkeys((*old.intended, *deltas))))
    return True
