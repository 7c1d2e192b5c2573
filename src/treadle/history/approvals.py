"""Who approved or rejected what: annotated tags on generations, ``approved/ID/WHO`` and ``rejected/ID/WHO``.

A decision is about a generation's content: it counts for every generation with the same tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from treadle.errors import HistoryError
from treadle.files import read_document, write_private
from treadle.history import GOOD, Generation
from treadle.history.git import Repository
from treadle.history.tags import DECISIONS, remove, rows, write

APPROVED, REJECTED = DECISIONS
_FIELDS = "%00".join(f"%({field})" for field in (
    "refname:lstrip=2", "tag", "*objectname", "*tree", "taggername", "taggerdate:unix", "contents:subject",
    "contents:body", "contents:signature"))
#: What git says of a good signature: SSH's (name, key), GnuPG's (key).
_SSH = re.compile(r'^Good "git" signature for (?P<name>.+) with \S+ key (?P<key>\S+)', re.MULTILINE)
_GPG = re.compile(r"^\[GNUPG:\] VALIDSIG (?P<key>\S+)", re.MULTILINE)
_GPG_NAME = re.compile(r"^\[GNUPG:\] GOODSIG \S+ (?P<name>.+)", re.MULTILINE)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a generation needs before it is propagated: how many approvals of others than its author, and whether they
    must be signed by a key that git knows."""

    approvals: int = 0
    signed: bool = False


@dataclass(frozen=True)
class Decision:
    """One person's word on one generation; ``when`` in seconds since the epoch. ``signer`` is the key of a good
    signature, ``unsure`` what is wrong with one that is not; both empty: not signed."""

    who: str
    when: int
    approved: bool
    message: str
    generation: str
    signer: str = ""
    name: str = ""
    unsure: str = ""

    @property
    def verdict(self) -> str:
        return APPROVED if self.approved else REJECTED

    @property
    def signature(self) -> str:
        if self.signer:
            return f"signed by {self.name or self.signer}"
        return f"signed, but not by a known key: {self.unsure}" if self.unsure else "not signed"


@dataclass(frozen=True)
class Standing:
    """Where a generation stands: decisions that hold, and of them the approvals that count."""

    generation: Generation
    policy: Policy
    decisions: tuple[Decision, ...]
    counted: tuple[Decision, ...]

    @property
    def rejected(self) -> tuple[Decision, ...]:
        return tuple(decision for decision in self.decisions if not decision.approved)

    def __str__(self) -> str:
        wanted = f" of {self.policy.approvals}" if self.policy.approvals else ""
        by = f", rejected by {', '.join(decision.who for decision in self.rejected)}" if self.rejected else ""
        return f"{len(self.counted)}{wanted}{by}"


@dataclass(frozen=True)
class Approvals:
    """The decisions in a repository, and what the policy makes of them."""

    repository: Repository
    policy: Policy

    def decide(self, generation: Generation, *, approved: bool, who: str, message: str) -> None:
        """Approve or reject ``generation``, in place of what ``who`` said of it before. Signed where git's
        configuration says so. Raises HistoryError where git cannot (a key that is missing)."""
        verdict, other = (APPROVED, REJECTED) if approved else (REJECTED, APPROVED)
        with self.repository.writes():
            write(self.repository, _tag(verdict, generation.id, who), generation.id, who=who, force=True,
                  message=message or verdict.capitalize())
            remove(self.repository, _tag(other, generation.id, who))

    def withdraw(self, generation: Generation, who: str) -> bool:
        """Take back what ``who`` said of ``generation`` and of others with its tree. False: that was nothing."""
        with self.repository.writes():
            mine = [ref for ref, tree, decision in self._all() if tree == generation.tree and decision.who == who]
            for ref in mine:
                remove(self.repository, ref)
        return bool(mine)

    def decisions(self, generation: Generation) -> list[Decision]:
        """All that is said of ``generation`` (or of one with the same tree), the oldest first."""
        return sorted((self._verified(ref, decision) for ref, tree, decision in self._all()
                       if tree == generation.tree), key=lambda decision: (decision.when, not decision.approved))

    def _all(self) -> Iterable[tuple[str, str, Decision]]:
        """(tag, tree, decision); a good signature is not looked for yet."""
        found = rows(self.repository, "for-each-ref", f"--format={_FIELDS}%01", *(f"refs/tags/{d}/" for d in DECISIONS))
        for ref, named, generation, tree, who, when, subject, body, signature in found:
            # What was decided stands in the signed object too: a tag that was renamed decides nothing.
            if generation and who and ref == named:
                message = "\n\n".join(part.strip() for part in (subject, body) if part.strip())
                yield ref, tree, Decision(who, int(when), ref.startswith(f"{APPROVED}/"), message, generation,
                                          unsure="not verified" if signature else "")

    def _verified(self, ref: str, decision: Decision) -> Decision:
        if not decision.unsure:
            return decision
        done = self.repository.attempt("verify-tag", "--raw", "--", ref)
        said = done.stderr.decode("utf-8", "replace")
        found = None if done.returncode else _SSH.search(said) or _GPG.search(said)
        if found is None:
            lines = [line for line in said.splitlines() if not line.startswith("[GNUPG:]")] or ["git refuses it"]
            return _with(decision, unsure=lines[0])
        named = found if "name" in found.groupdict() else _GPG_NAME.search(said)
        return _with(decision, unsure="", signer=found["key"], name=named["name"] if named else "")

    def standing(self, generation: Generation) -> Standing:
        """Each person's last word holds. Approvals of the author do not count; nor, where the policy wants signed ones,
        those without a good signature, and of one key only one."""
        held: dict[str, Decision] = {}
        for decision in self.decisions(generation):
            if decision.approved and self.policy.signed and not decision.signer:
                continue  # nor does it take a rejection back
            held[decision.who] = decision
        counted = {decision.signer if self.policy.signed else decision.who: decision for decision in held.values()
                   if decision.approved and generation.author not in (decision.who, decision.name)}
        return Standing(generation, self.policy, tuple(held.values()), tuple(counted.values()))

    def require(self, generation: Generation) -> None:
        """Raise HistoryError where ``generation`` may not be propagated: what is missing, and what to type. What ran
        last everywhere needs no approvals: to go back to it, or to put it right, is no change to decide on."""
        standing, short = self.standing(generation), generation.short
        for decision in standing.rejected:
            raise HistoryError(f"generation {short} was rejected by {decision.who}: {decision.message}",
                               hint=f"until {decision.who} approves it (openstack overcloud config approve {short}) or "
                               f"withdraws: openstack overcloud config reject --withdraw {short}")
        good = self.repository.resolve(f"{GOOD}^{{tree}}")
        if len(standing.counted) < self.policy.approvals and generation.tree != good:
            kind = "signed approvals" if self.policy.signed else "approvals"
            have = ", ".join(decision.who for decision in standing.counted)
            raise HistoryError(f"generation {short} needs {self.policy.approvals} {kind} of others than its author "
                               f"{generation.author}, and has {len(standing.counted)}{f' ({have})' if have else ''}",
                               hint=f"each of them: openstack overcloud config approve {short}")


def _with(decision: Decision, **changed: str) -> Decision:
    return Decision(**{**vars(decision), **changed})


def _tag(verdict: str, generation: str, who: str) -> str:
    """The tag's name; characters of ``who`` that git allows in no name stand as their number."""
    safe = re.sub(r"[^\w@+.-]|^\.|\.(?=\.|$|lock$)", lambda found: "".join(f"%{byte:02x}" for byte in
                                                                          found.group().encode()), who, flags=re.ASCII)
    return f"{verdict}/{generation[:12]}/{safe}"


def read_policy(path: Path) -> Policy:
    """The stack's policy; without a file nothing is demanded. Raises InputError for a damaged one."""
    return read_document(path, Policy) or Policy()


def write_policy(path: Path, policy: Policy) -> None:
    """Keep it."""
    write_private(path, msgspec.json.encode(policy))


__all__ = ["Approvals", "Decision", "Policy", "Standing", "read_policy", "write_policy"]
