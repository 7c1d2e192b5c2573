"""Names of generations: git's tags, but for those that are decisions (``approvals``)."""

from __future__ import annotations

import re

from treadle.errors import HistoryError, InputError, nearest
from treadle.history import GOOD, NEWEST, REF
from treadle.history.git import Repository
from treadle.history.trailer import TRAILER

#: Below these names are decisions.
DECISIONS = ("approved", "rejected")
_ID = re.compile(r"[0-9a-f]{4,40}")
_TAKEN = (NEWEST, GOOD.rpartition("/")[2], "HEAD")


def rows(repository: Repository, *args: str) -> list[list[str]]:
    """What a git command tells whose format ends a row by %01 and parts its fields by %00."""
    told = repository.run(*args).decode("utf-8", "replace")
    return [row.lstrip("\n").split("\0") for row in told.split("\x01")[:-1]]


def tags(repository: Repository) -> dict[str, str]:
    """``{name: generation's id}``, without decisions."""
    found = {ref.removeprefix("refs/tags/"): id_ for ref, id_ in repository.refs("refs/tags/").items()}
    return {name: id_ for name, id_ in found.items() if not name.startswith(tuple(f"{each}/" for each in DECISIONS))}


def checked(repository: Repository, name: str) -> str:
    """``name`` where a tag may be called so. Raises InputError."""
    hint = "for example: release-7"
    if name.split("/")[0] in DECISIONS:
        raise InputError(f"{name} would be a decision", key="NAME",
                         hint="openstack overcloud config approve, openstack overcloud config reject")
    if name in _TAKEN or _ID.fullmatch(name):
        raise InputError(f"{name} names a generation already" if name in _TAKEN else f"{name} looks like an id",
                         key="NAME", hint=hint)
    if name.startswith("-") or repository.attempt("check-ref-format", f"refs/tags/{name}").returncode:
        raise InputError(f"git allows no tag called {name!r}", key="NAME", hint=hint)
    return name


def write(repository: Repository, name: str, generation: str, *, who: str, message: str, force: bool = False) -> None:
    """Make an annotated tag, signed where git's configuration says so (tag.gpgSign). Inside ``writes``. Raises
    HistoryError where git cannot (a key that is missing)."""
    ref = f"refs/tags/{name}"
    before = repository.resolve(ref)
    done = repository.attempt(
        "tag", "--annotate", "--cleanup=whitespace", *(["--force"] if force else []), "--file=-", "--", name,
        generation, given=message.encode(), environment={"GIT_COMMITTER_NAME": who, "GIT_COMMITTER_EMAIL": who})
    # Git makes the tag without a signature, and calls that a success, where an SSH key is missing.
    wanted = repository.attempt("config", "--type=bool", "tag.gpgSign").stdout.strip() == b"true"
    signed = done.returncode == 0 and repository.run("for-each-ref", "--format=%(contents:signature)", ref).strip()
    if done.returncode or (wanted and not signed):
        if before != repository.resolve(ref):
            repository.run("update-ref", *([ref, before] if before else ["-d", ref]))
        raise HistoryError(f"git could not make the tag {name}: {done.stderr.decode('utf-8', 'replace').strip()}",
                           source=repository.path,
                           hint="git config user.signingkey, gpg.format and tag.gpgSign say how tags are signed"
                           if wanted else "correct it, then run the same command again")


def remove(repository: Repository, name: str) -> None:
    """Remove a tag where it is there. Inside ``writes``."""
    repository.run("update-ref", "-d", f"refs/tags/{name}")


def tag(repository: Repository, name: str, generation: str, *, who: str, message: str, force: bool = False) -> None:
    """Call ``generation`` (an id) ``name``. Raises InputError for a name of another generation, unless ``force``."""
    checked(repository, name)
    with repository.writes():
        there = tags(repository).get(name)
        if there is not None and there != generation and not force:
            raise InputError(f"{name} is the name of generation {there[:12]}", key="NAME",
                             hint="take another name, or move it: --force")
        if there != generation:
            write(repository, name, generation, who=who, message=message or name, force=force)


def untag(repository: Repository, name: str) -> str:
    """Take a name away; gives the id of the generation that it named. Raises InputError for an unknown one."""
    with repository.writes():
        known = tags(repository)
        if name not in known:
            raise InputError(f"no tag is called {name}{nearest(name, known)}", key="NAME",
                             hint="see them: openstack overcloud config history")
        remove(repository, name)
        return known[name]


def anchors(repository: Repository) -> dict[str, str]:
    """``{generation: hash of the journal's last line when it was recorded}``, empty without a repository."""
    if not repository.exists or repository.resolve(REF) is None:
        return {}
    found = rows(repository, "log", f"--format=%H%x00%(trailers:key={TRAILER},valueonly,separator=%x20)%x01", REF)
    return {id_: held.strip() for id_, held in found if held.strip()}
