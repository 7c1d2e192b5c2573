"""Config trees of all nodes in; a generation out: a commit that says who, when and why, and holds no secret.

A generation is a tree that shows the cloud: ``nodes/NODE/VOLUME/path…``, the config volumes; ``documents/NODE/…``,
the node plan in parts; ``puppet-modules/…``, ``inputs.json`` and ``nodes.json``, what all have in common;
``secrets.json``, a keyed digest of each secret; ``metadata/NODE/VOLUME.json`` and ``metadata/NODE.json``, type, mode,
owner and keyed digest of each file, so that what is read back is known to be what was generated.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass

from treadle.errors import HistoryError, nearest
from treadle.generate.tree import ConfigTree
from treadle.history.git import Commit, Repository
from treadle.history.layout import Texts, documents, parsed, shared, text
from treadle.history.recorded import Recorded
from treadle.history.recording import LARGEST, NodeSnapshot, Recording
from treadle.history.trailer import said
from treadle.history.vault import Vault
from treadle.plan.nodeplan import NodePlan

REF = "refs/heads/generated"
#: The generation that was instantiated last on every node with success.
GOOD = "refs/treadle/good"
NEWEST = "newest"
#: The commit that was recorded here last. Where the branch is elsewhere, others put something on it.
RECORDED = "refs/treadle/recorded"


@dataclass(frozen=True)
class Generation:
    """One recorded state of all nodes' configuration. ``new`` is False where the tree was there already."""

    id: str
    tree: str = ""
    author: str = ""
    when: int = 0
    message: str = ""
    parents: tuple[str, ...] = ()
    new: bool = False

    @property
    def short(self) -> str:
        return self.id[:12]


def snapshot(plan: NodePlan, volumes: Mapping[str, ConfigTree], images: Mapping[str, str],
             texts: Texts | None = None) -> NodeSnapshot:
    """A node as it is recorded; ``images`` are the ids of its images. ``texts`` is the same for nodes of one cloud."""
    return NodeSnapshot(volumes, documents(plan, images, texts or text))


@dataclass(frozen=True)
class History:
    """The stack's git repository, and the vault that knows what its secrets were."""

    repository: Repository
    vault: Vault

    def record(self, nodes: Mapping[str, NodeSnapshot], secrets: Mapping[str, str], *, author: str, message: str,
               common: Mapping[str, bytes] | None = None) -> Generation:
        """Commit ``nodes`` and what they have in ``common``, with ``secrets`` masked, and nothing else. The same
        content as the newest generation: that one, not new. Raises HistoryError for a file that is too large."""
        self.vault.remember(secrets)  # first: what is in git must never be without its secrets
        with self.repository.writes():
            parent = self.repository.resolve(REF)
            trusted = parent is None or self.repository.resolve(RECORDED) == parent
            recording = Recording(self.repository, self.vault, parent, trusted=trusted)
            made = self.repository.commit(REF, recording.changes(nodes, secrets, common or {}), parent=parent,
                                          author=author, when=int(time.time()), message=message)
            self.repository.point(RECORDED, made)
            if made != parent:
                self.repository.run("-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")
        return _generation(self.repository.log(made, 1)[0], new=made != parent)

    def again(self, old: str, *, author: str, message: str) -> Generation:
        """A new generation with the tree of ``old``; the newest, not new, where it has that tree."""
        with self.repository.writes():
            before = self.repository.resolve(REF)
            made = self.repository.again(REF, old, author=author, when=int(time.time()), message=message)
        return _generation(self.repository.log(made, 1)[0], new=made != before)

    def fetch(self, url: str, ref: str, *, moved: bool = False) -> Generation:
        """The generation that ``ref`` of the git server at ``url`` names. Raises HistoryError where it cannot be had,
        and where the ref was taken back since it was last fetched, unless ``moved`` says that this is known."""
        if not ref or ref[0] in "-+" or ":" in ref:
            raise HistoryError(f"{ref!r} is no branch, tag or commit", key="--ref")
        place = f"refs/treadle/fetched/{hashlib.sha1(f'{url} {ref}'.encode(), usedforsecurity=False).hexdigest()}"
        with self.repository.writes():
            before = self.repository.resolve(place)
            commit = self.repository.fetch(url, ref, f"{place}-new")
            self.repository.run("update-ref", "-d", f"{place}-new")
            if before and not moved and not self.repository.within(before, commit):
                raise HistoryError(f"{ref} moved: it was {before[:12]} and is {commit[:12]}, which does not contain it",
                                   source=url, key="--ref",
                                   hint="ask who moved it; if that is right, say so with --moved")
            self.repository.point(place, commit)
        return self.find(commit)

    # Reading

    def find(self, name: str = NEWEST) -> Generation:
        """The generation that an id (four digits of it at least), a tag, ``newest`` or ``good`` names. Raises
        HistoryError, with the nearest name, for what is none."""
        known = {NEWEST: REF, "good": GOOD}
        if name == NEWEST and not (self.repository.exists and self.repository.resolve(REF)):
            raise HistoryError("nothing was generated yet", source=self.repository.path,
                               hint="openstack overcloud config generate")
        rows = self.repository.log(f"{known.get(name, name)}^{{commit}}", 1)
        if not rows:
            tags = [ref.removeprefix("refs/tags/") for ref in self.repository.refs("refs/tags/")]
            raise HistoryError(f"no generation is called {name}{nearest(name, [*known, *tags])}",
                               source=self.repository.path, hint="see them: openstack overcloud config history")
        if not self.repository.listing(rows[0].id, "secrets.json"):
            raise HistoryError(f"{name} is a commit, but no generation of this version", source=self.repository.path,
                               hint="see them: openstack overcloud config history; or generate anew")
        return _generation(rows[0])

    def newest(self) -> Generation | None:
        """The generation that was recorded last."""
        return next(iter(self.log(1)), None)

    def log(self, limit: int = 50, *paths: str) -> list[Generation]:
        """Generations from the newest on; those alone that changed one of ``paths``, where any are given."""
        return [_generation(row) for row in self.repository.log(REF, limit, *paths)] if self.repository.exists else []

    def log_of(self, start: str, limit: int, *paths: str) -> list[Generation]:
        """The same from the generation ``start`` back."""
        return [_generation(row) for row in self.repository.log(start, limit, *paths)]

    def at(self, name: str = NEWEST) -> Recorded:
        """What the generation ``name`` holds. Raises HistoryError as ``find`` does."""
        return Recorded(self.repository, self.vault, self.find(name).id)


def _generation(commit: Commit, *, new: bool = False) -> Generation:
    return Generation(commit.id, commit.tree, commit.author, commit.when, said(commit.message), commit.parents, new)


__all__ = ["GOOD", "LARGEST", "NEWEST", "REF", "Generation", "History", "NodeSnapshot", "Recorded", "Repository",
           "Texts", "Vault", "parsed", "shared", "snapshot"]
