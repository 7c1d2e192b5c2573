"""Which nodes a command is about: ``--node`` and ``--group``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from treadle.plan.nodeplan import NodePlan
    from treadle.rollout.state import StackState


def add_nodes(parser: argparse.ArgumentParser, default: str = "all") -> None:
    parser.add_argument("--node", action="append", default=[], metavar="NAME",
                        help=f"only on this node; may be given again (default: {default})")
    parser.add_argument("--group", default="", metavar="[KIND=]NAME",
                        help="only on nodes of this role, region, aggregate or hardware")


def chosen_plans(args: argparse.Namespace, state: StackState, plans: Sequence[NodePlan]) -> list[NodePlan]:
    """Those of ``plans`` whose nodes the options name. Raises InputError for an unknown node or group."""
    from treadle.plan.nodes import parse_nodes
    from treadle.rollout.service import chosen

    nodes = state.recall("nodes") or []
    parsed = parse_nodes({"nodes": nodes}, file=f"{state.path}/nodes.json",
                         roles=[node["role"] for node in nodes]) if nodes else []
    return chosen(plans, {node.name: node for node in parsed}, args.node, args.group)
