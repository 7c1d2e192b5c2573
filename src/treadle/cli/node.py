"""``openstack overcloud node list``."""

from __future__ import annotations

import argparse
from typing import Any

from treadle.cli.command import Looking, add_stack, stack_state
from treadle.cli.nodes import add_limit, narrowing

COLUMNS = ("Name", "Role", "Address", "Reach", "Generation", "State")


class ListNodes(Looking):
    """Show the nodes of the stack: how each is reached, which generation it holds, and how it is."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        add_limit(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle.events import silent
        from treadle.rollout.limit import members_of, narrowed
        from treadle.rollout.members import rows
        from treadle.rollout.reach import reaching

        state = stack_state(args)
        nodes = state.nodes()
        if not nodes:
            state.plans()  # a stack that never was is told with those that are
        names = narrowed(members_of(nodes), **narrowing(args)) if nodes else []
        with reaching(state, silent()) as reach:
            found, lost = rows(state, reach, names)
        self.tell(lost)
        return COLUMNS, [(row.node.name, row.node.role, row.node.address, row.reach, row.generation[:12], row.state)
                         for row in found]
