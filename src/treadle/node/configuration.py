"""Everything that a generation puts on a node as files, under one set of keys, with what it changes in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from treadle.files import write_private
from treadle.generate import ConfigTree, File, from_directory, to_tar
from treadle.instantiate import part_key, tree_deltas
from treadle.paths import NodePaths
from treadle.plan.nodeplan import NodePlan
from treadle.propagate import VolumeState, VolumeStates, difference, intend, propagate, remember

Mask = Callable[[str], str]


@dataclass(frozen=True)
class Piece:
    """One thing that containers mount: a config volume or a part of one (folders), or a kolla file or script.

    A part (``volume:keystone/etc/keystone/init``) is written with its volume; it is told apart so that what mounts
    no more than the part is touched for no more than the part.
    """

    key: str
    place: Path
    tree: ConfigTree
    single: bool = False

    @property
    def part(self) -> bool:
        return "/" in self.key

    def held(self) -> ConfigTree:
        """What lies there now."""
        if not self.place.is_dir():
            entry = from_directory(self.place.parent).files.get(self.place.name) if self.place.exists() else None
            return ConfigTree({self.place.name: entry} if entry else {})
        return from_directory(self.place)


def pieces(plan: NodePlan, volumes: Mapping[str, ConfigTree]) -> list[Piece]:
    """All configuration of the node: config volumes, their parts that something mounts, kolla's files, scripts."""
    paths = NodePaths(plan.stack, plan.root)
    found = [Piece(f"volume:{name}", paths.volumes / name, tree) for name, tree in volumes.items()]
    for key in sorted({key for volume in plan.mounts() if (key := part_key(volume, paths))}):
        name, _, inner = key.removeprefix("volume:").partition("/")
        if name in volumes:
            alone = inner in volumes[name].files and volumes[name].files[inner].type != "dir"
            found.append(Piece(key, paths.volumes / name / inner, volumes[name].below(inner), single=alone))
    for path, document in plan.kolla_config.items():
        place = Path(paths.rebase(path))
        data = json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"
        found.append(_single(f"kolla:{place.name}", place, data, 0o600))
    for name, script in plan.scripts.items():
        found.append(_single(f"script:{name}", paths.scripts / name, script.content.encode(), int(script.mode, 8)))
    return found


def _single(key: str, place: Path, data: bytes, mode: int) -> Piece:
    return Piece(key, place, ConfigTree({place.name: File("file", mode, 0, 0, data)}), single=True)


def preview(plan: NodePlan, found: list[Piece], known: VolumeStates, now: float, mask: Mask) -> dict[str, VolumeState]:
    """The states that propagating would leave, without doing it."""
    key = bytes.fromhex(plan.fingerprint_key)
    states = VolumeStates(dict(known.volumes))
    for piece in found:
        old = piece.held()
        fingerprint = piece.tree.fingerprint(key)
        deltas = None if old.fingerprint(key) == fingerprint else tree_deltas(old, piece.tree, mask)
        remember(states, piece.key, fingerprint, "", deltas, now, single=piece.single)
    return {piece.key: states.volumes[piece.key] for piece in found}


def put(plan: NodePlan, found: list[Piece], generation: str, mask: Mask) -> dict[str, int]:
    """Propagate every piece; gives ``{key: number of changed files}`` of those that changed."""
    paths = NodePaths(plan.stack, plan.root)
    key = bytes.fromhex(plan.fingerprint_key)
    states = VolumeStates.read(paths.volume_states)
    # All that is there is read before anything is written: a part changes together with its volume.
    before = {piece.key: piece.held() for piece in found}
    # Not ``difference``: volatile files are written, but no container restarts for them.
    deltas = {piece.key: None if before[piece.key].fingerprint(key) == piece.tree.fingerprint(key)
              else tree_deltas(before[piece.key], piece.tree, mask) for piece in found}
    # What a kill leaves half-written can be compared no more: so it is first noted how it is to change.
    noted = [intend(states, name, how) for name, how in deltas.items() if how]
    if any(noted):
        states.write(paths.volume_states)
    changed: dict[str, int] = {}
    for piece in found:
        differing = difference(before[piece.key], piece.tree)
        if differing and not piece.part:
            _keep_old(piece.key, before[piece.key], states, key, paths)
            _write(piece)
            changed[piece.key] = len(differing)
        known = states.volumes.get(piece.key)
        remember(states, piece.key, piece.tree.fingerprint(key), generation, deltas[piece.key], single=piece.single)
        if states.volumes[piece.key] != known:
            states.write(paths.volume_states)
    _drop_unwanted(states, {piece.key for piece in found}, paths)
    return changed


def _keep_old(name: str, held: ConfigTree, states: VolumeStates, key: bytes, paths: NodePaths) -> None:
    """The old content stays on the node until the next change. Not what a killed run or a hand left between."""
    known = states.volumes.get(name)
    if known and known.fingerprint == held.fingerprint(key):
        write_private(paths.old(name), to_tar(held))


def _write(piece: Piece) -> None:
    if not piece.single:
        propagate(piece.tree, piece.place)
        return
    entry = piece.tree.files[piece.place.name]
    write_private(piece.place, entry.content)
    piece.place.chmod(entry.mode)


def _drop_unwanted(states: VolumeStates, wanted: set[str], paths: NodePaths) -> None:
    """Configuration that Treadle put here and that no service wants any more goes."""
    gone = [key for key in states.volumes if key not in wanted]
    for key in gone:
        kind, _, name = key.partition(":")
        if kind == "volume" and "/" in name:
            pass  # it went with its volume, or is still a part of it that nobody mounts by itself
        elif kind == "volume":
            propagate(ConfigTree(), paths.volumes / name)
            if (paths.volumes / name).is_dir():
                (paths.volumes / name).rmdir()
        else:
            folder = paths.kolla_config if kind == "kolla" else paths.scripts
            (folder / name).unlink(missing_ok=True)
        paths.old(key).unlink(missing_ok=True)
        del states.volumes[key]
    if gone:
        states.write(paths.volume_states)
