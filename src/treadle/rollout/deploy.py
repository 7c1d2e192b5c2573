"""The deploy: a literal list of phases over node plans, in this order and no other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treadle.errors import StepFailed
from treadle.events import Events
from treadle.generate import ConfigTree
from treadle.history import Generation
from treadle.node import Preview, Verbs
from treadle.plan.nodeplan import NodePlan
from treadle.rollout import resume
from treadle.rollout.batches import batches
from treadle.rollout.deploytasks import EXTERNAL
from treadle.rollout.pipeline import mark_good, record, recorded_volumes
from treadle.rollout.reach import Reach
from treadle.rollout.state import StackState
from treadle.rollout.walk import LAST, Walk

#: The first phase that changes nodes.
_PREPARED = "Prepare hosts"


@dataclass
class Deploy:
    """One deploy of a stack. ``plans`` in the order of the nodes file; ``inputs`` go into the generation.
    From which files they came (``sources``) is kept beside it: the same content from elsewhere is no other one."""

    state: StackState
    plans: Sequence[NodePlan]
    reach: Reach
    events: Events
    message: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, Any] = field(default_factory=dict)
    check_only: bool = False
    repair: bool = False
    trees: dict[str, dict[str, ConfigTree]] = field(default_factory=dict)
    previews: list[Preview] = field(default_factory=list)
    generation: Generation | None = None
    agents: list[Verbs] = field(default_factory=list)
    #: Nodes that keep their place in the data of the others and are not touched.
    skip: frozenset[str] = frozenset()
    #: Sizes of the batches of nodes within each phase; how many nodes may fail and the others still go on.
    batch: str = "100%"
    max_failures: int = 0
    walk: Walk | None = None
    #: Phases that all nodes came to the end of.
    done: list[str] = field(default_factory=list)
    _failed_after: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, state: StackState, generation: str, reach: Reach, events: Events, message: str = "",
           **options: Any) -> Deploy:
        """A deploy of a generation that was recorded before. Raises HistoryError where there is none such."""
        history = state.generations()
        recorded = history.at(generation)
        plans = recorded.plans()
        return cls(state, plans, reach, events, message, generation=history.find(generation),
                   trees={plan.node: recorded.volumes(plan.node) for plan in plans}, **options)

    def prepare(self) -> list[Preview]:
        """Everything up to the point where something is changed; gives what would be. Nothing is changed."""
        batches(self.plans, self.batch)
        with tempfile.TemporaryDirectory(prefix="treadle-check-") as scratch:
            keep = not self.check_only or self.state.exists
            self.agents = [self.reach.agent(plan, None if keep else Path(scratch) / plan.node)
                            for plan in self._walked]
            for agent in self.agents:
                agent.thorough = self.repair
            generate = [] if self.generation else [("Generate configuration", self._generate)]
            remote = any(self.reach.remote(agent.plan.node) for agent in self.agents)
            for title, phase in (*([("Reach nodes", self._reach)] if remote else []),
                                 ("Check images, names and ports", self._check), *generate, ("Plan", self._preview)):
                self._phase(title, phase)
        return self.previews

    def run(self) -> None:
        """Do it. Call ``prepare`` first. Stops at the first failure, or once more than ``max_failures`` nodes have
        failed; ``left`` says how each node was left then."""
        external = self.plans if any(plan.tasks.get(section) for plan in self.plans for section in EXTERNAL) else ()
        walk = self.walk = Walk(self.state, self.reach, self.agents, self.events, self.max_failures, batch=self.batch,
                                external=external)
        planned = {preview.node: preview.actions for preview in self.previews}
        phases: list[tuple[str, Callable[[], None]]] = [
            *([] if self.generation else [("Record the generation", self.record)]),
            ("Look for approvals", self._require_approvals),
            (_PREPARED, lambda: self._prepare_hosts(walk)),
            ("Propagate configuration", lambda: self._propagate(walk)),
            *walk.steps(planned),
        ]
        for title, phase in phases:
            try:
                self._phase(title, phase)
            finally:
                for node in walk.failed:
                    self._failed_after.setdefault(node, self.done[-1] if self.done else "the plan")
            self.done.append(title)
        if walk.failed:
            raise StepFailed(f"{len(walk.failed)} of {len(self.agents)} nodes failed: {', '.join(walk.failed)}",
                             hint="correct them; what is done is not repeated")
        resume.end(self.state)
        mark_good(self.state)

    def left(self) -> list[str]:
        """How a failure left each node, a line for each."""
        failed = self.walk.failed if self.walk else {}
        last = self.done[-1] if self.done else "the plan"
        begun = failed or _PREPARED in self.done

        def words(node: str) -> str:
            if node in failed:
                return f"failed after {self._failed_after[node]}: {failed[node].message}"
            if last == LAST:
                return "done"
            return f"well; stopped after {last}, at the end of what was under way" if begun else "not touched"

        lines = [f"{plan.node}: {words(plan.node)}" for plan in self._walked]
        return [*lines, *([f"left as they are: {', '.join(sorted(self.skip))}"] if self.skip else [])]

    def generate(self) -> Generation:
        """Generate and record all configuration; nothing that runs is touched."""
        self.agents = [self.reach.agent(plan) for plan in self._walked]
        self._reach()
        for title, phase in (("Generate configuration", self._generate), ("Record the generation", self.record)):
            self._phase(title, phase)
        assert self.generation is not None
        return self.generation

    def record(self) -> None:
        """Make what was generated a generation. What is propagated comes out of the repository then: what is reviewed
        there is what runs."""
        images = {agent.plan.node: agent.images() for agent in self.agents}
        self.generation = record(self.state, self.plans, self.trees, images, self.message or "Deploy", self.inputs)
        self.state.remember_sources(self.generation.tree, self.sources)
        recorded = self.state.generations().at(self.generation.id)
        self.trees = {plan.node: recorded.volumes(plan.node) for plan in self._walked}
        self.events.emit("generation", f"generation {self.generation.short}"
                         f"{'' if self.generation.new else ' (unchanged)'}", generation=self.generation.id)

    def _phase(self, title: str, phase: Callable[[], None]) -> None:
        with self.events.span("phase", title):
            phase()

    @property
    def _walked(self) -> list[NodePlan]:
        return [plan for plan in self.plans if plan.node not in self.skip]

    def _each(self, do: Callable[[Verbs], Any]) -> list[Any]:
        return list(Walk(self.state, self.reach, self.agents, self.events).each(do).values())

    def _reach(self) -> None:
        self.reach.open(self.agents)

    def _check(self) -> None:
        self._each(lambda agent: agent.check())

    def _generate(self) -> None:
        def make(agent: Verbs) -> None:
            if not self.check_only:
                agent.sweep()
            self.trees[agent.plan.node] = agent.generate(keep=not self.check_only)

        # Generation keeps a machine busy by itself, so that nodes of this one come one after the other.
        here = [agent for agent in self.agents if not self.reach.remote(agent.plan.node)]
        Walk(self.state, self.reach, [agent for agent in self.agents if agent not in here], self.events).each(make)
        for agent in here:
            make(agent)

    def _preview(self) -> None:
        self.previews = self._each(lambda agent: agent.preview(self.trees[agent.plan.node]))

    def _require_approvals(self) -> None:
        assert self.generation is not None
        self.state.approvals().require(self.generation)

    def _prepare_hosts(self, walk: Walk) -> None:
        assert self.generation is not None
        self.state.save_plans(self.plans)  # from here on there is something to delete
        resume.begin(self.state, self.generation.id, self.skip)
        walk.prepare_hosts()

    def _propagate(self, walk: Walk) -> None:
        generation = self.generation.id if self.generation else ""
        volumes = recorded_volumes(self.state.generations())
        walk.each(lambda agent: agent.propagate(self.trees[agent.plan.node], generation, volumes))
