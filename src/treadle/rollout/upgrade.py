"""An upgrade, or a part of a fast-forward upgrade, stage by stage: full stop at the first failure, nothing twice."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treadle.errors import TreadleError
from treadle.events import Events
from treadle.history import Recorded
from treadle.node import Preview
from treadle.plan.nodeplan import NodePlan
from treadle.plan.taskfiles import LISTS
from treadle.rollout import tasks
from treadle.rollout.change import Change
from treadle.rollout.lifecycle import Lifecycle
from treadle.rollout.pipeline import Propagate, mark_good
from treadle.rollout.reach import Reach
from treadle.rollout.stages import DEPLOY, Stage, left
from treadle.rollout.state import StackState
from treadle.rollout.tasks import Phase, TasksFailed


@dataclass(frozen=True)
class Standing:
    """How a node was left: ``state`` is done, failed, stopped (well, but between two stages) or untouched; ``at`` what
    it did last."""

    node: str
    state: str
    at: str = ""
    why: str = ""

    def __str__(self) -> str:
        return f"{self.node}: {self.state}" + (f"; did {self.at}" if self.at else "") + (
            f": {self.why}" if self.why else "")


@dataclass
class Upgrade:
    """``stages`` of the upgrade ``lifecycle``, in their order. ``bootstrap``: the node of each role that does what is
    done once; tasks with one of ``skip_tags`` are left out."""

    state: StackState
    lifecycle: Lifecycle
    recorded: Recorded
    stages: Sequence[Stage]
    bootstrap: Mapping[str, str]
    reach: Reach
    events: Events
    skip_tags: Collection[str] = ()
    failed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = self.nodes
        self.plans: dict[str, NodePlan] = {plan.node: plan for plan in self.recorded.plans() if plan.node in names}

    @property
    def nodes(self) -> list[str]:
        return list(dict.fromkeys(node for stage in self.stages for node in stage.nodes))

    @property
    def left(self) -> list[Stage]:
        return left(self.stages, self.lifecycle.done)

    @property
    def begun(self) -> bool:
        """Whether there is something to go on with."""
        return bool(self.left) and any(mark in self.lifecycle.done for stage in self.stages for mark in stage.marks())

    def prepare(self) -> list[Preview]:
        """What the deploys among what is left would lead to; every node that is left is reached. Changes nothing.
        Raises TreadleError where a node, an image or an approval is missing."""
        self.state.approvals().require(self.state.generations().find(self.recorded.id))
        todo = self.left
        names = {node for stage in todo for node in stage.nodes}
        self.reach.open([self.reach.agent(plan) for node, plan in self.plans.items() if node in names])
        deployed = [node for stage in todo if stage.section == DEPLOY for node in stage.nodes]
        work = Propagate(self.state, self.recorded, deployed, self.reach, self.events)
        previews = work.prepare() if deployed else []
        for agent in work.agents:
            agent.check()
        return previews

    def order(self) -> list[str]:
        """What is left, a line for each stage that does something."""
        return ["the nodes' containers are brought to the prepared generation: " + ", ".join(stage.nodes)
                if stage.section == DEPLOY else self._phase(stage).title for stage in self.left if self._meant(stage)]

    def run(self) -> None:
        """Do it. Call ``prepare`` first. Raises TreadleError at the first failure; ``standings`` says how each node was
        left then."""
        for deploy, group in itertools.groupby(self.left, key=lambda stage: stage.section == DEPLOY):
            for stages in ([stage] for stage in group) if deploy else [list(group)]:
                (self._deploy if deploy else self._tasks)(stages)
                self.lifecycle.finish(mark for stage in stages for mark in stage.marks())
        if any(stage.section == DEPLOY for stage in self.stages):
            mark_good(self.state)

    def standings(self) -> list[Standing]:
        """How each node was left."""
        return [self._standing(node) for node in self.nodes]

    def _standing(self, node: str) -> Standing:
        mine = [stage for stage in self.stages if node in stage.nodes]
        done = [stage for stage in mine if stage.mark(node) in self.lifecycle.done]
        at = "" if not done else "the deploy" if done[-1].section == DEPLOY else self._phase(done[-1]).words
        if node in self.failed:
            return Standing(node, "failed", at, self.failed[node])
        if len(done) == len(mine):
            return Standing(node, "done")
        return Standing(node, "stopped", at) if done else Standing(node, "untouched")

    def _tasks(self, stages: Sequence[Stage]) -> None:
        known = [(stage, self._phase(stage)) for stage in stages]

        def finished(phase: Phase) -> None:
            self.lifecycle.finish(mark for stage, one in known if one is phase for mark in stage.marks())

        try:
            tasks.run([phase for _, phase in known], self.reach.ansible, self.events, forks=self.reach.forks,
                      finished=finished, memory=self.lifecycle.facts)
        except TasksFailed as error:
            self.failed = {node: "; ".join(said) for node, said in error.nodes.items()}
            raise
        finally:
            self.lifecycle.keep()

    def _deploy(self, stages: Sequence[Stage]) -> None:
        nodes = [node for stage in stages for node in stage.nodes]
        work = Change(self.state, self.recorded, nodes, self.reach, self.events, batch="100%")
        try:
            work.prepare()
            work.run()
        except TreadleError:
            self.failed = {one.node: one.why for one in work.states() if one.state == "failed"}
            raise

    def _phase(self, stage: Stage) -> Phase:
        releases = self.lifecycle.kept.releases
        last = bool(releases) and stage.release == releases[-1]
        bootstrap = f"{{{{ inventory_hostname == '{self.bootstrap[stage.role]}' }}}}"
        context: dict[str, Any] = {"tripleo_role_name": stage.role, "is_bootstrap_node": bootstrap}
        if stage.release:
            context |= {"releases": releases, "ffu_releases": releases[:-1],
                        "ffu_packages_apply": True if last else bootstrap}
        plans = [self.plans[node] for node in stage.nodes]
        found = plans[0].tasks.get(stage.section, [])
        return Phase(stage.section, untagged(found, self.skip_tags), plans, stage.variables, context)

    def _meant(self, stage: Stage) -> bool:
        return stage.section == DEPLOY or bool(tasks.meant(self._phase(stage).tasks, stage.variables))


def untagged(found: Iterable[Mapping[str, Any]], tags: Collection[str]) -> list[Mapping[str, Any]]:
    """Without the tasks that have one of ``tags``."""
    def kept(task: Mapping[str, Any]) -> bool:
        given = task.get("tags") or []
        return not set(tags) & set(given.split(",") if isinstance(given, str) else given)

    return [{**task, **{key: untagged(task[key], tags) for key in LISTS if key in task}}
            for task in found if kept(task)] if tags else list(found)
