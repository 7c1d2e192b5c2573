"""``openstack overcloud drift``."""

from __future__ import annotations

import argparse
from typing import Any

from treadle.cli.command import Looking, add_stack, stack_state
from treadle.cli.nodes import add_nodes, chosen_plans

COLUMNS = ("Node", "What", "Name", "Difference", "A deploy would")


class DriftOvercloud(Looking):
    """Show what somebody changed by hand since the last deploy: containers, configuration files, images.

    It changes nothing. Each line says what a deploy would do about it.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        add_nodes(parser)
        parser.add_argument("--detailed-exitcode", action="store_true",
                            help="exit status 0 when there is no drift, 2 when there is")
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        self._found = False
        status = super().run(parsed_args)
        return 2 if status == 0 and self._found and parsed_args.detailed_exitcode else status

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle.events import silent
        from treadle.rollout.drift import find
        from treadle.rollout.lock import read
        from treadle.rollout.reach import reaching

        state = stack_state(args)
        plans = state.plans()
        with reaching(state, silent()) as reach:
            findings, lost = find(state, chosen_plans(args, state, plans), reach)
        self.tell(lost)
        holder = read(state.lock)
        if holder and not holder.gone:
            self.app.stderr.write(f"being changed, so what is shown may be on its way: {holder}\n")
        self._found = bool(findings)
        machine = args.formatter not in ("table", "value", "csv")
        return COLUMNS, [(f.node, f.what.value, f.name, list(f.words) if machine else "\n".join(f.words), f.repair)
                         for f in findings]
