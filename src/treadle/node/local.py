"""All verbs of one node, in the process that runs on it."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.generate import ConfigTree
from treadle.instantiate.drift import Seen
from treadle.node import folders
from treadle.node.agent import NodeAgent
from treadle.node.aside import Volumes
from treadle.node.away import NodeAway, away
from treadle.node.deployed import deployed_plan, deployed_trees
from treadle.node.drift import look, tolerant
from treadle.node.service import NodeServices, Outcome, Verb
from treadle.node.verbs import Tolerated
from treadle.plan.nodeplan import NodePlan


class LocalNode(NodeAgent):
    """A deploy's part, and what other commands want to know or do. ``Verbs`` says what each means."""

    def images(self) -> dict[str, str]:
        return self.engine.image_ids(self.plan.images())

    def missing(self, wanted: Sequence[str]) -> list[str]:
        return folders.missing(wanted)

    def make(self, wanted: Sequence[str]) -> list[str]:
        return folders.make(wanted)

    def deployed(self) -> NodePlan:
        return deployed_plan(self.plan)

    def deployed_trees(self, recorded: Volumes) -> dict[str, ConfigTree]:
        return deployed_trees(self.deployed(), self.paths, recorded)

    def tolerated(self) -> Tolerated:
        agent, engine = tolerant(self.plan, self.engine)
        kept = away(self.plan)
        return Tolerated(agent.status(), sorted(engine.missing), str(kept) if kept else "")

    def drifted(self, recorded: Volumes) -> Seen:
        return look(self.plan, self.engine, recorded)

    def service_check(self, verb: Verb, names: Sequence[str]) -> None:
        self._services("", "", drains=True).check(verb, names)

    def service_do(self, verb: Verb, names: Sequence[str], who: str, why: str, drains: bool) -> list[Outcome]:
        return self._services(who, why, drains=drains).do(verb, names)

    def drain(self, node: str, stop: bool, alone: Sequence[str], who: str, why: str) -> list[str]:
        return NodeAway(self.deployed(), self.engine, self.events, who, why).drain(
            node, stop=stop, alone=frozenset(alone))

    def undrain(self, node: str, who: str, why: str) -> list[str]:
        return NodeAway(self.deployed(), self.engine, self.events, who, why).undo(node)

    def _services(self, who: str, why: str, *, drains: bool) -> NodeServices:
        return NodeServices(self.plan, self.engine, self.events, who=who, why=why, drains=drains)
