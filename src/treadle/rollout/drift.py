"""Drift of a stack: each node against the generation and the plan that it was deployed with last."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.engine import Engine
from treadle.instantiate.drift import Finding, drift
from treadle.node.drift import look
from treadle.plan.nodeplan import NodePlan
from treadle.rollout.state import StackState


def find(state: StackState, plans: Sequence[NodePlan], engine: Engine) -> list[Finding]:
    """The findings of all nodes, in their order. Changes nothing. Raises TreadleError where a node was never deployed
    or its generation is not known any more."""
    history = state.generations()
    return [finding for plan in plans
            for finding in drift(look(plan, engine, lambda generation, node: history.at(generation).volumes(node)))]
