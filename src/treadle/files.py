"""Writing files so that a kill leaves the old one or the new one, never half of either."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from treadle.errors import HostError, InputError

T = TypeVar("T")
#: Ends the name of a file while it is written. One that stays so is of a run that was killed.
DRAFT = ".treadle-new"
_FULL = (errno.ENOSPC, errno.EDQUOT)
#: Bytes that are read at once.
_BLOCK = 8192


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


def append_private(path: Path, compose: Callable[[bytes], bytes], *, durable: bool = False) -> None:
    """Add the line that ``compose`` makes of the file's last one (both without line ends) to a file that only its
    owner may read; of several processes one after the other.

    A last line that was cut off (a kill, a disk that was full) stays as it is: the new one begins behind it. Raises
    HostError where the disk is full, read-only or broken; nothing of the line is there then. ``durable`` waits until
    the disk has it.
    """
    with writing(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab+", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            before = os.fstat(file.fileno()).st_size
            last, whole = last_line(file.fileno())
            data = (b"" if whole else b"\n") + compose(last) + b"\n"
            try:
                while data:
                    data = data[file.write(data):]
            except OSError:
                with suppress(PermissionError):  # an append-only file (chattr +a) keeps it: a line that was cut off
                    file.truncate(before)
                raise
            if durable:
                os.fsync(file)


def last_line(handle: int) -> tuple[bytes, bool]:
    """The last line of an open file without its end, and whether it has one."""
    tail, start = b"", os.fstat(handle).st_size
    while start and b"\n" not in tail[:-1]:
        step = min(start, _BLOCK)
        start -= step
        tail = os.pread(handle, step, start) + tail
    return tail.removesuffix(b"\n").rpartition(b"\n")[2], not tail or tail.endswith(b"\n")
