"""A generation to nodes and into what runs there, in one go; and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from treadle.errors import HistoryError
from treadle.events import Events
from treadle.history import GOOD, Generation, Recorded
from treadle.node import Preview
from treadle.rollout.pipeline import Instantiate, NodeState, Propagate, anchored
from treadle.rollout.reach import Reach
from treadle.rollout.state import StackState, whoami

#: How the message of a rollback begins.
_ROLLBACK = "Roll back to "


@dataclass
class Change:
    """``recorded`` on ``nodes``: propagated to all of them, then instantiated in batches; ``tasks``: with
    deploy_steps_tasks."""

    state: StackState
    recorded: Recorded
    nodes: Sequence[str]
    reach: Reach
    events: Events
    services: tuple[str, ...] = ()
    batch: str = "1"
    max_failures: int = 0
    tasks: bool = True
    instantiate: Instantiate | None = field(default=None, init=False)

    def prepare(self) -> list[Preview]:
        """What it would lead to. Changes nothing."""
        self._propagate = Propagate(self.state, self.recorded, self.nodes, self.reach, self.events, self.services)
        return self._propagate.prepare()

    def run(self) -> None:
        """Do it. Call ``prepare`` first. After a failure ``states`` says how each node was left."""
        self._propagate.run()
        plans = [self.reach.deployed(plan) for plan in self._propagate.plans]
        self.instantiate = Instantiate(self.state, plans, self.reach, self.events, self.services, self.batch,
                                       self.max_failures, tasks=self.tasks)
        self.instantiate.prepare(self.recorded.id)
        self.instantiate.run()

    def states(self) -> list[NodeState]:
        """How each node was left; none where nothing was begun on any."""
        return self.instantiate.states() if self.instantiate else []


def target(state: StackState, name: str, *, last_good: bool) -> Generation:
    """The generation to go back to: ``name``, the last that ran everywhere, or the one before the newest (the newest
    itself where that is a rollback already). Raises HistoryError where there is none."""
    history = state.generations()
    if last_good:
        if history.repository.resolve(GOOD) is None:
            raise HistoryError("no generation was ever instantiated on every node with success", key="--to-last-good",
                               hint="name one: openstack overcloud config history")
        return history.find("good")
    if name:
        return history.find(name)
    newest = history.find()
    if newest.message.startswith(_ROLLBACK) and newest.tree in {older.tree for older in history.log()[1:]}:
        return newest  # the same command again: it goes on from where it was cut off, or has nothing to do
    if not newest.parents:
        raise HistoryError(f"there is no generation before {newest.short}",
                           hint="openstack overcloud config history")
    return history.find(newest.parents[0])


def record_rollback(state: StackState, old: Generation, why: str) -> Generation:
    """A new generation with the tree of ``old``."""
    message = f"{_ROLLBACK}{old.short}" + (f": {why}" if why else "")
    return state.generations().again(old.id, author=f"{whoami()} <{whoami()}>",
                                     message=anchored(message, state))


def roll_back(state: StackState, why: str, reach: Reach, events: Events) -> tuple[Generation, Change]:
    """After a failure: all nodes go back to what ran last on every one of them. Gives the new generation, and the
    change that was made of it. Raises TreadleError where that fails too, once every node was tried."""
    old = target(state, "", last_good=True)
    made = record_rollback(state, old, why)
    recorded = state.generations().at(made.id)
    back = Change(state, recorded, recorded.nodes, reach, events, batch="100%",
                  max_failures=len(recorded.nodes))
    events.emit("rollback", f"back to generation {old.short}, as {made.short}", generation=made.id)
    back.prepare()
    back.run()
    return made, back
