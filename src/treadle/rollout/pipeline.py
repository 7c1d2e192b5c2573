"""Generation, propagation and instantiation of a stack, each by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from treadle.errors import InputError, StepFailed, TreadleError
from treadle.events import Events
from treadle.generate import ConfigTree
from treadle.history import GOOD, Generation, History, Recorded, Texts, shared, snapshot, trailer
from treadle.node import Preview, Verbs
from treadle.node.aside import Volumes
from treadle.node.held import Held
from treadle.paths import NodePaths
from treadle.plan.nodeplan import NodePlan
from treadle.rollout.batches import batches
from treadle.rollout.journal import journal_head
from treadle.rollout.partial import containers_of, part, require_services
from treadle.rollout.reach import Reach
from treadle.rollout.state import StackState, whoami
from treadle.rollout.walk import Walk

#: Config volumes by node.
Trees = Mapping[str, Mapping[str, ConfigTree]]


def record(state: StackState, plans: Sequence[NodePlan], trees: Trees, images: Mapping[str, Mapping[str, str]],
           message: str, inputs: Mapping[str, Any]) -> Generation:
    """Commit what was generated; ``images`` are each node's. The same as the newest generation: that one, not new.
    A node without trees was skipped: it is recorded as it was before."""
    secrets = {name: value for plan in plans for name, value in plan.secrets.items()}
    texts = Texts()
    nodes = {plan.node: snapshot(plan, trees[plan.node], images[plan.node], texts) for plan in plans
             if plan.node in trees}
    skipped = [plan.node for plan in plans if plan.node not in trees]
    if skipped:
        before = state.generations().at() if state.generations().log(1) else None
        for node in skipped:
            if before and node in before.nodes:
                nodes[node] = snapshot(before.plan(node), before.volumes(node), before.images(node))
    plans = [plan for plan in plans if plan.node in nodes]
    nodes = {plan.node: nodes[plan.node] for plan in plans}
    return state.generations().record(nodes, secrets, author=f"{whoami()} <{whoami()}>",
                                      message=anchored(message, state), common=shared(plans, inputs))


def anchored(message: str, state: StackState) -> str:
    """A generation's message, with the hash that the journal ends with: what is cut off there later is missed."""
    return trailer.anchored(message, journal_head(state.journal))


def recorded_volumes(history: History) -> Volumes:
    """What a generation says of a node's config volumes."""
    return lambda generation, node: history.at(generation).volumes(node)


def where(state: StackState) -> dict[str, Held]:
    """Which generation each node of the last propagated plans holds and runs: as its files say where it is this
    machine, else as it said last."""
    remote = {node.name for node in state.nodes() if node.remote}
    told = state.held()
    return {plan.node: told.get(plan.node, Held()) if plan.node in remote else
            Held.read(NodePaths(plan.stack, plan.root).held) for plan in (state.plans() if state.planned else [])}


def running(state: StackState) -> dict[str, str]:
    """``{node: the generation that the whole node runs}``, '' where it is between two; none before the first deploy."""
    return {node: held.runs for node, held in where(state).items()}


@dataclass
class Propagate:
    """A generation to the config volumes of some nodes. Nothing that runs is touched."""

    state: StackState
    recorded: Recorded
    nodes: Sequence[str]
    reach: Reach
    events: Events
    services: tuple[str, ...] = ()
    plans: list[NodePlan] = field(default_factory=list)
    trees: dict[str, Mapping[str, ConfigTree]] = field(default_factory=dict)
    agents: list[Verbs] = field(default_factory=list)

    def prepare(self) -> list[Preview]:
        """Read and check all that is to be propagated; gives what it would lead to. Changes nothing. Raises
        HistoryError where approvals are missing, or something is not what was generated."""
        self.state.approvals().require(self._history.find(self.recorded.id))
        for node in self.nodes:
            plan, trees = self.recorded.plan(node), self.recorded.volumes(node)
            if self.services:
                require_services([plan], self.services)
                agent = self.reach.agent(plan)
                old, there = agent.deployed(), agent.deployed_trees(self._volumes)
                plan, trees = part(plan, old, trees, there, self.services)
            self.plans.append(plan)
            self.trees[node] = trees
        self.agents = [self.reach.agent(plan) for plan in self.plans]
        self.reach.open(self.agents)
        return [agent.preview(self.trees[agent.plan.node]) for agent in self.agents]

    @property
    def _history(self) -> History:
        return History(self.recorded.repository, self.recorded.vault)

    @property
    def _volumes(self) -> Volumes:
        return recorded_volumes(self._history)

    def run(self) -> None:
        """Do it. Call ``prepare`` first."""
        known = {plan.node: plan for plan in (self.state.plans() if self.state.planned else [])}
        self.state.save_plans({**known, **{plan.node: plan for plan in self.plans}}.values())
        walk = Walk(self.state, self.reach, self.agents, self.events)
        with self.events.span("phase", f"Propagate generation {self.recorded.id[:12]}", generation=self.recorded.id):
            walk.each(lambda agent: agent.propagate(self.trees[agent.plan.node], self.recorded.id, self._volumes,
                                                    self.services))


@dataclass(frozen=True)
class NodeState:
    """How a walk left one node: ``state`` is done, failed, stopped (well, but another of its batch failed) or
    untouched; ``held`` what it holds and runs."""

    node: str
    state: str
    held: Held
    why: str = ""


@dataclass
class Instantiate:
    """What nodes hold becomes what they run, in batches of them; the next begins when the one before is healthy."""

    state: StackState
    plans: Sequence[NodePlan]
    reach: Reach
    events: Events
    services: tuple[str, ...] = ()
    batch: str = "1"
    max_failures: int = 0
    check_only: bool = False
    #: Whether deploy_steps_tasks are run too.
    tasks: bool = True
    failed: dict[str, TreadleError] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    agents: list[Verbs] = field(default_factory=list)
    previews: list[Preview] = field(default_factory=list)

    def prepare(self, generation: str = "") -> list[Preview]:
        """What would be done. Raises InputError where a node does not hold ``generation``. Nothing is changed but that
        what a killed run left is swept, unless ``check_only``."""
        batches(self.plans, self.batch)
        if self.services:
            require_services(self.plans, self.services)
        agents = [self.reach.agent(plan) for plan in self.plans]
        self.reach.open(agents)
        for agent in agents:
            plan, held = agent.plan, agent.held()
            if generation and held.generation != generation:
                raise InputError(f"{plan.node} holds generation {held.generation[:12] or '(none)'}, "
                                 f"not {generation[:12]}",
                                 hint=f"openstack overcloud config propagate {generation[:12]} --node {plan.node}")
            if self.services:
                agent.only = frozenset(containers_of(plan, self.services))
            if not self.check_only:
                agent.sweep()
            agent.check()
            self.agents.append(agent)
        self.previews = [agent.status() for agent in self.agents]
        return self.previews

    def run(self) -> None:
        """Do it. Call ``prepare`` first. After a failure ``states`` says how each node was left."""
        todo = batches(self.agents, self.batch)
        planned = {preview.node: preview.actions for preview in self.previews}
        for number, agents in enumerate(todo, 1):
            names = ", ".join(agent.plan.node for agent in agents)
            walk = Walk(self.state, self.reach, agents, self.events, self.max_failures, self.failed,
                        tasks=self.tasks)
            self.begun += [agent.plan.node for agent in agents]
            with self.events.span("batch", f"{number} of {len(todo)}: {names}", generation=agents[0].held().generation):
                for title, phase in [("Prepare hosts", walk.prepare_hosts), *walk.steps(planned)]:
                    with self.events.span("phase", title):
                        phase()
            self.done += [agent.plan.node for agent in walk.left]
        if self.failed:
            raise StepFailed(f"{len(self.failed)} of {len(self.plans)} nodes failed: {', '.join(self.failed)}",
                             hint="correct them, then run the same command again: what is done is not repeated")
        mark_good(self.state)

    def states(self) -> list[NodeState]:
        """How each node was left."""
        found = []
        for agent in self.agents:
            node = agent.plan.node
            how = "failed" if node in self.failed else "done" if node in self.done else \
                "stopped" if node in self.begun else "untouched"
            found.append(NodeState(node, how, agent.held(), self.failed[node].message if node in self.failed else ""))
        return found


def mark_good(state: StackState) -> None:
    """Where every node of a generation runs it, that one is what ``--to-last-good`` goes back to."""
    now = running(state)
    if len(set(now.values())) != 1 or "" in now.values():
        return
    history, generation = state.generations(), next(iter(now.values()))
    if set(history.at(generation).nodes) <= now.keys():
        with history.repository.writes():
            history.repository.point(GOOD, generation)
