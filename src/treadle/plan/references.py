"""What the containers of one node say of each other: whom an exec runs in, whose namespaces and mounts one shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from treadle.errors import PlanError, nearest
from treadle.plan.containers import Container

Steps = Mapping[int, Mapping[str, Container]]


def check_references(steps: Steps, where: Callable[[int, str], str]) -> None:
    """Raise PlanError where a container names one that is not there, does not stay, or is not started before it.

    ``where`` gives the key path of a container by its step and name.
    """
    placed = {name: (step, container) for step, found in steps.items() for name, container in found.items()}
    for step, found in steps.items():
        for name, container in found.items():
            for key, other, must_run in _named(container):
                _check(placed, (step, name), other, must_run, f"{where(step, name)}.{key}")
            drained = container.drain.container if container.drain else ""
            if drained and drained not in placed:
                raise PlanError(_absent(drained, placed), key=f"{where(step, name)}.drain.container")


def _named(container: Container) -> Iterator[tuple[str, str, bool]]:
    """(key, the container that it names, whether that one must run by then)."""
    if container.action == "exec":
        yield "command", container.target, True
    for key in ("net", "ipc", "pid"):
        mode, _, other = getattr(container, key).partition(":")
        if mode == "container":
            yield key, other, True
    for item in container.volumes_from:
        yield "volumes_from", item.partition(":")[0], False


def _check(placed: Mapping[str, tuple[int, Container]], mine: tuple[int, str], other: str, must_run: bool,
           key: str) -> None:
    if other not in placed:
        raise PlanError(_absent(other, placed), key=key)
    step, name = mine
    at, container = placed[other]
    if container.action == "exec" or (must_run and container.one_shot) or (container.one_shot and container.remove):
        raise PlanError(f"{other} does not stay", key=key, hint="name a container with action: run and detach: true")
    my_order = placed[name][1].start_order
    if (at, container.start_order) >= (step, my_order):
        raise PlanError(f"{other} (step {at}, start_order {container.start_order}) is not started before {name} "
                        f"(step {step}, start_order {my_order})", key=key, hint="give this one a later start_order")


def _absent(name: str, known: Mapping[str, object]) -> str:
    return f"there is no container {name} on the node{nearest(name, known)}"
