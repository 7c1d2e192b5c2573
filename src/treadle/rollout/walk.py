"""Nodes are walked through phases, all of them through one before any comes to the next; too many failures stop all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from treadle.errors import StepFailed, TreadleError
from treadle.events import Events
from treadle.instantiate import Action
from treadle.node import NodeAgent
from treadle.plan.build import STEPS
from treadle.plan.folders import folders
from treadle.rollout import hostprep
from treadle.rollout.state import StackState

T = TypeVar("T")


@dataclass
class Walk:
    """``agents`` that are walked together. A node that failed is not touched any more; once more than
    ``max_failures`` have, the phase ends on the others and the first failure is raised."""

    state: StackState
    agents: Sequence[NodeAgent]
    events: Events
    max_failures: int = 0
    failed: dict[str, TreadleError] = field(default_factory=dict)

    @property
    def left(self) -> list[NodeAgent]:
        return [agent for agent in self.agents if agent.plan.node not in self.failed]

    def each(self, do: Callable[[NodeAgent], T]) -> dict[str, T]:
        """``do`` on every node that is left, at once; gives what it gave, by node."""
        agents = self.left
        with ThreadPoolExecutor(max(1, len(agents))) as pool:
            begun = [(agent.plan.node, pool.submit(do, agent)) for agent in agents]
        done: dict[str, T] = {}
        for node, future in begun:
            try:
                done[node] = future.result()
            except TreadleError as error:
                self.failed[node] = error
                self.events.emit("node.failed", f"{node}: {error.message}", node=node)
        if len(self.failed) > self.max_failures:
            raise next(iter(self.failed.values()))
        return done

    def prepare_hosts(self) -> None:
        """host_prep_tasks of the nodes where they were never run as they are now."""
        done, made = self.state.recall("host-prep") or {}, self.state.recall("folders") or {}

        def prepare(agent: NodeAgent) -> None:
            plan = agent.plan
            digest = hostprep.digest(plan)
            missing = [str(path) for path in folders(plan) if not path.is_dir()]
            if done.get(plan.node) != digest or missing:
                # Only what was not there before is the stack's, to be removed with it.
                made[plan.node] = sorted({*made.get(plan.node, []), *missing})
                self.state.remember("folders", made)
                hostprep.run(plan, self.events)
                done[plan.node] = digest
                self.state.remember("host-prep", done)

        for agent in self.left:  # Ansible has its own forks; what is remembered has one writer
            Walk(self.state, [agent], self.events, failed=self.failed, max_failures=self.max_failures).each(prepare)

    def step(self, step: int, planned: Mapping[str, Sequence[Action]]) -> None:
        """Host Puppet, containers, bootstrap tasks: each on all nodes before the next is begun on any. Of a node where
        some containers alone are meant, those."""
        self.each(lambda agent: agent.puppet.host(step) if agent.only is None else None)
        self.each(lambda agent: agent.containers(step, planned[agent.plan.node]))
        self.each(lambda agent: agent.puppet.bootstrap(step) if agent.only is None else None)

    def steps(self, planned: Mapping[str, Sequence[Action]]) -> list[tuple[str, Callable[[], None]]]:
        """The phases that bring the nodes to what they hold: ``planned`` are each node's actions."""
        return [*((f"Step {step}", lambda step=step: self.step(step, planned)) for step in STEPS),
                ("Look again", self.verify)]

    def verify(self) -> None:
        """Done means that what is read back is what was wanted."""
        def look(agent: NodeAgent) -> None:
            left = agent.left()
            if left:
                raise StepFailed(f"on {agent.plan.node} there is still to do: {left[0]}",
                                 hint="openstack overcloud status, then the same command again")
            if agent.only is None:
                agent.instantiated()

        self.each(look)
