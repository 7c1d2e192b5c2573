"""A rolling update: node by node to a generation, each well before the next begins; the first failure stops all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treadle.errors import StepFailed, TreadleError
from treadle.events import Events
from treadle.history import Recorded
from treadle.node import Verbs
from treadle.node.held import Held
from treadle.plan.nodeplan import NodePlan
from treadle.rollout import tasks
from treadle.rollout.change import Change
from treadle.rollout.pipeline import where
from treadle.rollout.reach import Reach
from treadle.rollout.state import StackState
from treadle.rollout.update import STEPS, Update, write


@dataclass
class Rolling:
    """``update`` on nodes, in ``batches``. ``go_back``: nodes that fail go back to what they ran before."""

    state: StackState
    update: Update
    recorded: Recorded
    reach: Reach
    events: Events
    batches: Sequence[Sequence[str]]
    max_failures: int = 0
    go_back: bool = False
    plans: dict[str, NodePlan] = field(default_factory=dict)
    images: dict[str, dict[str, str]] = field(default_factory=dict)

    def prepare(self) -> None:
        """Reach all nodes that are meant, and see what they run. Nothing is changed. Raises Unreachable."""
        self.state.approvals().require(self.state.generations().find(self.recorded.id))
        self.plans = {name: self.recorded.plan(name) for names in self.batches for name in names}
        agents = [self.reach.agent(plan) for plan in self.plans.values()]
        self.reach.open(agents)
        runs = {agent.plan.node: agent.held() for agent in agents}
        before = {node: held.instantiated for node, held in runs.items()
                  if held.instantiated and held.instantiated != self.update.generation}
        self.update = self.update.changed(before={**before, **self.update.before})
        self.images = {agent.plan.node: agent.images() for agent in agents}

    def run(self) -> None:
        """Do it. Call ``prepare`` first. Raises StepFailed when more than ``max_failures`` nodes failed. All the while
        the state's document says how far it came."""
        failures: dict[str, TreadleError] = {}
        self._note(phase="running")
        for number, names in enumerate(self.batches, 1):
            said = ", ".join(names)
            had = {name: self.images[name] for name in names}
            self._note(at_work=list(names), images={**had, **self.update.images})
            try:
                with self.events.span("update", f"{number} of {len(self.batches)}: {said}", subject=said,
                                      generation=self.recorded.id):
                    self._batch(names)
            except TreadleError as error:
                failed = failed_of(error, names)
                failures.update(dict.fromkeys(failed, error))
                self._failed(names, failed, error)
                if len(failures) > self.max_failures:
                    self._note(phase="stopped")
                    raise
            else:
                self._note(at_work=[], done=[*self.update.done, *names], **self._without(names))
        if failures:
            self._note(phase="stopped")
            count = sum(map(len, self.batches))
            raise StepFailed(f"{len(failures)} of {count} nodes failed: {', '.join(failures)}", hint="correct them")
        everybody = {plan.node for plan in self.recorded.plans()}
        self._note(phase="updated" if everybody <= set(self.update.done) else "waiting")

    def _batch(self, names: Sequence[str]) -> None:
        plans = [self.plans[name] for name in names]
        self._tasks("update_tasks", plans)
        change = Change(self.state, self.recorded, names, self.reach, self.events, batch="100%",
                        tasks=False)  # as in TripleO
        change.prepare()
        try:
            change.run()
        except TreadleError as error:
            raise NodesFailed(error, {s.node: s.why for s in change.states() if s.state == "failed"}) from error
        self._tasks("post_update_tasks", plans)
        with self.events.span("phase", f"Health of {', '.join(names)}"):
            assert change.instantiate
            _require_well(change.instantiate.agents)

    def _tasks(self, section: str, plans: Sequence[NodePlan]) -> None:
        """All steps in one run of Ansible: what a task registers in one is known in the next."""
        given = plans[0].tasks.get(section, [])  # of one role
        phases = [tasks.Phase(section, given, plans, {"step": step}) for step in STEPS[section]]
        tasks.run(phases, self.reach.ansible, self.events, forks=self.reach.forks)

    def _without(self, names: Sequence[str]) -> dict[str, Any]:
        """What is known of earlier attempts, but for those nodes."""
        known = self.update
        return {"images": {node: had for node, had in known.images.items() if node not in names},
                "failed": {node: why for node, why in known.failed.items() if node not in names},
                "stopped": [node for node in known.stopped if node not in names],
                "back": [node for node in known.back if node not in names]}

    def _failed(self, names: Sequence[str], failed: Mapping[str, str], error: TreadleError) -> None:
        back: list[str] = []
        if self.go_back:
            try:
                back = self._roll_back([node for node in failed if node in self.update.before])
            except TreadleError as second:
                error.message += f"\nand the way back failed: {second.message}"
        before = self._without(names)
        self._note(at_work=[], failed={**before["failed"], **failed}, back=[*before["back"], *back],
                   stopped=[*before["stopped"], *(node for node in names if node not in failed)])

    def _roll_back(self, nodes: Sequence[str]) -> list[str]:
        """What failed goes back to what ran there before; gives the nodes that did."""
        done: list[str] = []
        history = self.state.generations()
        for generation in dict.fromkeys(self.update.before[node] for node in nodes):
            those = [node for node in nodes if self.update.before[node] == generation]
            self.events.emit("rollback", f"{', '.join(those)} back to generation {generation[:12]}",
                             generation=generation)
            recorded = history.at(generation)
            self._tag_back([recorded.plan(node) for node in those])
            change = Change(self.state, recorded, those, self.reach, self.events, batch="100%", max_failures=len(those),
                            tasks=False)
            change.prepare()
            change.run()
            done += those
        return done

    def _tag_back(self, plans: Sequence[NodePlan]) -> None:
        """Names of images that update_tasks gave to other ones (``pcmklatest``) name again what they named before."""
        phases = []
        for plan in plans:
            now, had = self.reach.agent(plan).images(), self.update.images.get(plan.node, {})
            moved = {image: had[image] for image in sorted(now) if had.get(image, now[image]) != now[image]}
            phases.append(tasks.Phase("images", [
                {"name": f"{image} is again what it was", "command": {"argv": ["docker", "tag", old, image]}}
                for image, old in moved.items()], [plan]))
        tasks.run(phases, self.reach.ansible, self.events)

    def _note(self, **fields: Any) -> None:
        self.update = self.update.changed(**fields)
        write(self.state, self.update)


def _require_well(agents: Sequence[Verbs]) -> None:
    """Every container is as it should be, and healthy, after all that was done."""
    for agent in agents:
        node, left = agent.plan.node, agent.left()
        if left:
            raise NodesFailed(StepFailed(f"{node} is not well after its update: {left[0]}",
                                         hint="openstack overcloud status"), {node: str(left[0])})


class NodesFailed(StepFailed):
    """``error`` as it was, and which nodes of a batch it is about: ``{node: why}``."""

    def __init__(self, error: TreadleError, nodes: Mapping[str, str]) -> None:
        super().__init__(error.message, source=error.source, key=error.key, hint=error.hint)
        self.nodes = nodes


def failed_of(error: TreadleError, names: Sequence[str]) -> dict[str, str]:
    """The nodes of a batch that failed, and why; all, where that is not known."""
    nodes: Mapping[str, Sequence[str] | str] = error.nodes if isinstance(error, tasks.TasksFailed | NodesFailed) else {}
    first = error.message.partition("\n")[0]
    return {node: why if isinstance(why, str) else next(iter(why), first) for node, why in nodes.items()} or \
        dict.fromkeys(names, first)


def look(state: StackState, update: Update) -> Update:
    """``update`` without the nodes that were brought to something else since."""
    held = where(state)
    return update.changed(done=[node for node in update.done if held.get(node, Held()).runs == update.generation])
