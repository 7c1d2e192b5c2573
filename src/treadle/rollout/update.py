"""How far a rolling update has come, and what comes next. The document is kept on the deployer; the rest is pure."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from treadle.errors import InputError
from treadle.plan.nodeplan import NodePlan
from treadle.rollout.batches import batches
from treadle.rollout.state import StackState

#: TripleO's numbers of steps: update_tasks 0 to 5, post_update_tasks 0 to 3.
STEPS = {"update_tasks": range(6), "post_update_tasks": range(4)}
Phase = Literal["prepared", "running", "stopped", "waiting", "updated", "converged"]
_NAME = "update"


class Serial(msgspec.Struct, frozen=True):
    """How many nodes of a role are updated at a time: a number or a percentage."""

    role: str
    size: str


class Update(msgspec.Struct, frozen=True):
    """``update.json`` of a stack. ``generation`` is what the nodes are brought to; ``before`` what each ran when its
    turn came, ``failed`` why its last one came to nothing, ``back`` which of them went back then, ``stopped`` which are
    between two because another one of their batch failed, ``images`` which images (``{name: id}``) a node that is not
    done had when its turn came."""

    generation: str
    serials: list[Serial]
    message: str = ""
    phase: Phase = "prepared"
    since: float = 0.0
    before: dict[str, str] = {}
    at_work: list[str] = []
    done: list[str] = []
    failed: dict[str, str] = {}
    back: list[str] = []
    stopped: list[str] = []
    images: dict[str, dict[str, str]] = {}

    def changed(self, **fields: Any) -> Update:
        return msgspec.structs.replace(self, **fields)

    @property
    def begun(self) -> bool:
        """Whether something was done of it, and something is left."""
        return self.phase in ("running", "stopped", "waiting")

    @property
    def open(self) -> bool:
        return self.phase != "converged"


@dataclass(frozen=True)
class NodeUpdate:
    """How far one node is: ``updated``, ``at work``, ``failed``, ``went back``, ``stopped`` (cut off, or another of its
    batch failed) or ``waits``."""

    node: str
    role: str
    state: str
    why: str = ""


def read(state: StackState) -> Update | None:
    """The stack's update, the last one where none is under way; None where there never was one."""
    found = state.recall(_NAME)
    return None if found is None else msgspec.convert(found, Update)


def write(state: StackState, update: Update) -> None:
    state.remember(_NAME, msgspec.to_builtins(update))


def prepared(generation: str, roles: Sequence[Mapping[str, Any]], message: str) -> Update:
    """An update that nothing was done of yet; ``roles`` as the roles file has them, in their order."""
    serials = [Serial(str(role["name"]), str(role.get("update_serial") or 1)) for role in roles]
    for serial in serials:
        try:
            batches([], serial.size)
        except InputError as error:
            raise InputError(error.message, key=f"{serial.role}.update_serial", hint="such as 1, or 25%") from None
    return Update(generation, serials, message, since=time.time())


def order(update: Update, plans: Sequence[NodePlan], chosen: Collection[str], sizes: str = "") -> list[list[str]]:
    """The nodes of ``chosen`` that are to be updated still, in batches: role by role in the order of the roles file,
    each with its update_serial, or with ``sizes`` where that is given."""
    serials = {serial.role: serial.size for serial in update.serials}
    roles = [*serials, *dict.fromkeys(plan.role for plan in plans if plan.role not in serials)]
    found: list[list[str]] = []
    for role in roles:
        names = [plan.node for plan in plans if plan.role == role and plan.node in chosen
                 and plan.node not in update.done]
        found += batches(names, sizes or serials.get(role, "1"))
    return found


def progress(update: Update, plans: Sequence[NodePlan], *, running: bool) -> list[NodeUpdate]:
    """How far each node is. ``running``: the command that updates is at work right now."""
    def words(node: str) -> tuple[str, str]:
        if node in update.done:
            return "updated", ""
        if node in update.at_work:
            return ("at work", "") if running else ("stopped", "in the middle")
        if node in update.failed:
            return ("went back" if node in update.back else "failed"), update.failed[node]
        return ("stopped", "another one of its batch failed") if node in update.stopped else ("waits", "")

    return [NodeUpdate(plan.node, plan.role, *words(plan.node)) for plan in plans]


def summary(update: Update, plans: Sequence[NodePlan]) -> str:
    """``update to generation 1a2b3c: stopped, 1 of 3 nodes updated``."""
    done = sum(plan.node in update.done for plan in plans)
    return f"update to generation {update.generation[:12]}: {update.phase}, {done} of {len(plans)} nodes updated"
