"""Containers that share another's namespaces or mounts go the way of that other. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from treadle.instantiate.plan import Action, Kind
from treadle.plan.containers import Container

_ANEW = (Kind.CREATE, Kind.RECREATE)
_AGAIN = (*_ANEW, Kind.RESTART, Kind.START)
#: What is done to one that stands beside what it shares; more than that is done to it as planned.
_LESS = (Kind.NONE, Kind.RELOAD, Kind.START, Kind.RESTART)


def following(actions: Iterable[Action]) -> list[Action]:
    """The actions with what follows from them: the engine joins a container to another by its id, and to namespaces
    that end when that one is stopped. So what shares with a container that is made anew is recreated, and what shares
    its namespaces is restarted with it. ``actions`` in their order, in which whom one shares with comes first."""
    found: dict[str, Action] = {}
    for action in actions:
        found[action.name] = _following(action, found)
    return list(found.values())


def _following(action: Action, before: Mapping[str, Action]) -> Action:
    item, there = action.desired, action.observed
    if item is None or there is None or action.held or item.container.action == "exec" or item.container.one_shot:
        return action
    for key, name in shares(item.container):
        other = before.get(name)
        if other is None or action.kind not in _LESS:
            continue
        gone = key == "net" and there.joined not in ("", other.observed.id if other.observed else "")
        if other.kind in _ANEW or gone:
            return _with(action, Kind.RECREATE, f"{name}, whose {key} it shares, "
                         f"{'was' if gone and other.kind not in _ANEW else 'is'} made anew")
        if other.kind in _AGAIN and key != "volumes_from" and there.running:
            action = _with(action, Kind.RESTART, f"{name}, whose {key} it shares, is started anew")
    return action


def _with(action: Action, kind: Kind, reason: str) -> Action:
    return replace(action, kind=kind, reasons=(*action.reasons, reason), differences=())


def shares(container: Container) -> list[tuple[str, str]]:
    """(key, the container named there) of the keys that share something of another container."""
    modes = [(key, getattr(container, key).partition(":")) for key in ("net", "ipc", "pid", "uts")]
    return [(key, name) for key, (mode, _, name) in modes if mode == "container"] + [
        ("volumes_from", volume.partition(":")[0]) for volume in container.volumes_from]
