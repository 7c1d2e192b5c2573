"""A node is drained, or let in again: on the node itself, and on every node whose containers send work to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from treadle.events import Events
from treadle.plan.containers import NodeDrain
from treadle.plan.nodeplan import NodePlan
from treadle.rollout.look import look
from treadle.rollout.reach import Reach
from treadle.rollout.state import whoami


@dataclass(frozen=True)
class NodeDraining:
    """``plans`` are those that all nodes were deployed with last."""

    plans: Sequence[NodePlan]
    reach: Reach
    events: Events
    why: str = ""

    def drain(self, node: str, *, stop: bool = False) -> tuple[list[str], list[str]]:
        """(what was done, a line for each node that does not answer). The others first: what is under way ends while
        the node works still. Raises TreadleError where a node could not; the same again goes on."""
        lone = alone(self.plans, node)
        return self._on(order(self.plans, node), lambda plan: self.reach.agent(plan).drain(
            node, stop, lone, whoami(), self.why), f"Drain {node}")

    def undrain(self, node: str) -> tuple[list[str], list[str]]:
        """The same the other way: the node itself first, so that it is well before work comes."""
        return self._on(list(reversed(order(self.plans, node))), lambda plan: self.reach.agent(plan).undrain(
            node, whoami(), self.why), f"Let work to {node} again")

    def _on(self, plans: Sequence[NodePlan], do: Callable[[NodePlan], list[str]],
            title: str) -> tuple[list[str], list[str]]:
        done: list[str] = []
        lost: list[str] = []
        with self.events.span("phase", title):
            for plan in plans:
                seen = look(self.reach, [plan], do)
                done += [f"{there.node}: {line}" for there, lines in seen.found for line in lines]
                lost += [f"not done on {line.removeprefix('not looked at: ')}" for line in seen.lines()]
        return done, lost


def order(plans: Sequence[NodePlan], node: str) -> list[NodePlan]:
    """The nodes that have to do something, ``node`` itself at the end."""
    others = [plan for plan in plans if plan.node != node
              and any(how.where == "all" for how in _declared(plan).values())]
    return [*others, *(plan for plan in plans if plan.node == node)]


def alone(plans: Sequence[NodePlan], node: str) -> list[str]:
    """Containers of ``node`` that draining would stop and that are on no other node."""
    elsewhere = {name for plan in plans if plan.node != node for name in _declared(plan)}
    return [name for plan in plans if plan.node == node for name, how in _declared(plan).items()
            if how.stop and name not in elsewhere]


def _declared(plan: NodePlan) -> dict[str, NodeDrain]:
    return {name: container.node_drain for step in plan.docker_config.values() for name, container in step.items()
            if container.node_drain}
