"""Which generation the nodes hold."""

from __future__ import annotations

from treadle.paths import NodePaths
from treadle.propagate import VolumeStates
from treadle.rollout.state import StackState


def where(state: StackState) -> dict[str, str]:
    """``{node: generation}`` that all of a node's configuration was propagated from; '' where parts of it are of
    different ones, as after a propagate that did not end. None before the first deploy."""
    found = {}
    for plan in state.plans() if state.planned else []:
        pieces = VolumeStates.read(NodePaths(plan.stack, plan.root).volume_states).volumes.values()
        generations = {piece.generation for piece in pieces}
        found[plan.node] = generations.pop() if len(generations) == 1 else ""
    return found
