"""A generation in; the node's config volumes out, each file checked against what the generation says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from treadle.errors import StepFailed
from treadle.files import writing
from treadle.generate.tree import ConfigTree, File, from_directory
from treadle.propagate.states import Delta, Revision, VolumeState, VolumeStates, intend, remember


@dataclass(frozen=True)
class Change:
    """What propagating did to one file: ``added``, ``changed`` or ``removed``."""

    path: str
    what: str


def difference(old: ConfigTree, new: ConfigTree) -> list[Change]:
    """The files that differ, sorted by path."""
    changes = [Change(path, "removed") for path in old.files.keys() - new.files.keys()]
    for path, entry in new.files.items():
        if path not in old.files:
            changes.append(Change(path, "added"))
        elif old.files[path] != entry:
            changes.append(Change(path, "changed"))
    return sorted(changes, key=lambda change: change.path)


def propagate(tree: ConfigTree, target: Path) -> list[Change]:
    """Make the folder ``target`` hold exactly ``tree``; gives what differed before.

    All new contents are written beside their places first and renamed in one go, so that a container which
    starts meanwhile finds whole files. The folder itself stays: running containers have it mounted.
    Raises StepFailed where what was read back is not what was written.
    """
    old = from_directory(target)
    changes = difference(old, tree)
    if changes:
        with writing(target):
            target.mkdir(parents=True, exist_ok=True)
            _apply(changes, old, tree, target)
        left = difference(from_directory(target), tree)
        if left:
            raise StepFailed(f"{target}/{left[0].path} is not what was written to it",
                             hint="is somebody else changing it? then run the deploy again")
    return changes


#: What a killed run left under this name is no part of the tree, so the next run removes it.
_NEW = ".treadle-new"


def _apply(changes: list[Change], old: ConfigTree, tree: ConfigTree, target: Path) -> None:
    wanted = {change.path: tree.files[change.path] for change in changes if change.what != "removed"}
    gone = [change.path for change in changes if change.what == "removed"]
    gone += [path for path, entry in wanted.items()
             if path in old.files and (old.files[path].type == "dir") != (entry.type == "dir")]
    for path in [path for path in gone if path.endswith(_NEW) and path not in wanted]:
        _remove(target / path)
        gone.remove(path)
    staged: list[tuple[Path, Path]] = []
    try:  # all that a full disk can refuse comes before anything is taken away
        for path, entry in sorted(wanted.items()):
            if entry.type != "dir":
                staged.append((target / _beside(path, old), target / path))
                _stage(staged[-1][0], entry)
    except OSError:
        for new, _ in staged:
            new.unlink(missing_ok=True)
        raise
    for path in sorted(gone, key=len, reverse=True):
        _remove(target / path)
    for path, entry in sorted(wanted.items()):
        if entry.type == "dir":
            (target / path).mkdir(exist_ok=True)
            _own(target / path, entry)
    for new, place in staged:
        place.parent.mkdir(parents=True, exist_ok=True)
        new.replace(place)


def _beside(path: str, old: ConfigTree) -> str:
    """Where the new content of ``path`` waits: beside its place, or above it where its folder is not there yet."""
    folder = PurePosixPath(path).parent
    while str(folder) != "." and not (str(folder) in old.files and old.files[str(folder)].type == "dir"):
        folder = folder.parent
    inner = str(PurePosixPath(path).relative_to(folder)).replace("/", "%")
    return str(folder / f"{inner}{_NEW}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for inner in sorted(path.rglob("*"), key=lambda p: len(p.parts), reverse=True):
            inner.rmdir() if inner.is_dir() and not inner.is_symlink() else inner.unlink()
        path.rmdir()
    elif path.is_symlink() or path.exists():
        path.unlink()


def _stage(new: Path, entry: File) -> None:
    if entry.type == "link":
        new.symlink_to(os.fsdecode(entry.content))
        os.lchown(new, entry.uid, entry.gid)
        return
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(entry.content)
    _own(new, entry)


def _own(path: Path, entry: File) -> None:
    os.chown(path, entry.uid, entry.gid)
    path.chmod(entry.mode)


def fingerprints(trees: Mapping[str, ConfigTree], key: bytes) -> dict[str, str]:
    """``{volume: fingerprint}``."""
    return {volume: tree.fingerprint(key) for volume, tree in trees.items()}


__all__ = ["Change", "Delta", "Revision", "VolumeState", "VolumeStates", "difference", "fingerprints", "intend",
           "propagate", "remember"]
