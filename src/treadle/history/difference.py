"""Two generations in; what differs between them out, found by git's object ids: an identical change on many nodes is
one change with their names. Nothing here reads a file's content but secrets.json and the metadata."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from treadle.history.git import Differing, Entry, Repository
from treadle.history.layout import parsed
from treadle.history.recorded import Metadata, Recorded

#: The tree without files, which every git knows.
NOTHING = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
#: More folders than these are found faster in a listing of all.
_FOLDERS = 200


@dataclass(frozen=True)
class Side:
    """A file in one generation: its facts, the keyed ``digest`` of its content, and the git object ``id`` that holds
    the content with secrets masked ('' where the two sides have the same content, and for a folder)."""

    type: str
    mode: str
    uid: int
    gid: int
    digest: str
    id: str = ""


@dataclass(frozen=True)
class FileChange:
    """One file of a config volume that is not the same; None where it is not there."""

    volume: str
    path: str
    old: Side | None
    new: Side | None
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class VolumeChange:
    """A whole config volume of so many ``files`` that a node has only in one of the two generations."""

    volume: str
    added: bool
    files: int
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class PaperChange:
    """A document of nodes (``containers/step_3.json``), or of all of them (``inputs.json``, ``puppet-modules/…``, no
    ``nodes``), by the ids of its masked contents; ids are equal where nothing but a secret in it changed."""

    name: str
    old: str | None
    new: str | None
    nodes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """All that differs between ``old`` (None: nothing) and ``new``; of nodes that both have, but for ``nodes_added``
    and ``nodes_removed``. ``secrets``: ``{name: 'added', 'changed' or 'removed'}``."""

    old: Recorded | None
    new: Recorded
    files: tuple[FileChange, ...] = ()
    volumes: tuple[VolumeChange, ...] = ()
    papers: tuple[PaperChange, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    nodes_added: tuple[str, ...] = ()
    nodes_removed: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        return not (self.files or self.volumes or self.papers or self.secrets or self.nodes_added
                    or self.nodes_removed)


def difference(old: Recorded | None, new: Recorded, nodes: Collection[str] | None = None) -> Difference:
    """What differs on ``nodes`` (None: all), and in what all nodes have in common."""
    before, after = (old.nodes if old else []), new.nodes
    chosen = [node for node in dict.fromkeys([*after, *before]) if nodes is None or node in nodes]
    both = [node for node in chosen if node in set(before) & set(after)]
    found = _Found(new.repository, {node: number for number, node in enumerate(both)})
    for one in new.repository.differing(old.id if old else NOTHING, new.id):
        found.take(one)
    was, now = (old.digests if old else {}), new.digests
    secrets = {name: "added" if name not in was else "removed" if name not in now else "changed"
               for name in sorted(was.keys() | now.keys()) if was.get(name) != now.get(name)}
    files, volumes = found.files(new.id)
    return Difference(old, new, files, volumes, found.papers(), secrets,
                      tuple(node for node in chosen if node not in before),
                      tuple(node for node in chosen if node not in after))


class _Found:
    """Sorts the paths that differ by what they are."""

    def __init__(self, repository: Repository, order: Mapping[str, int]) -> None:
        self._repository = repository
        self._order = order
        self._blobs: dict[tuple[str, str], dict[str, Differing]] = {}
        self._metadata: list[tuple[str, str, Differing]] = []
        self._papers: dict[tuple[str, str | None, str | None], list[str]] = {}
        self._sealed: dict[str, Differing] = {}

    def take(self, one: Differing) -> None:
        kind, _, rest = one.path.partition("/")
        node, _, inner = rest.partition("/")
        if kind in ("inputs.json", "puppet-modules"):
            self._papers[(one.path, _id(one.old), _id(one.new))] = []
        elif kind == "metadata" and not inner and node.removesuffix(".json") in self._order:
            self._sealed[node.removesuffix(".json")] = one
        elif node not in self._order:
            return
        elif kind == "metadata":
            self._metadata.append((node, inner.removesuffix(".json"), one))
        elif kind == "documents":
            self._papers.setdefault((inner, _id(one.old), _id(one.new)), []).append(node)
        elif kind == "nodes":
            volume, _, path = inner.partition("/")
            self._blobs.setdefault((node, volume), {})[path] = one

    def papers(self) -> tuple[PaperChange, ...]:
        """Documents, those included whose masked content is the same, but not their digest."""
        shown = {(node, name) for (name, _, _), nodes in self._papers.items() for node in nodes}
        texts = self._repository.blobs(entry.id for one in self._sealed.values() for entry in (one.old, one.new)
                                       if entry)
        for node, one in self._sealed.items():
            old, new = (parsed(texts[entry.id]) if entry else {} for entry in (one.old, one.new))
            for name in old.keys() & new.keys():
                if old[name] != new[name] and (node, name) not in shown:
                    self._papers.setdefault((name, "", ""), []).append(node)
        return tuple(PaperChange(name, old, new, self._sorted(nodes))
                     for (name, old, new), nodes in sorted(self._papers.items(), key=lambda item: item[0][0]))

    def files(self, new: str) -> tuple[tuple[FileChange, ...], tuple[VolumeChange, ...]]:
        """Files by what the metadata says of them, with the ids of their contents."""
        texts = self._repository.blobs(entry.id for _, _, one in self._metadata for entry in (one.old, one.new)
                                       if entry)
        compared: dict[tuple[str | None, str | None], list[_Row]] = {}
        whole: dict[tuple[str, bool, int], list[str]] = {}
        rows: list[tuple[str, str, _Row]] = []
        for node, volume, one in self._metadata:
            ids = _id(one.old), _id(one.new)
            if ids not in compared:
                compared[ids] = _compared(*(parsed(texts[i]) if i else {} for i in ids))
            if None in ids:
                number = sum((row.new or row.old or ("dir",))[0] != "dir" for row in compared[ids])
                whole.setdefault((volume, ids[0] is None, number), []).append(node)
            rows += [(node, volume, row) for row in compared[ids]]
        same = self._same([(node, volume, row.path) for node, volume, row in rows if row.resealed], new)
        grouped: dict[tuple[str, str, Side | None, Side | None], list[str]] = {}
        for node, volume, row in rows:
            blob = self._blobs.get((node, volume), {}).get(row.path)
            known = same.get((node, volume, row.path), "")
            sides = (_side(row.old, _id(blob.old) if blob else known), _side(row.new, _id(blob.new) if blob else known))
            grouped.setdefault((volume, row.path, *sides), []).append(node)
        files = [FileChange(*key, self._sorted(nodes)) for key, nodes in grouped.items()]
        volumes = [VolumeChange(*key, self._sorted(nodes)) for key, nodes in sorted(whole.items())]
        return tuple(sorted(files, key=lambda one: (one.volume, one.path, one.nodes))), tuple(volumes)

    def _same(self, wanted: list[tuple[str, str, str]], commit: str) -> dict[tuple[str, str, str], str]:
        """Ids of contents that git holds as they were: nothing but a secret in them changed."""
        missing = [key for key in wanted if key[2] not in self._blobs.get(key[:2], {})]
        folders = sorted({f"nodes/{node}/{volume}" for node, volume, _ in missing})
        if not folders:
            return {}
        listed = self._repository.listing(commit, *(folders if len(folders) <= _FOLDERS else ["nodes"]))
        paths = {key: listed.get(f"nodes/{'/'.join(key)}") for key in missing}
        return {key: entry.id for key, entry in paths.items() if entry}

    def _sorted(self, nodes: list[str]) -> tuple[str, ...]:
        return tuple(sorted(nodes, key=self._order.__getitem__))


_Facts = tuple[str, str, int, int, str]


@dataclass(frozen=True)
class _Row:
    """One path of a volume's metadata."""

    path: str
    old: _Facts | None
    new: _Facts | None

    @property
    def resealed(self) -> bool:
        return self.old is not None and self.new is not None and self.old[4] != self.new[4]


def _compared(old: Metadata, new: Metadata) -> list[_Row]:
    return [_Row(path, old.get(path), new.get(path)) for path in sorted(old.keys() | new.keys())
            if old.get(path) != new.get(path)]


def _side(facts: _Facts | None, oid: str | None) -> Side | None:
    return Side(*facts, oid or "") if facts else None


def _id(entry: Entry | None) -> str | None:
    return entry.id if entry else None
