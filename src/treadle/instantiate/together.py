"""Several actions at once: which may be, and doing so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from treadle.errors import StepFailed, TreadleError
from treadle.gateway import NotBegun
from treadle.instantiate.plan import Action
from treadle.instantiate.shared import shares
from treadle.plan.containers import Container

T = TypeVar("T")


def needs(container: Container) -> set[str]:
    """The containers without which it cannot be: an exec's, those whose namespaces it shares or volumes it mounts."""
    return {name for _, name in shares(container)} | ({container.target} - {""})


def layers(actions: Sequence[Action]) -> list[list[Action]]:
    """The same actions in groups: what needs another comes in a later group than that other."""
    left, found = list(actions), list[list[Action]]()
    while left:
        names = {action.name for action in left}
        free = [a for a in left if not a.desired or not (needs(a.desired.container) - {a.name}) & names]
        found.append(free or left)  # a circle is the engine's to refuse
        left = [action for action in left if action not in found[-1]]
    return found


def together(items: Sequence[T], do: Callable[[T], None], workers: int) -> None:
    """``do`` each of ``items``, ``workers`` at a time. What was begun comes to its end; after the first failure the
    gateway begins nothing more. Raises what failed: the one error, or a StepFailed that names all of them."""
    if len(items) == 1:  # in this thread, whose connection is open already
        do(items[0])
        return
    with ThreadPoolExecutor(max(1, min(workers, len(items)))) as pool:
        errors = [error for future in [pool.submit(do, item) for item in items] if (error := future.exception())]
    failed = [error for error in errors if not isinstance(error, NotBegun)] or errors
    bugs = [error for error in failed if not isinstance(error, TreadleError)]
    if bugs:
        raise bugs[0]
    if len(failed) > 1:
        raise StepFailed(f"{len(failed)} containers failed:\n" + "\n".join(map(str, failed)))
    if failed:
        raise failed[0]
