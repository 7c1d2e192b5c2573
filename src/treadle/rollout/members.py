"""What is known of each node of a stack, and what it says itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from treadle.node import Verbs
from treadle.node.held import Held
from treadle.plan.nodes import Node
from treadle.rollout import fleet
from treadle.rollout.look import look
from treadle.rollout.reach import Reach
from treadle.rollout.remote.ssh import target
from treadle.rollout.state import StackState


@dataclass(frozen=True)
class Row:
    """One node. ``generation`` is the one that it holds, '' for none; ``state`` says how it is in words: ``well``,
    ``N to do``, ``in part``, ``drained``, ``not deployed``, ``does not answer``, ``leaving``."""

    node: Node
    reach: str
    generation: str
    state: str

    @property
    def lost(self) -> bool:
        return self.state == _LOST


_LOST = "does not answer"


def rows(state: StackState, reach: Reach, names: Sequence[str]) -> tuple[list[Row], list[str]]:
    """The nodes ``names`` in their order, those that are leaving at the end; and a line for each that does not
    answer. Changes nothing."""
    nodes = [node for node in state.nodes() if node.name in names]
    plans = {plan.node: plan for plan in (state.plans() if state.planned else [])}
    asked = [plans[node.name] for node in nodes if node.name in plans]
    seen = look(reach, asked, lambda plan: _asked(reach.agent(plan)))
    said = {plan.node: words for plan, words in seen.found}
    known = state.held()
    found = []
    for node in nodes:
        if node.name in seen.lost:
            held, words = known.get(node.name, Held()).generation, _LOST
        else:
            held, words = said.get(node.name, ("", "not deployed"))
        found.append(Row(node, way(node), held, words))
    found += [Row(one.node, way(one.node), "", "leaving") for one in fleet.leaving(state)]
    return found, seen.lines()


def way(node: Node) -> str:
    """How it is reached, as a person would write it."""
    if not node.remote:
        return "local"
    port = f":{node.ssh.port}" if node.ssh.port else ""
    return f"ssh {target(node)}{port}{' sudo' if node.become else ''}"


def _asked(agent: Verbs) -> tuple[str, str]:
    seen = agent.tolerated()
    held = agent.held()
    if not held.generation:
        return "", "not deployed"
    todo = len(seen.preview.changes)
    words = [*([f"{todo} to do"] if todo else []), *(["in part"] if not held.runs else []),
             *(["drained"] if seen.drained else [])]
    return held.generation, ", ".join(words) or "well"
