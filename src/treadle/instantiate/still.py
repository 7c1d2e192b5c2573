"""What is about to be done against what the plan showed: a plan that the world has moved away from is refused."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.errors import StepFailed
from treadle.instantiate.plan import Action, Kind

#: A restart beside it may have caused it, and may end it: the look at the end of a deploy waits for health instead.
_PASSING = {("it is unhealthy",), ("it is restarting",)}


def passing(action: Action) -> bool:
    """Whether the action has no reason but a state that may pass by itself."""
    return action.kind in (Kind.RESTART, Kind.START) and action.reasons in _PASSING


def still(planned: Sequence[Action], now: Sequence[Action]) -> list[Action]:
    """Those of ``now`` that are to be done: each is in ``planned``, and of the same kind there.

    What became needless is left out, and so is what nobody planned and has no reason but a state that may pass by
    itself. Raises StepFailed that names everything else: somebody or something changed the node since the plan.
    """
    shown = {action.name: action.kind for action in planned}
    todo, moved = list[Action](), list[str]()
    for action in now:
        before = shown.get(action.name, Kind.NONE)
        if action.kind is Kind.NONE or (before is Kind.NONE and passing(action)):
            continue
        todo.append(action)
        # What was to be restarted and has stopped is started: a killed run may have come that far.
        if before is not action.kind and (before, action.kind) != (Kind.RESTART, Kind.START):
            moved.append(f"  {action} (the plan: {'nothing' if before is Kind.NONE else before})")
    if moved:
        raise StepFailed("the node is not any more as it was when the plan was made:\n" + "\n".join(moved),
                         hint="nothing of this step was begun. Run the same deploy again: it plans anew")
    return todo
