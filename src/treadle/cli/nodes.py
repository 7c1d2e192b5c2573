"""Which nodes a command is about: ``--limit``, ``--roles``, ``--skip``; and ``--node``, ``--group``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from treadle.plan.nodeplan import NodePlan
    from treadle.rollout.state import StackState


def add_nodes(parser: argparse.ArgumentParser, default: str = "all") -> None:
    parser.add_argument("--node", action="append", default=[], metavar="NAME",
                        help=f"only on this node; may be given again (default: {default})")
    parser.add_argument("--group", default="", metavar="[KIND=]NAME",
                        help="only on nodes of this role, region, zone, aggregate or hardware")
    add_limit(parser)


def add_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", default="", metavar="PATTERN",
                        help="only these nodes, as in Ansible: names, roles or groups, 'compute-*', 'Compute[0:2]', "
                             "'Controller,!controller-1'")
    parser.add_argument("--roles", action="append", default=[], metavar="ROLE[,ROLE]",
                        help="only nodes of these roles (repeatable)")
    parser.add_argument("--skip", action="append", default=[], metavar="NODE",
                        help="leave this node as it is; it keeps its place in the others' data (repeatable)")


def narrowing(args: argparse.Namespace) -> dict[str, Any]:
    """Options of ``rollout.limit.narrowed``, from a command that may have them."""
    return {name: getattr(args, name, ()) or () if name != "limit" else getattr(args, name, "")
            for name in ("limit", "roles", "skip")}


def chosen_plans(args: argparse.Namespace, state: StackState, plans: Sequence[NodePlan]) -> list[NodePlan]:
    """Those of ``plans`` whose nodes the options name. Raises InputError for an unknown node or group."""
    from treadle.rollout.limit import members, narrowed
    from treadle.rollout.service import chosen

    nodes = {node.name: node for node in state.nodes()}
    left = narrowed(members(plans, nodes), **narrowing(args))
    asked = chosen(plans, nodes, getattr(args, "node", ()), getattr(args, "group", ""))
    return [plan for plan in asked if plan.node in left]
