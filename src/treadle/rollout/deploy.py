"""The deploy: a literal list of phases over node plans, in this order and no other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treadle.engine import Engine
from treadle.errors import StepFailed
from treadle.events import Events
from treadle.generate import ConfigTree
from treadle.history import Generation, shared, snapshot
from treadle.node import NodeAgent, Preview
from treadle.plan.build import STEPS
from treadle.plan.folders import folders
from treadle.plan.nodeplan import NodePlan
from treadle.rollout import hostprep
from treadle.rollout.state import StackState, whoami


@dataclass
class Deploy:
    """One deploy of a stack. ``plans`` in the order of the nodes file; ``inputs`` go into the generation."""

    state: StackState
    plans: Sequence[NodePlan]
    engine: Engine
    events: Events
    message: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    check_only: bool = False
    repair: bool = False
    trees: dict[str, dict[str, ConfigTree]] = field(default_factory=dict)
    previews: list[Preview] = field(default_factory=list)
    generation: Generation | None = None

    def prepare(self) -> list[Preview]:
        """Everything up to the point where something is changed; gives what would be. Nothing is changed."""
        with tempfile.TemporaryDirectory(prefix="treadle-check-") as scratch:
            keep = not self.check_only or self.state.exists
            self._agents = [NodeAgent(plan, self.engine, self.events, None if keep else Path(scratch) / plan.node)
                            for plan in self.plans]
            for agent in self._agents:
                agent.thorough = self.repair
            for title, phase in (("Check images, names and ports", self._check),
                                 ("Generate configuration", self._generate), ("Plan", self._preview)):
                self._phase(title, phase)
        return self.previews

    def run(self) -> None:
        """Do it. Call ``prepare`` first. Stops at the first failure, and says on which node and step."""
        phases: list[tuple[str, Callable[[], None]]] = [
            ("Record the generation", self._record),
            ("Prepare hosts", self._host_prep),
            ("Propagate configuration", self._propagate),
            *((f"Step {step}", lambda step=step: self._step(step)) for step in STEPS),
            ("Look again", self._verify),
        ]
        for title, phase in phases:
            self._phase(title, phase)

    def _phase(self, title: str, phase: Callable[[], None]) -> None:
        with self.events.span("phase", title):
            phase()

    def _each(self, do: Callable[[NodeAgent], Any]) -> list[Any]:
        """``do`` on every node at once; the first failure is raised when all that was begun has ended."""
        with ThreadPoolExecutor(max(1, len(self._agents))) as pool:
            return list(pool.map(do, self._agents))

    def _check(self) -> None:
        self._each(lambda agent: agent.check())

    def _generate(self) -> None:
        for agent in self._agents:
            if not self.check_only:
                agent.sweep()
            self.trees[agent.plan.node] = agent.puppet.generate(keep=not self.check_only)

    def _preview(self) -> None:
        self.previews = self._each(lambda agent: agent.preview(self.trees[agent.plan.node]))

    def _record(self) -> None:
        history = self.state.generations()
        secrets = {name: value for plan in self.plans for name, value in plan.secrets.items()}
        images = self.engine.image_ids({image for plan in self.plans for image in plan.images()})
        nodes = {plan.node: snapshot(plan, self.trees[plan.node], images) for plan in self.plans}
        self.generation = history.record(nodes, secrets, author=f"{whoami()} <{whoami()}>",
                                         message=self.message or "Deploy", common=shared(self.plans, self.inputs))
        # What is propagated comes out of the repository: what was reviewed there is what runs.
        recorded = history.at(self.generation.id)
        self.trees = {plan.node: recorded.volumes(plan.node) for plan in self.plans}
        self.state.save_plans(self.plans)
        self.events.emit("generation", f"generation {self.generation.short}"
                         f"{'' if self.generation.new else ' (unchanged)'}")

    def _host_prep(self) -> None:
        done, made = self.state.recall("host-prep") or {}, self.state.recall("folders") or {}
        for plan in self.plans:
            digest = hostprep.digest(plan)
            missing = [str(path) for path in folders(plan) if not path.is_dir()]
            if done.get(plan.node) != digest or missing:
                # Only what was not there before is the stack's, to be removed with it.
                made[plan.node] = sorted({*made.get(plan.node, []), *missing})
                self.state.remember("folders", made)
                hostprep.run(plan, self.events)
                done[plan.node] = digest
                self.state.remember("host-prep", done)

    def _propagate(self) -> None:
        generation = self.generation.id if self.generation else ""
        self._each(lambda agent: agent.propagate(self.trees[agent.plan.node], generation))

    def _step(self, step: int) -> None:
        """Host Puppet, containers, bootstrap tasks: each on all nodes before the next is begun on any."""
        self._each(lambda agent: agent.puppet.host(step))
        planned = {preview.node: preview.actions for preview in self.previews}
        self._each(lambda agent: agent.containers(step, planned[agent.plan.node]))
        self._each(lambda agent: agent.puppet.bootstrap(step))

    def _verify(self) -> None:
        """Done means that what is read back is what was wanted."""
        for agent, left in zip(self._agents, self._each(lambda agent: agent.left()), strict=True):
            if left:
                raise StepFailed(f"on {agent.plan.node} there is still to do: {left[0]}",
                                 hint="openstack overcloud status, then the same deploy again")

