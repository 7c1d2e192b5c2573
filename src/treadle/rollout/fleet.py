"""Nodes that come, go and are replaced: the nodes of a stack in, the nodes that it is to have out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from treadle.errors import InputError, nearest
from treadle.plan.nodeplan import NodePlan
from treadle.plan.nodes import Node, parse_nodes
from treadle.rollout.state import StackState

#: From the nodes that a stack has, and its roles, to those that it is to have.
Change = Callable[[Sequence[Node], Sequence[str]], list[Node]]
_LEAVING = "leaving"


class Leaving(msgspec.Struct, frozen=True):
    """A machine that is no node of the stack any more, but has its containers and files still."""

    node: Node
    plan: NodePlan
    folders: list[str] = []


def added(known: Sequence[Node], new: Sequence[Node], roles: Sequence[str]) -> list[Node]:
    """``known`` and behind them ``new``. One that is known as it is stays; raises InputError for one that is known
    as another."""
    there = {node.name: node for node in known}
    for node in new:
        if node.name in there and there[node.name] != node:
            raise InputError(f"{node.name} is a node of this stack already, and another one", key="NODES_FILE",
                             hint="another machine in its place: openstack overcloud node replace; other settings of "
                             "the same: openstack overcloud deploy --nodes")
    return checked([*known, *(node for node in new if node.name not in there)], roles)


def removed(known: Sequence[Node], names: Iterable[str], roles: Sequence[str]) -> list[Node]:
    """``known`` without ``names``. Raises InputError where none is left."""
    gone = set(names)
    return checked([node for node in known if node.name not in gone], roles)


def replaced(known: Sequence[Node], new: Node, roles: Sequence[str]) -> list[Node]:
    """``known`` with ``new`` for the one of its name. It takes that one's place; but where that was the first of its
    role, whose duty it is to begin clusters, it comes behind the others of the role: an empty machine must not begin
    a second one. Raises InputError for another role."""
    old = require(known, [new.name])[0]
    if old.role != new.role:
        raise InputError(f"{new.name} has the role {old.role}, its replacement {new.role}", key="NODES_FILE",
                         hint="remove the one, then add the other")
    fellows = [node for node in known if node.role == old.role]
    if fellows[0] is old and len(fellows) > 1:
        rest = [node for node in known if node is not old]
        at = rest.index(fellows[-1]) + 1
        return checked([*rest[:at], new, *rest[at:]], roles)
    return checked([new if node is old else node for node in known], roles)


def require(known: Sequence[Node], names: Sequence[str]) -> list[Node]:
    """The nodes of those names. Raises InputError, with the nearest name, for one that there is not."""
    there = {node.name: node for node in known}
    for name in names:
        if name not in there:
            raise InputError(f"no node is called {name}{nearest(name, there)}", key="NODE",
                             hint=f"nodes of the stack: {', '.join(there)}")
    return [there[name] for name in names]


def checked(nodes: Sequence[Node], roles: Sequence[str]) -> list[Node]:
    """The same, or InputError for what a nodes file may not say either: an address twice, a role that is gone."""
    return parse_nodes({"nodes": [msgspec.to_builtins(node) for node in nodes]}, file="the nodes of the stack",
                       roles=roles)


def leaving(state: StackState) -> list[Leaving]:
    """Machines of which something has to be removed still."""
    return msgspec.convert(state.recall(_LEAVING) or [], list[Leaving], str_keys=True)


def remember_leaving(state: StackState, machines: Sequence[Leaving]) -> None:
    """Beyond a kill: who runs the same command again removes them."""
    if machines:
        state.remember(_LEAVING, msgspec.to_builtins(list(machines)))
    else:
        state.forget(_LEAVING)


def forget_machine(state: StackState, name: str) -> None:
    """What the deployer knows of the machine that had the name: another one begins from nothing."""
    for what in ("host-prep", "folders", "held"):
        known = state.recall(what) or {}
        if name in known:
            state.remember(what, {other: value for other, value in known.items() if other != name})
    log = state.node_log(name)
    if log.exists():
        log.replace(f"{log}.1")
