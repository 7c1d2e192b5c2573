"""Folders of a node's services: which are not there, making them, removing them with the stack."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from treadle.errors import StepFailed


def missing(folders: Sequence[str]) -> list[str]:
    return [folder for folder in folders if not Path(folder).is_dir()]


def make(folders: Sequence[str]) -> list[str]:
    """Those that were not there. Raises StepFailed for one that cannot be made."""
    made = missing(folders)
    for folder in made:
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StepFailed(f"({folder}): {error.strerror}") from error
    return made


def remove(folders: Sequence[str], root: str) -> None:
    """With all that is in them, and with what is empty above them."""
    top = Path(f"{root}/var")
    for folder in map(Path, folders):
        if folder.exists():  # it may have been inside one that went
            shutil.rmtree(folder)
        _remove_empty(folder.parent, top)


def _remove_empty(folder: Path, top: Path) -> None:
    """The folders above one that went, where nothing else is in them; never /var/lib or /var/log themselves."""
    while folder.parent.parent.is_relative_to(top) and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
