"""Service verbs over nodes: which nodes, in which order, and full stop at the first failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from treadle.errors import InputError, nearest
from treadle.events import Events
from treadle.node.service import Outcome, Verb, containers_of, nearest_service
from treadle.plan.nodeplan import NodePlan
from treadle.plan.nodes import Node
from treadle.rollout.reach import Reach
from treadle.rollout.state import whoami

_KINDS = ("role", "region", "zone", "aggregate", "hardware")


@dataclass(frozen=True)
class Target:
    """One node with the containers that are meant."""

    plan: NodePlan
    names: Sequence[str]


def chosen(plans: Sequence[NodePlan], nodes: Mapping[str, Node], names: Iterable[str], group: str) -> list[NodePlan]:
    """The plans of the nodes that ``names`` (all, where there are none) and ``group`` leave, in the nodes' order.

    A group is ``KIND=NAME`` (role, region, zone, aggregate, hardware) or a name that only one kind knows. Raises
    InputError for what names no node.
    """
    known = [plan.node for plan in plans]
    wanted = list(names)
    for name in wanted:
        if name not in known:
            raise InputError(f"no node is called {name}{nearest(name, known)}", key="--node",
                             hint=f"nodes of the stack: {', '.join(known)}")
    found = [plan for plan in plans if not wanted or plan.node in wanted]
    return [plan for plan in found if plan.node in members(plans, nodes, group)] if group else found


def members(plans: Sequence[NodePlan], nodes: Mapping[str, Node], group: str) -> set[str]:
    """The nodes of a group. Raises InputError where there is no such group, or more than one kind knows the name."""
    groups: dict[tuple[str, str], set[str]] = {}
    for plan in plans:
        groups.setdefault(("role", plan.role), set()).add(plan.node)
        node = nodes.get(plan.node)
        for kind in _KINDS[1:]:
            if node is not None and getattr(node, kind):
                groups.setdefault((kind, getattr(node, kind)), set()).add(plan.node)
    kind, equals, name = group.partition("=")
    if equals and kind not in _KINDS:
        raise InputError(f"no kind of group is called {kind}{nearest(kind, _KINDS)}", key="--group",
                         hint=f"kinds: {', '.join(_KINDS)}")
    meant = [key for key in groups if (key == (kind, name) if equals else key[1] == group)]
    if not meant:
        there = sorted(f"{kind}={name}" for kind, name in groups)
        raise InputError(f"no node is in the group {group}{nearest(group, [*there, *(n for _, n in groups)])}",
                         key="--group", hint=f"groups of the stack: {', '.join(there)}")
    if len(meant) > 1:
        raise InputError(f"{group} is the name of more than one group", key="--group",
                         hint=f"say which: {', '.join(f'{kind}={name}' for kind, name in meant)}")
    return groups[meant[0]]


def targets(plans: Sequence[NodePlan], service: str, *, named: bool) -> list[Target]:
    """Where ``service`` (or the container of that name) is. ``named``: each of the nodes was asked for by name, so
    that each must have it. Raises InputError where none has it."""
    found = [Target(plan, names) for plan in plans if (names := containers_of(plan, service))]
    if not found or (named and len(found) < len(plans)):
        without = ", ".join(plan.node for plan in plans if not containers_of(plan, service))
        raise InputError(f"no service or container on {without} is called {service}{nearest_service(plans, service)}",
                         key="SERVICE", hint="openstack overcloud service list")
    return found


@dataclass(frozen=True)
class ServiceRun:
    """One verb for one service on its nodes, one node after the other."""

    reach: Reach
    events: Events
    verb: Verb
    service: str
    why: str = ""
    drains: bool = True

    def check(self, found: Sequence[Target]) -> None:
        """Raise TreadleError where it cannot be done on one of the nodes: then it is begun on none."""
        for target in found:
            self.reach.agent(target.plan).service_check(self.verb, target.names)

    def run(self, found: Sequence[Target]) -> list[Outcome]:
        """Do it. The next node comes when the one before is done and healthy; a failure stops all."""
        done: list[Outcome] = []
        for target in found:
            with self.events.span("phase", f"{self.verb.capitalize()} {self.service} on {target.plan.node}"):
                agent = self.reach.agent(target.plan)
                done += agent.service_do(self.verb, target.names, whoami(), self.why, self.drains)
        return done
