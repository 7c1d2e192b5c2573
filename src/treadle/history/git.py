"""Git's own plumbing, behind one object: fast-import to write, cat-file, ls-tree and diff-tree to read."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from treadle.errors import HistoryError
from treadle.files import writing


@dataclass(frozen=True)
class Blob:
    """A file of a commit; ``mode`` is git's: 100644, 100755 or 120000 (a symbolic link)."""

    data: bytes
    mode: str = "100644"

    @property
    def id(self) -> str:
        """The object id that git gives it."""
        return hashlib.sha1(b"blob %d\0" % len(self.data) + self.data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Entry:
    """A file of a commit by its object id, not read yet."""

    mode: str
    id: str


@dataclass(frozen=True)
class Commit:
    """``when`` in seconds since the epoch; ``author`` is the name alone."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: str
    when: int
    message: str


@dataclass(frozen=True)
class Differing:
    """A path that is not the same in two commits; None where it is not there."""

    path: str
    old: Entry | None
    new: Entry | None


@dataclass(frozen=True)
class Repository:
    """A bare repository. The user's and the machine's git configuration supply the identity only."""

    path: Path

    @property
    def exists(self) -> bool:
        return (self.path / "HEAD").exists()

    def ensure(self) -> None:
        """Make the repository where there is none; only its owner may read it."""
        if not self.exists:
            with writing(self.path):
                self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.run("init", "--quiet", "--bare", "--initial-branch=generated", str(self.path))

    def run(self, *args: str, given: bytes | None = None, environment: Mapping[str, str] | None = None) -> bytes:
        """One git command's output. Raises HistoryError with what it said."""
        done = self.attempt(*args, given=given, environment=environment)
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise HistoryError(f"git {_verb(args)} failed: {said}", source=self.path, hint=_advice(said, self.path))
        return done.stdout

    def attempt(self, *args: str, given: bytes | None = None,
                environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
        """One git command, however it ends."""
        environment = {**os.environ, "GIT_DIR": str(self.path), "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0",
                       **(environment or {})}
        try:
            return subprocess.run(["git", *args], input=given, capture_output=True, env=environment, check=False)
        except FileNotFoundError:
            raise HistoryError("git is not installed", hint="apt-get install git") from None

    @contextmanager
    def writes(self) -> Iterator[None]:
        """One writer at a time. What a killed one left is removed first: git refuses to change what is locked,
        whoever locked it."""
        self.ensure()
        with writing(self.path), (self.path / "treadle.lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # the kernel lets go of it when its holder dies
            for lock in [*self.path.glob("*.lock"), *(self.path / "refs").rglob("*.lock")]:
                if lock.name != "treadle.lock":
                    lock.unlink(missing_ok=True)
            for scratch in self.refs("refs/treadle/new-"):
                self.run("update-ref", "-d", scratch)
            yield

    def resolve(self, name: str) -> str | None:
        """The full object id of ``name``, None where it names nothing."""
        try:
            return self.run("rev-parse", "--verify", "--quiet", "--end-of-options", name).decode().strip()
        except HistoryError:
            return None

    def refs(self, prefix: str) -> dict[str, str]:
        """``{name: id of the commit}`` of every reference whose name begins with ``prefix``."""
        rows = self.run("for-each-ref", "--format=%(refname) %(objectname) %(*objectname)").decode().splitlines()
        split = [row.split(" ") for row in rows if row.startswith(prefix)]
        return {name: peeled or own for name, own, peeled in split}

    def commit(self, ref: str, changes: Mapping[str, Blob | None], *, parent: str | None, author: str, when: int,
               message: str) -> str:
        """Commit ``parent`` with ``changes`` (None: the file or folder goes) and let ``ref`` point to it; the same
        tree as the parent's: no commit. Gives the commit's id.

        ``author`` is "Name <address>", ``when`` seconds since the epoch. Call it inside ``writes``.
        """
        scratch = f"refs/treadle/new-{os.getpid()}"
        stream = b"".join(_stream(scratch, parent, changes, author, when, message))
        self.run("fast-import", "--quiet", "--force", given=stream)
        made = self.resolve(scratch)
        if made is None:
            raise HistoryError("git fast-import made no commit", source=self.path)
        try:
            if parent and self.resolve(f"{parent}^{{tree}}") == self.resolve(f"{made}^{{tree}}"):
                return parent
            self.point(ref, made, parent)
            return made
        finally:
            self.run("update-ref", "-d", scratch)

    def point(self, ref: str, commit: str, before: str | None = "") -> None:
        """Let ``ref`` point to ``commit``; ``before`` is where it must have pointed (None: nowhere; '': no matter)."""
        expected = [] if before == "" else [before or "0" * 40]
        self.run("update-ref", ref, commit, *expected)

    def again(self, ref: str, old: str, *, author: str, when: int, message: str) -> str:
        """Commit the tree of ``old`` on top of ``ref``; gives the commit's id. Call it inside ``writes``."""
        parent, tree = self.resolve(ref), self.resolve(f"{old}^{{tree}}")
        if parent is None or tree is None or self.resolve(f"{parent}^{{tree}}") == tree:
            return parent or old
        name, _, address = author.rstrip(">").partition(" <")
        made = self.run("commit-tree", tree, "-p", parent, given=message.encode(), environment={
            f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", name), ("EMAIL", address), ("DATE", f"{when} +0000"))}).decode().strip()
        self.point(ref, made, parent)
        return made

    def fetch(self, url: str, ref: str, into: str) -> str:
        """Fetch ``ref`` (a branch, a tag or a commit) from ``url``, with the tags on it, and let ``into`` point to it;
        gives the commit. Raises HistoryError where the server or the ref is not there."""
        self.run("-c", "http.lowSpeedLimit=1", "-c", f"http.lowSpeedTime={_PATIENCE}", "fetch", "--quiet",
                 "--no-auto-gc", "--force", "--", url, f"{ref}:{into}",
                 "refs/tags/approved/*:refs/tags/approved/*", "refs/tags/rejected/*:refs/tags/rejected/*")
        commit = self.resolve(f"{into}^{{commit}}")
        if commit is None:
            raise HistoryError(f"{ref} of {url} is no commit", hint="name a branch, a tag or a commit")
        return commit

    def within(self, old: str, new: str) -> bool:
        """Whether ``old`` is ``new`` or one of its ancestors."""
        return not self.run("rev-list", "--max-count=1", old, f"^{new}")

    def listing(self, commit: str, *folders: str) -> dict[str, Entry]:
        """Every file of ``commit`` below ``folders`` (all, where there are none): ``{path from the root: Entry}``."""
        output = self.run("ls-tree", "-r", "-z", "--full-tree", commit, *folders)
        found: dict[str, Entry] = {}
        for line in output.decode("utf-8", "surrogateescape").split("\0")[:-1]:
            meta, path = line.split("\t", 1)
            mode, _, oid = meta.split(" ")
            found[path] = Entry(mode, oid)
        return found

    def read(self, commit: str, *folders: str) -> dict[str, Blob]:
        """All files of ``commit`` below ``folders``: ``{path from the root: Blob}``."""
        entries = self.listing(commit, *folders)
        data = self.blobs(entry.id for entry in entries.values())
        return {path: Blob(data[entry.id], entry.mode) for path, entry in entries.items()}

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """``{id: content}``. Raises HistoryError for an object that is missing or damaged."""
        unique = list(dict.fromkeys(ids))
        if not unique:
            return {}
        output = self.run("cat-file", "--batch", given="".join(f"{oid}\n" for oid in unique).encode())
        found: dict[str, bytes] = {}
        at = 0
        for oid in unique:
            end = output.index(b"\n", at)
            facts = output[at:end].split()
            if len(facts) != 3:
                raise HistoryError(f"the object {oid} is missing", source=self.path, hint=_RESTORE)
            size = int(facts[2])
            found[oid] = output[end + 1: end + 1 + size]
            at = end + 1 + size + 1
        return found

    def differing(self, old: str, new: str, *folders: str) -> list[Differing]:
        """The files that differ between two commits (or trees), sorted by path."""
        output = self.run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--full-index", old, new, "--", *folders)
        words = output.decode("utf-8", "surrogateescape").split("\0")
        found = []
        for facts, path in zip(words[0:-1:2], words[1::2], strict=False):
            mode, new_mode, oid, new_oid, _ = facts.lstrip(":").split(" ")
            found.append(Differing(path, None if set(oid) == {"0"} else Entry(mode, oid),
                                   None if set(new_oid) == {"0"} else Entry(new_mode, new_oid)))
        return found

    def log(self, start: str, limit: int, *paths: str) -> list[Commit]:
        """Commits from ``start`` back; those alone that changed one of ``paths``, where any are given."""
        if self.resolve(start) is None:
            return []
        output = self.run("log", f"--max-count={limit}", "--format=%H%x00%T%x00%P%x00%an%x00%at%x00%B%x01", start, "--",
                          *paths).decode("utf-8", "replace")
        rows = [entry.strip("\n").split("\0") for entry in output.split("\x01") if entry.strip("\n")]
        return [Commit(row[0], row[1], tuple(row[2].split()), row[3], int(row[4]), row[5].strip()) for row in rows]


#: Seconds after which a server that sends nothing is given up.
_PATIENCE = 30
_RESTORE = "restore the repository from a backup or from a clone that was pushed; git fsck tells what is damaged"


def _verb(words: tuple[str, ...]) -> str:
    """The name of the command behind ``-c`` settings."""
    return words[0] if words[0] != "-c" else _verb(words[2:])


def _advice(said: str, path: Path) -> str:
    """What to do about what git said."""
    if any(word in said for word in ("unable to access", "Could not read from remote", "does not appear to be a git",
                                     "could not read Username", "unable to connect")):
        return "check the address, that the server can be reached from here, and the key or credential helper for it"
    if "couldn't find remote ref" in said:
        return "no branch, tag or commit of that server is called so: git ls-remote URL"
    if "No space left" in said:
        return f"make room (df -h {path}), then run the same command again"
    if "ermission denied" in said:
        return f"whoever runs this must own {path}"
    if any(word in said for word in ("corrupt", "bad object", "missing object", "is empty", "unable to read",
                                       "not a git repository", "inflate")):
        return _RESTORE
    return ""


def _stream(ref: str, parent: str | None, changes: Mapping[str, Blob | None], author: str, when: int,
            message: str) -> Iterator[bytes]:
    text = message.encode()
    yield f"commit {ref}\ncommitter {author} {when} +0000\ndata {len(text)}\n".encode() + text + b"\n"
    if parent:
        yield f"from {parent}\n".encode()
    # What goes comes first: a folder may become a file, and a file a folder.
    for path in sorted(path for path, blob in changes.items() if blob is None):
        yield b"D " + _quoted(path) + b"\n"
    for path, blob in sorted(changes.items()):
        if blob is not None:
            yield f"M {blob.mode} inline ".encode() + _quoted(path) + f"\ndata {len(blob.data)}\n".encode()
            yield blob.data + b"\n"


def _quoted(path: str) -> bytes:
    text = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'.encode("utf-8", "surrogateescape")
