"""What an upgrade is in: prepared as which generation, what of it is done. Kept in the stack's folder until it is
converged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from treadle.errors import InputError
from treadle.rollout import update
from treadle.rollout.stages import DEPLOY
from treadle.rollout.state import StackState

#: What a command of OpenStackClient calls it, and what it is called in a sentence.
KINDS = {"upgrade": "an upgrade", "ffwd-upgrade": "a fast-forward upgrade"}
_NAME = "upgrade"
#: Of a generation that was prepared anew, these have to be done again.
_OF_GENERATION = (f"{DEPLOY}/", "post_upgrade_tasks/")


class Kept(msgspec.Struct, forbid_unknown_fields=True):
    """The document. ``roles`` in the order of the roles file; ``releases`` are FastForwardUpgradeReleases; ``done`` the
    marks of stages; ``facts`` what tasks set, by node."""

    kind: str
    generation: str
    roles: list[str] = []
    releases: list[str] = []
    done: list[str] = []
    facts: dict[str, dict[str, Any]] = {}


@dataclass
class Lifecycle:
    """The upgrade of a stack that is under way."""

    state: StackState
    kept: Kept
    done: set[str] = field(default_factory=set)

    @property
    def words(self) -> str:
        return KINDS[self.kept.kind]

    @property
    def facts(self) -> dict[str, dict[str, Any]]:
        return self.kept.facts

    def finish(self, marks: Iterable[str]) -> None:
        """From now on these are done, whatever happens."""
        self.done |= set(marks)
        self.keep()

    def keep(self) -> None:
        self.kept.done = sorted(self.done)
        self.state.remember(_NAME, msgspec.to_builtins(self.kept))

    def over(self) -> None:
        """It is converged."""
        self.state.forget(_NAME)


def current(state: StackState) -> Lifecycle | None:
    """The one that is under way. Raises InputError for a damaged file."""
    found = state.recall(_NAME)
    if found is None:
        return None
    try:
        kept = msgspec.convert(found, Kept)
    except msgspec.ValidationError as error:
        raise InputError(f"was not written by this version: {error}", source=state.path / f"{_NAME}.json",
                         hint="prepare the upgrade again") from None
    return Lifecycle(state, kept, set(kept.done))


def required(state: StackState, *kinds: str) -> Lifecycle:
    """The one that is under way, which must be of one of ``kinds``. Raises InputError, with what to do first."""
    found = current(state)
    if found is None:
        raise InputError(f"no {KINDS[kinds[0]].partition(' ')[2]} of {state.stack} is prepared",
                         hint=f"openstack overcloud {kinds[0]} prepare --stack {state.stack} -e …")
    if found.kept.kind not in kinds:
        raise InputError(f"it is {found.words} that is under way",
                         hint=f"openstack overcloud {found.kept.kind} run --stack {state.stack}")
    return found


def require_newest(found: Lifecycle) -> None:
    """Raise InputError where the stack was changed since the upgrade was prepared."""
    newest = found.state.generations().find()
    if newest.id != found.kept.generation:
        raise InputError(f"generation {found.kept.generation[:12]} was prepared, but the stack has a newer one: "
                         f"{newest.short}", hint="prepare it again, what is done stays so: openstack overcloud "
                         f"{found.kept.kind} prepare --stack {found.state.stack} -e …")


def require_startable(state: StackState, kind: str) -> None:
    """Raise InputError where another kind (``update``: a rolling update) was begun: the nodes are between two states
    then."""
    found, rolling = current(state), update.read(state)
    if kind != "update" and rolling and rolling.begun:
        raise InputError("an update was begun on this stack",
                         hint=f"end it first: openstack overcloud update run --stack {state.stack}, then converge")
    if found and found.kept.kind != kind and found.done:
        raise InputError(f"{found.words} was begun on this stack",
                         hint=f"end it first: openstack overcloud {found.kept.kind} run, then converge, with --stack "
                         f"{state.stack}")


def summary(found: Lifecycle) -> str:
    """``a fast-forward upgrade to generation 1a2b3c is prepared``."""
    return f"{found.words} to generation {found.kept.generation[:12]} is {'under way' if found.done else 'prepared'}"


def begin(state: StackState, kind: str, generation: str, roles: Sequence[str],
          releases: Sequence[str] = ()) -> Lifecycle:
    """Note what was prepared. Where the same was begun before it goes on: tasks that are done stay so, and what was
    brought to another generation is to be brought to this one."""
    found = current(state)
    if found is None or found.kept.kind != kind:
        found = Lifecycle(state, Kept(kind, generation))
    if found.kept.generation != generation:
        found.done = {mark for mark in found.done if not mark.startswith(_OF_GENERATION)}
    found.kept.generation, found.kept.roles, found.kept.releases = generation, list(roles), list(releases)
    found.keep()
    return found
