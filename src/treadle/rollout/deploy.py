"""The deploy: a literal list of phases over node plans, in this order and no other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treadle.engine import Engine
from treadle.events import Events
from treadle.generate import ConfigTree
from treadle.history import Generation
from treadle.node import NodeAgent, Preview
from treadle.plan.nodeplan import NodePlan
from treadle.rollout.pipeline import mark_good, record, recorded_volumes
from treadle.rollout.state import StackState
from treadle.rollout.walk import Walk


@dataclass
class Deploy:
    """One deploy of a stack. ``plans`` in the order of the nodes file; ``inputs`` go into the generation.
    From which files they came (``sources``) is kept beside it: the same content from elsewhere is no other one."""

    state: StackState
    plans: Sequence[NodePlan]
    engine: Engine
    events: Events
    message: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, Any] = field(default_factory=dict)
    check_only: bool = False
    repair: bool = False
    trees: dict[str, dict[str, ConfigTree]] = field(default_factory=dict)
    previews: list[Preview] = field(default_factory=list)
    generation: Generation | None = None
    agents: list[NodeAgent] = field(default_factory=list)

    @classmethod
    def of(cls, state: StackState, generation: str, engine: Engine, events: Events, message: str = "") -> Deploy:
        """A deploy of a generation that was recorded before. Raises HistoryError where there is none such."""
        history = state.generations()
        recorded = history.at(generation)
        plans = recorded.plans()
        return cls(state, plans, engine, events, message, generation=history.find(generation),
                   trees={plan.node: recorded.volumes(plan.node) for plan in plans})

    def prepare(self) -> list[Preview]:
        """Everything up to the point where something is changed; gives what would be. Nothing is changed."""
        with tempfile.TemporaryDirectory(prefix="treadle-check-") as scratch:
            keep = not self.check_only or self.state.exists
            self.agents = [NodeAgent(plan, self.engine, self.events, None if keep else Path(scratch) / plan.node)
                            for plan in self.plans]
            for agent in self.agents:
                agent.thorough = self.repair
            generate = [] if self.generation else [("Generate configuration", self._generate)]
            for title, phase in (("Check images, names and ports", self._check), *generate, ("Plan", self._preview)):
                self._phase(title, phase)
        return self.previews

    def run(self) -> None:
        """Do it. Call ``prepare`` first. Stops at the first failure, and says on which node and step."""
        walk = Walk(self.state, self.agents, self.events)
        planned = {preview.node: preview.actions for preview in self.previews}
        phases: list[tuple[str, Callable[[], None]]] = [
            *([] if self.generation else [("Record the generation", self.record)]),
            ("Look for approvals", self._require_approvals),
            ("Prepare hosts", lambda: self._prepare_hosts(walk)),
            ("Propagate configuration", lambda: self._propagate(walk)),
            *walk.steps(planned),
        ]
        for title, phase in phases:
            self._phase(title, phase)
        mark_good(self.state)

    def generate(self) -> Generation:
        """Generate and record all configuration; nothing that runs is touched."""
        self.agents = [NodeAgent(plan, self.engine, self.events) for plan in self.plans]
        for title, phase in (("Generate configuration", self._generate), ("Record the generation", self.record)):
            self._phase(title, phase)
        assert self.generation is not None
        return self.generation

    def record(self) -> None:
        """Make what was generated a generation. What is propagated comes out of the repository then: what is reviewed
        there is what runs."""
        self.generation = record(self.state, self.plans, self.trees, self.engine, self.message or "Deploy", self.inputs)
        self.state.remember_sources(self.generation.tree, self.sources)
        recorded = self.state.generations().at(self.generation.id)
        self.trees = {plan.node: recorded.volumes(plan.node) for plan in self.plans}
        self.events.emit("generation", f"generation {self.generation.short}"
                         f"{'' if self.generation.new else ' (unchanged)'}", generation=self.generation.id)

    def _phase(self, title: str, phase: Callable[[], None]) -> None:
        with self.events.span("phase", title):
            phase()

    def _each(self, do: Callable[[NodeAgent], Any]) -> list[Any]:
        return list(Walk(self.state, self.agents, self.events).each(do).values())

    def _check(self) -> None:
        self._each(lambda agent: agent.check())

    def _generate(self) -> None:
        for agent in self.agents:
            if not self.check_only:
                agent.sweep()
            self.trees[agent.plan.node] = agent.puppet.generate(keep=not self.check_only)

    def _preview(self) -> None:
        self.previews = self._each(lambda agent: agent.preview(self.trees[agent.plan.node]))

    def _require_approvals(self) -> None:
        assert self.generation is not None
        self.state.approvals().require(self.generation)

    def _prepare_hosts(self, walk: Walk) -> None:
        self.state.save_plans(self.plans)  # from here on there is something to delete
        walk.prepare_hosts()

    def _propagate(self, walk: Walk) -> None:
        generation = self.generation.id if self.generation else ""
        volumes = recorded_volumes(self.state.generations())
        walk.each(lambda agent: agent.propagate(self.trees[agent.plan.node], generation, volumes))
