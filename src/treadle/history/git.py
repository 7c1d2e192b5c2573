"""Git's own plumbing, behind one object: fast-import to write, cat-file and ls-tree to read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from treadle.errors import HistoryError


@dataclass(frozen=True)
class Blob:
    """A file of a commit; ``mode`` is git's: 100644, 100755 or 120000 (a symbolic link)."""

    data: bytes
    mode: str = "100644"


@dataclass(frozen=True)
class Repository:
    """A bare repository. The user's and the machine's git configuration supply the identity only."""

    path: Path

    def ensure(self) -> None:
        """Make the repository where there is none; only its owner may read it."""
        if not (self.path / "HEAD").exists():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._git("init", "--quiet", "--bare", "--initial-branch=generated", str(self.path))

    def _git(self, *args: str, given: bytes | None = None) -> bytes:
        environment = {**os.environ, "GIT_DIR": str(self.path), "LC_ALL": "C"}
        try:
            done = subprocess.run(["git", *args], input=given, capture_output=True, env=environment, check=False)
        except FileNotFoundError:
            raise HistoryError("git is not installed", hint="apt-get install git") from None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise HistoryError(f"git {args[0]} failed: {said}", source=self.path)
        return done.stdout

    def resolve(self, name: str) -> str | None:
        """The full object id of ``name``, None where it names nothing."""
        try:
            return self._git("rev-parse", "--verify", "--quiet", name).decode().strip()
        except HistoryError:
            return None

    def commit(self, ref: str, files: Mapping[str, Blob], *, author: str, when: int, message: str) -> str:
        """Commit exactly ``files`` on top of ``ref``; same tree as its tip: no commit. Gives the commit's id.

        ``author`` is "Name <address>", ``when`` seconds since the epoch.
        """
        self._sweep()
        parent = self.resolve(ref)
        scratch = f"refs/treadle/new-{os.getpid()}"
        stream = b"".join(self._stream(scratch, parent, files, author, when, message))
        self._git("fast-import", "--quiet", "--force", given=stream)
        made = self.resolve(scratch)
        if made is None:
            raise HistoryError("git fast-import made no commit", source=self.path)
        try:
            if parent and self.resolve(f"{parent}^{{tree}}") == self.resolve(f"{made}^{{tree}}"):
                return parent
            self._git("update-ref", ref, made, parent or "0" * 40)
            return made
        finally:
            self._git("update-ref", "-d", scratch)

    def _sweep(self) -> None:
        """Remove what a killed commit left: git refuses to change what is locked, whoever locked it.

        The stack's lock keeps other writers away.
        """
        for lock in [*self.path.glob("*.lock"), *(self.path / "refs").rglob("*.lock")]:
            lock.unlink(missing_ok=True)
        for scratch in self._git("for-each-ref", "--format=%(refname)", "refs/treadle/").decode().split():
            self._git("update-ref", "-d", scratch)

    @staticmethod
    def _stream(ref: str, parent: str | None, files: Mapping[str, Blob], author: str, when: int,
                message: str) -> Iterable[bytes]:
        text = message.encode()
        yield f"commit {ref}\ncommitter {author} {when} +0000\ndata {len(text)}\n".encode() + text + b"\n"
        if parent:
            yield f"from {parent}\n".encode()
        yield b"deleteall\n"
        for path, blob in sorted(files.items()):
            quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
            yield f"M {blob.mode} inline {quoted}\ndata {len(blob.data)}\n".encode("utf-8", "surrogateescape")
            yield blob.data + b"\n"

    def read(self, commit: str, folder: str = "") -> dict[str, Blob]:
        """All files of ``commit`` below ``folder``: ``{path from the root: Blob}``."""
        listing = self._git("ls-tree", "-r", "-z", "--full-tree", commit, *([folder] if folder else []))
        entries: list[tuple[str, str, str]] = []
        for line in listing.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            meta, path = line.split("\t", 1)
            mode, _, oid = meta.split()
            entries.append((path, mode, oid))
        data = self._blobs([oid for _, _, oid in entries])
        return {path: Blob(data[oid], mode) for path, mode, oid in entries}

    def _blobs(self, oids: Sequence[str]) -> dict[str, bytes]:
        if not oids:
            return {}
        unique = list(dict.fromkeys(oids))
        output = self._git("cat-file", "--batch", given="".join(f"{oid}\n" for oid in unique).encode())
        blobs: dict[str, bytes] = {}
        at = 0
        for oid in unique:
            end = output.index(b"\n", at)
            size = int(output[at:end].split()[2])
            blobs[oid] = output[end + 1: end + 1 + size]
            at = end + 1 + size + 1
        return blobs

    def log(self, ref: str, limit: int) -> list[tuple[str, str, int, str]]:
        """(commit, author, seconds since the epoch, message) from the newest on."""
        if self.resolve(ref) is None:
            return []
        output = self._git("log", f"--max-count={limit}", "--format=%H%x00%an%x00%ct%x00%B%x01", ref).decode()
        rows = [entry.strip("\n").split("\0") for entry in output.split("\x01") if entry.strip("\n")]
        return [(row[0], row[1], int(row[2]), row[3].strip()) for row in rows]
