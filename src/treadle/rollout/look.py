"""Looks at nodes, and bears that some do not answer: what could be seen, and which could not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from treadle.errors import Unreachable
from treadle.plan.nodeplan import NodePlan
from treadle.rollout.reach import Reach

T = TypeVar("T")


@dataclass(frozen=True)
class Seen(Generic[T]):
    """What was seen, with the plan of its node, in the nodes' order; ``lost`` are those that did not answer."""

    found: list[tuple[NodePlan, T]]
    lost: dict[str, Unreachable]

    def lines(self) -> list[str]:
        return [f"not looked at: {error.message}" for error in self.lost.values()]


def look(reach: Reach, plans: Sequence[NodePlan], do: Callable[[NodePlan], T]) -> Seen[T]:
    """``do`` for each plan, as many at once as may be. Raises what it raises, but for nodes that do not answer."""
    def one(plan: NodePlan) -> T | Unreachable:
        try:
            return do(plan)
        except Unreachable as error:
            return error

    with ThreadPoolExecutor(max(1, min(reach.forks, len(plans)))) as pool:
        each = list(zip(plans, pool.map(one, plans), strict=True))
    return Seen([(plan, seen) for plan, seen in each if not isinstance(seen, Unreachable)],
                {plan.node: seen for plan, seen in each if isinstance(seen, Unreachable)})
