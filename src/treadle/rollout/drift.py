"""Drift of a stack: each node against the generation and the plan that it was deployed with last."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.engine import Engine
from treadle.history import History
from treadle.history.git import Repository
from treadle.instantiate.drift import Finding, drift
from treadle.node.drift import deployed_plan, look
from treadle.plan.nodeplan import NodePlan
from treadle.rollout.state import StackState
from treadle.secrets import Secrets


def find(state: StackState, plans: Sequence[NodePlan], engine: Engine) -> list[Finding]:
    """The findings of all nodes, in their order. Changes nothing. Raises TreadleError where a node was never deployed
    or its generation is not known any more."""
    deployed = [deployed_plan(plan) for plan in plans]
    # What a node holds may be older than the deployer's last plans, and so may its secrets be.
    secrets = {name: value for plan in (*deployed, *state.plans()) for name, value in plan.secrets.items()}
    history = History(Repository(state.history), Secrets(secrets))
    return [finding for plan in plans for finding in drift(look(plan, engine, history.volumes))]
