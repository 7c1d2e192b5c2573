"""Writing files so that a kill leaves the old one or the new one, never half of either."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from treadle.errors import HostError, InputError

T = TypeVar("T")
#: Ends the name of a file while it is written. One that stays so is of a run that was killed.
DRAFT = ".treadle-new"
_FULL = (errno.ENOSPC, errno.EDQUOT)


def host_error(error: OSError, path: Path | None = None) -> HostError:
    """The same as an error that says what to do. ``path`` is what was to be written, where ``error`` does not tell."""
    place = Path(os.fsdecode(error.filename)) if error.filename else path
    said = error.strerror or str(error)
    if error.errno in _FULL:
        return HostError(f"cannot be written: {said}", source=place,
                         hint=f"make room (df -h {place.parent if place else '/'}), then run the same command again: "
                         "it goes on from here; files are replaced whole, so none is half-written")
    return HostError(said, source=place, hint="correct it, then run the same command again")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """A full, read-only or broken disk is a HostError."""
    try:
        yield
    except OSError as error:
        if error.errno not in (*_FULL, errno.EROFS, errno.EIO):
            raise
        raise host_error(error, path) from error


def write_atomic(path: Path, data: bytes | str, *, mode: int = 0o644, owner: tuple[int, int] | None = None) -> None:
    """Write beside ``path`` and rename over it; folders above it are made. Raises HostError
    where the disk is full, read-only or broken; ``path`` is as it was then."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=DRAFT)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data.encode() if isinstance(data, str) else data)
                os.fchmod(out.fileno(), mode)
                if owner is not None:
                    os.fchown(out.fileno(), *owner)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def sweep(folder: Path, *, deep: bool = True) -> None:
    """Remove what killed runs left half-written in ``folder`` (and below). Nobody else may be writing there."""
    for left in folder.rglob(f"*{DRAFT}") if deep else folder.glob(f"*{DRAFT}"):
        left.unlink(missing_ok=True)


def read_document(path: Path, kind: type[T]) -> T | None:
    """The JSON file at ``path`` as a ``kind``, None where there is none. Raises InputError for a damaged one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise InputError(f"is damaged: {error}", source=path,
                         hint="restore it, or remove it: what it remembered is then done again") from None


def write_private(path: Path, data: bytes | str) -> None:
    """``write_atomic`` for what only the owner may read; a folder that has to be made is as private."""
    if not path.parent.exists():
        with writing(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_atomic(path, data, mode=0o600)


def append_private(path: Path, line: str) -> None:
    """Add ``line`` to a file that only its owner may read. Raises HostError where the disk is full, read-only or
    broken; nothing of the line is there then."""
    with writing(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab", buffering=0) as out:
            data, before = line.encode(), os.fstat(handle).st_size
            try:
                while data:
                    data = data[out.write(data):]
            except OSError:
                out.truncate(before)
                raise
