"""Drift of a stack: each node against the generation and the plan that it was deployed with last."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.instantiate.drift import Finding, drift
from treadle.plan.nodeplan import NodePlan
from treadle.rollout.look import look
from treadle.rollout.pipeline import recorded_volumes
from treadle.rollout.reach import Reach
from treadle.rollout.state import StackState


def find(state: StackState, plans: Sequence[NodePlan], reach: Reach) -> tuple[list[Finding], list[str]]:
    """The findings of all nodes, in their order, and a line for each that does not answer. Changes nothing. Raises
    TreadleError where a node was never deployed or its generation is not known any more."""
    volumes = recorded_volumes(state.generations())
    seen = look(reach, plans, lambda plan: drift(reach.agent(plan).drifted(volumes)))
    return [finding for _, findings in seen.found for finding in findings], seen.lines()
