"""What a hand changed in a node's configuration is kept aside before a generation replaces it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from treadle.errors import HistoryError
from treadle.files import writing
from treadle.generate import ConfigTree
from treadle.instantiate import shown, tree_deltas
from treadle.node.configuration import Mask, Piece
from treadle.paths import NodePaths
from treadle.plan.nodeplan import NodePlan
from treadle.propagate import VolumeStates, difference

#: Gives the config volumes of a node as a generation has them.
Volumes = Callable[[str, str], Mapping[str, ConfigTree]]


@dataclass(frozen=True)
class Kept:
    """One piece of configuration that was not any more as Treadle had put it: ``words`` say how, ``folder`` holds
    the files as the hand had left them."""

    key: str
    words: tuple[str, ...]
    folder: Path


def keep_aside(plan: NodePlan, wanted: Mapping[str, ConfigTree], recorded: Volumes, mask: Mask) -> list[Kept]:
    """Copy every file that is neither what was put there last nor what is ``wanted`` (by key) to a folder of its own
    in the node's state, which only root reads."""
    paths = NodePaths(plan.stack, plan.root)
    key = bytes.fromhex(plan.fingerprint_key)
    moment = time.strftime("%Y%m%d-%H%M%S")
    found: list[Kept] = []
    for name, state in VolumeStates.read(paths.volume_states).volumes.items():
        kind, _, inner = name.partition(":")
        if "/" in inner:
            continue  # a part of a volume, which is looked at whole
        place = {"volume": paths.volumes, "kolla": paths.kolla_config}.get(kind, paths.scripts) / inner
        held = Piece(name, place, ConfigTree()).held()
        if held.fingerprint(key) == state.fingerprint:
            continue
        put = _put(recorded, state.generation, plan.node, inner) if kind == "volume" else None
        new = wanted.get(name, ConfigTree()).files
        differing = [change for change in difference(put or ConfigTree(), held)
                     if held.files.get(change.path) != new.get(change.path)]
        if differing:
            folder = paths.state / "kept" / moment / name.replace(":", "-")
            root = place if place.is_dir() else place.parent
            _copy([change.path for change in differing if change.what != "removed"], root, folder)
            words = shown([delta.words for delta in tree_deltas(put, held, mask)]) if put else []
            found.append(Kept(name, tuple(words or [f"{change.path} {change.what}" for change in differing]), folder))
    return found


def _put(recorded: Volumes, generation: str, node: str, volume: str) -> ConfigTree | None:
    """What was put there; None where that generation is not known any more: then all that lies there is kept."""
    try:
        return recorded(generation, node).get(volume)
    except HistoryError:
        return None


def _copy(files: list[str], root: Path, folder: Path) -> None:
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in files:
            target = folder / path
            if (root / path).is_dir() and not (root / path).is_symlink():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / path, target, follow_symlinks=False)
