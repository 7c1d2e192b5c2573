"""What can be asked of a node, wherever it is: the verbs that ``treadle-node`` understands, and what they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from treadle.engine import Observed
from treadle.generate.tree import ConfigTree
from treadle.instantiate import Action, changes
from treadle.instantiate.drift import Seen
from treadle.node.aside import Volumes
from treadle.node.held import Held
from treadle.plan.nodeplan import NodePlan

#: What an operator can do to a service.
Verb = Literal["reload", "restart", "stop", "start"]


@dataclass(frozen=True)
class Preview:
    """What a deploy would do on this node: ``actions`` in their order, NONE included; ``puppet`` names the host
    runs and bootstrap tasks, ``configuration`` the files (``{key: words}``) that differ. ``taken``: when each
    container took its configuration (epoch seconds)."""

    node: str
    actions: tuple[Action, ...]
    puppet: tuple[str, ...] = ()
    configuration: Mapping[str, Sequence[str]] = field(default_factory=dict)
    taken: Mapping[str, float] = field(default_factory=dict)

    @property
    def changes(self) -> list[Action]:
        return changes(self.actions)

    @property
    def nothing(self) -> bool:
        return not (self.changes or self.puppet or self.configuration)


@dataclass(frozen=True)
class Outcome:
    """What was done to one container (``action``, "" for nothing), in how many seconds, and how it is now."""

    node: str
    container: str
    action: str
    seconds: float
    state: str
    health: str
    note: str = ""


@dataclass(frozen=True)
class Tolerated:
    """What is to be seen of a node whose engine lacks the images ``missing``. ``drained``: who keeps work away from
    it, since when and why; '' where nobody does."""

    preview: Preview
    missing: list[str]
    drained: str = ""


class Verbs(Protocol):
    """One node with its plan. ``thorough``: each container is looked into for what a hand changed in it; ``only``:
    where not None, the containers that are looked at and touched, and no others. All raise TreadleError."""

    plan: NodePlan
    thorough: bool
    only: frozenset[str] | None

    # What changes nothing

    def check(self) -> None:
        """Images there, names, ports and place free."""

    def preview(self, trees: Mapping[str, ConfigTree]) -> Preview:
        """What propagating ``trees`` and the five steps would do."""

    def status(self) -> Preview:
        """Every container against the plan and configuration that are on the node."""

    def left(self) -> list[Action]:
        """What is to do still, when all steps are done."""

    def observed(self) -> dict[str, Observed]:
        """The stack's containers, by logical name."""

    def images(self) -> dict[str, str]:
        """``{image of the plan: id}`` of those that the node's engine has."""

    def missing(self, wanted: Sequence[str]) -> list[str]:
        """Those folders of ``wanted`` that are not there."""

    def held(self) -> Held:
        """Which generation the node holds, and which it runs."""

    def deployed(self) -> NodePlan:
        """The plan that the node was deployed with last."""

    def deployed_trees(self, recorded: Volumes) -> dict[str, ConfigTree]:
        """Each config volume as the generation has it that the node got it from."""

    def tolerated(self) -> Tolerated:
        """``status``, which bears that images are gone."""

    def drifted(self, recorded: Volumes) -> Seen:
        """What somebody changed by hand since the node was deployed."""

    def service_check(self, verb: Verb, names: Sequence[str]) -> None:
        """Raise where the verb cannot be done to one of the containers ``names``."""

    # What changes the node

    def service_do(self, verb: Verb, names: Sequence[str], who: str, why: str, drains: bool) -> list[Outcome]:
        """The verb to each of the containers ``names``, one after the other."""

    def drain(self, node: str, stop: bool, alone: Sequence[str], who: str, why: str) -> list[str]:
        """Keep work away from ``node`` (this one or another), and, where it is this one and ``stop``, stop all its
        services; gives what was done. Containers in ``alone`` go on: no other node has them."""

    def undrain(self, node: str, who: str, why: str) -> list[str]:
        """Let work in again; gives what was done."""

    def sweep(self) -> None:
        """Remove what a killed run left."""

    def generate(self, keep: bool = True) -> dict[str, ConfigTree]:
        """Each config volume's tree; ``keep`` False leaves no memory of it on the node."""

    def make(self, wanted: Sequence[str]) -> list[str]:
        """Make the folders ``wanted``; gives those that were not there."""

    def propagate(self, trees: Mapping[str, ConfigTree], generation: str, recorded: Volumes,
                  services: tuple[str, ...] = ()) -> None:
        """Put the generation's files where containers find them."""

    def host(self, step: int) -> None:
        """Puppet on the host."""

    def containers(self, step: int, planned: Sequence[Action]) -> int:
        """The step's actions, which are among ``planned``; gives how many."""

    def bootstrap(self, step: int) -> None:
        """The step's docker_puppet_tasks."""

    def instantiated(self) -> None:
        """Note that the node is what it holds, all of it."""

    def delete(self, data: Sequence[str] = ()) -> None:
        """Remove containers, configuration and state, and then the folders ``data`` with all that is in them."""
