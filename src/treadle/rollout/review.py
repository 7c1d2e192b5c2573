"""A difference of two generations in; what people review out: option by option, grouped over nodes; unified diffs; and
what it means for containers. No secret is in any of it: contents are read as git has them, masked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from treadle.errors import HistoryError, InputError, TreadleError
from treadle.generate import File
from treadle.history import History
from treadle.history.difference import Difference, FileChange, PaperChange, Side
from treadle.instantiate import file_deltas, options, place
from treadle.node import Preview, Verbs
from treadle.rollout.papers import paper_words
from treadle.rollout.patches import Patch, binary, hunks, joined
from treadle.rollout.reach import Reach
from treadle.secrets import MARK, Secrets, named_in

_NAMED = 2


@dataclass(frozen=True)
class Line:
    """One difference in words. ``path``, ``section``, ``option`` and its values (None: not set) where it is an option's
    of a file of the config volume ``volume``."""

    group: str
    words: str
    nodes: tuple[str, ...] = ()
    volume: str = ""
    path: str = ""
    section: str = ""
    option: str = ""
    old: str | None = None
    new: str | None = None

    @property
    def text(self) -> str:
        return f"{self.words} {on(self.nodes)}" if self.nodes else self.words


@dataclass(frozen=True)
class Consequence:
    """What instantiating a generation would do on a node, or the ``problem`` why that cannot be told."""

    node: str
    preview: Preview | None = None
    problem: str = ""


@dataclass(frozen=True)
class Review:
    """``lines`` of files first, then of documents, each group together."""

    difference: Difference
    lines: tuple[Line, ...]
    patches: tuple[Patch, ...] = ()
    consequences: tuple[Consequence, ...] = field(default=())


def on(nodes: Sequence[str]) -> str:
    """``on ctl-0, ctl-1`` or ``on 3 nodes``."""
    return f"on {', '.join(nodes)}" if len(nodes) <= _NAMED else f"on {len(nodes)} nodes"


class Reviewer:
    """Puts one difference into words and unified diffs."""

    def __init__(self, difference: Difference) -> None:
        self._difference = difference
        self._changed = {name for name, what in difference.secrets.items() if what == "changed"}
        self._contents = self._read()
        self._whole = {(one.volume, node) for one in difference.volumes for node in one.nodes}

    def lines(self) -> tuple[Line, ...]:
        """Every difference, each once with its nodes."""
        grouped: dict[Line, dict[str, None]] = {}
        for line, nodes in self._each():
            grouped.setdefault(line, {}).update(dict.fromkeys(nodes))
        return tuple(Line(**{**vars(line), "nodes": tuple(nodes)}) for line, nodes in grouped.items())

    def patches(self) -> tuple[Patch, ...]:
        """Unified diffs of files, scripts, Puppet modules and environments whose masked text differs."""
        return tuple(joined(self._patches()))

    def _read(self) -> dict[str, bytes]:
        """Contents by object id. What was a secret on one side only is masked on the other too."""
        one = self._difference
        wanted: dict[str, None] = {}
        for change in one.files:
            wanted.update(dict.fromkeys(side.id for side in (change.old, change.new) if side and side.id))
        for paper in one.papers:
            wanted.update(dict.fromkeys(oid for oid in (paper.old, paper.new) if oid))
        contents = one.new.repository.blobs(wanted)
        mask = _both(one)
        return {oid: mask(content) for oid, content in contents.items()} if mask else contents

    def _each(self) -> Iterator[tuple[Line, tuple[str, ...]]]:
        one = self._difference
        for names, what in ((one.nodes_added, "new"), (one.nodes_removed, "not wanted any more")):
            yield from ((Line("nodes", f"{name} is {what}"), ()) for name in names)
        for volume in one.volumes:
            files = f"{volume.files} file{'' if volume.files == 1 else 's'}"
            words = f"new, {files}" if volume.added else f"goes, {files}"
            yield Line(f"volume {volume.volume}", words, volume=volume.volume), volume.nodes
        for change in one.files:
            nodes = self._nodes(change)
            if nodes:
                yield from ((line, nodes) for line in self._file_lines(change))
        for paper in one.papers:
            yield from ((Line(group, words), paper.nodes) for group, words in self._words(paper))
        yield from ((Line("secrets", f"{name} {what}"), ()) for name, what in one.secrets.items())

    def _nodes(self, change: FileChange) -> tuple[str, ...]:
        """Those of its nodes that have the volume in both generations."""
        return tuple(node for node in change.nodes if (change.volume, node) not in self._whole)

    def _file_lines(self, change: FileChange) -> Iterator[Line]:
        old, new = self._file(change.old), self._file(change.new)
        if (old is None or new is None) and (old or new or _FOLDER).type == "dir":
            return
        group = f"volume {change.volume}"
        before, after = (options(_text(file)) or {} if file else {} for file in (old, new))
        for delta in file_deltas(change.path, old, new, str):
            key = (delta.section, delta.option)
            values = (before.get(key), after.get(key)) if delta.option else (None, None)
            yield Line(group, delta.words, (), change.volume, change.path, *key, *values)
        if old and new and change.old and change.new and change.old.digest != change.new.digest:
            yield from self._sealed(change, old, new)

    def _sealed(self, change: FileChange, old: File, new: File) -> Iterator[Line]:
        """What holds a secret whose value changed, and is otherwise as it was."""
        known = self._changed & set(named_in(old.content)) & set(named_in(new.content))
        group, values = f"volume {change.volume}", (options(_text(old)), options(_text(new)))
        if values[0] is None or values[1] is None:
            for name in sorted(known):
                yield Line(group, f"{change.path} {_mark(name)} (changed)", (), change.volume, change.path)
        else:
            for key in sorted(values[0].keys() & values[1].keys()):
                text = values[1][key]
                marks = [_mark(name) for name in named_in(text.encode()) if name in known]
                if marks and text == values[0][key]:
                    yield Line(group, f"{place(change.path, *key)} {', '.join(marks)} (changed)", (), change.volume,
                               change.path, *key, text, text)
        if not known and old.content == new.content:
            yield Line(group, f"{change.path} changed (in what is not shown)", (), change.volume, change.path)

    def _words(self, paper: PaperChange) -> Iterator[tuple[str, str]]:
        return paper_words(paper.name, *(None if oid is None else self._contents.get(oid, b"")
                                         for oid in (paper.old, paper.new)))

    def _file(self, side: Side | None) -> File | None:
        return None if side is None else File(
            side.type, int(side.mode, 8), side.uid, side.gid, self._contents.get(side.id, b""))  # type: ignore[arg-type]

    def _patches(self) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...], str]]:
        for change in self._difference.files:
            ids = (change.old.id if change.old else "", change.new.id if change.new else "")
            if ids[0] != ids[1]:
                yield self._patch(f"{change.volume}/{change.path}", ids, change.nodes)
        for paper in self._difference.papers:
            if paper.old != paper.new and paper.name.startswith(("scripts/", "puppet-modules/")):
                yield self._patch(paper.name, (paper.old or "", paper.new or ""), paper.nodes)

    def _patch(self, title: str, ids: tuple[str, str],
               nodes: tuple[str, ...]) -> tuple[str, tuple[str, ...], tuple[str, ...], str]:
        old, new = (self._contents.get(oid, b"") for oid in ids)
        if binary(old, new):
            return title, (), nodes, f"binary, {len(old)} → {len(new)} bytes"
        return title, hunks(old, new), nodes, ""


_FOLDER = File("dir", 0, 0, 0)


def _text(file: File) -> str:
    return file.content.decode("utf-8", "replace")


def _mark(name: str) -> str:
    return f"{MARK.decode()}{name}@"


def _both(one: Difference) -> Callable[[bytes], bytes] | None:
    """Masks the secrets that the two generations do not share; None where there are none, or their values are not
    known here: then each side is masked as it was recorded, and nothing else can be known to be a secret."""
    names = one.secrets.keys()
    try:
        now = {name: value for name, value in one.new.secrets.values.items() if name in names}
        was = {name: value for name, value in one.old.secrets.values.items() if name in names} if one.old else {}
    except HistoryError:
        return None
    masks = Secrets(now, was)
    return (lambda data: masks.mask(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")) \
        if names else None


def _former(agent: Verbs) -> Mapping[str, str]:
    """The secrets that a node was deployed with last, which may be shown as what it has."""
    try:
        return agent.deployed().secrets
    except InputError:
        return {}


def consequences(history: History, generation: str, nodes: Sequence[str], reach: Reach) -> tuple[Consequence, ...]:
    """What instantiating ``generation`` would do on each of ``nodes``, against what runs there now. A node that cannot
    be looked at is told with the reason. Changes nothing."""
    recorded = history.at(generation)

    def look(node: str) -> Consequence:
        try:
            plan = recorded.plan(node)
            agent = reach.agent(plan)
            preview = agent.preview(recorded.volumes(node))
            mask = Secrets(plan.secrets, _former(agent)).mask
            actions = (replace(action, reasons=tuple(map(mask, action.reasons))) for action in preview.actions)
            return Consequence(node, replace(preview, actions=tuple(actions)))
        except TreadleError as error:
            return Consequence(node, problem=f"{error.message}{f' ({error.hint})' if error.hint else ''}")

    return tuple(look(node) for node in nodes if node in recorded.nodes)
