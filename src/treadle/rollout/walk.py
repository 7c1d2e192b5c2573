"""Nodes are walked through phases, all of them through one before any comes to the next; too many failures stop all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from treadle.errors import StepFailed, TreadleError
from treadle.events import Events
from treadle.instantiate import Action
from treadle.node import Verbs
from treadle.plan.build import STEPS
from treadle.plan.folders import folders
from treadle.plan.nodeplan import NodePlan
from treadle.rollout import deploytasks, hostprep
from treadle.rollout.batches import batches
from treadle.rollout.reach import Reach
from treadle.rollout.state import StackState
from treadle.rollout.tasks import TasksFailed

T = TypeVar("T")
#: How many nodes Ansible works on at a time: it takes a process of 100 MB for each.
_ANSIBLE = 4
#: The last phase: what comes to its end is done.
LAST = "Look again"


@dataclass
class Walk:
    """``agents`` that are walked together, or in each phase in batches of the sizes ``batch``. A node that failed is
    not touched any more; once more than ``max_failures`` have, what is under way on the others ends, no further batch
    begins, and the first failure is raised. ``tasks``: with deploy_steps_tasks; ``external`` are the plans whose
    external tasks are run too."""

    state: StackState
    reach: Reach
    agents: Sequence[Verbs]
    events: Events
    max_failures: int = 0
    failed: dict[str, TreadleError] = field(default_factory=dict)
    batch: str = "100%"
    tasks: bool = True
    external: Sequence[NodePlan] = ()

    @property
    def left(self) -> list[Verbs]:
        return [agent for agent in self.agents if agent.plan.node not in self.failed]

    def each(self, do: Callable[[Verbs], T]) -> dict[str, T]:
        """``do`` on every node that is left, as many at once as may be; gives what it gave, by node."""
        done: dict[str, T] = {}
        for agents in batches(self.left, self.batch):
            done.update(self._together(agents, do))
            if len(self.failed) > self.max_failures:
                raise next(iter(self.failed.values()))
        return done

    def _together(self, agents: Sequence[Verbs], do: Callable[[Verbs], T]) -> dict[str, T]:
        with ThreadPoolExecutor(max(1, min(self.reach.forks, len(agents)))) as pool:
            begun = [(agent.plan.node, pool.submit(do, agent)) for agent in agents]
        done: dict[str, T] = {}
        for node, future in begun:
            try:
                done[node] = future.result()
            except TreadleError as error:
                self.failed[node] = error
                self.events.emit("node.failed", f"{node}: {error.message}", node=node)
        return done

    def prepare_hosts(self) -> None:
        """host_prep_tasks of the nodes where they were never run as they are now."""
        done, made = self.state.recall("host-prep") or {}, self.state.recall("folders") or {}
        remembering, ansible = threading.Lock(), threading.Semaphore(_ANSIBLE)

        def prepare(agent: Verbs) -> None:
            plan = agent.plan
            digest = hostprep.digest(plan)
            missing = agent.missing([str(path) for path in folders(plan)])
            if done.get(plan.node) != digest or missing:
                with remembering:  # only what was not there before is the stack's, to be removed with it
                    made[plan.node] = sorted({*made.get(plan.node, []), *missing})
                    self.state.remember("folders", made)
                with ansible:
                    hostprep.run(plan, self.events, agent.make, self.reach.ansible(plan.node))
                with remembering:
                    done[plan.node] = digest
                    self.state.remember("host-prep", done)

        self.each(prepare)

    def step(self, step: int, planned: Mapping[str, Sequence[Action]]) -> None:
        """The services' own tasks, host Puppet, containers, bootstrap tasks: each on all nodes before the next is begun
        on any. Of a node where some containers alone are meant, those."""
        deploytasks.on_deployer("external_deploy_tasks", self.external, self.events, step=step)
        if self.tasks:
            self._own_tasks(step)
        self.each(lambda agent: agent.host(step) if agent.only is None else None)
        self.each(lambda agent: agent.containers(step, planned[agent.plan.node]))
        self.each(lambda agent: agent.bootstrap(step) if agent.only is None else None)

    def steps(self, planned: Mapping[str, Sequence[Action]]) -> list[tuple[str, Callable[[], None]]]:
        """The phases that bring the nodes to what they hold: ``planned`` are each node's actions."""
        return [*((f"Step {step}", lambda step=step: self.step(step, planned)) for step in STEPS),
                *([("External tasks", self._after)] if self.external else []), (LAST, self.verify)]

    def _own_tasks(self, step: int) -> None:
        for agents in batches([agent for agent in self.left if agent.only is None], self.batch):
            try:
                deploytasks.on_nodes([agent.plan for agent in agents], step, self.reach, self.events)
            except TasksFailed as error:
                self.failed.update(dict.fromkeys(error.nodes, error))
                raise

    def _after(self) -> None:
        deploytasks.on_deployer("external_post_deploy_tasks", self.external, self.events)

    def verify(self) -> None:
        """Done means that what is read back is what was wanted."""
        def look(agent: Verbs) -> None:
            left = agent.left()
            if left:
                raise StepFailed(f"on {agent.plan.node} there is still to do: {left[0]}",
                                 hint="openstack overcloud status, then the same command again")
            if agent.only is None:
                agent.instantiated()

        self.each(look)
