"""``openstack overcloud status``."""

from __future__ import annotations

import argparse
from typing import Any

from treadle.cli.command import Lister, add_stack, stack_state

COLUMNS = ("Node", "Step", "Container", "State", "Health", "To do")


class StatusOvercloud(Lister):
    """Show every container: whether it runs, is healthy, and runs the configuration that was propagated last."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle.engine import Engine
        from treadle.events import silent
        from treadle.node import NodeAgent
        from treadle.rollout.lock import read

        state = stack_state(args)
        engine = Engine()
        previews = [NodeAgent(plan, engine, silent()).status() for plan in state.plans()]
        holder = read(state.lock)
        if holder:
            left = "left by a deploy that was killed; run it again" if holder.gone else "being changed"
            self.app.stderr.write(f"{left}: {holder}\n")
        return COLUMNS, [_row(preview.node, action) for preview in previews for action in preview.actions]


def _row(node: str, action: Any) -> tuple[Any, ...]:
    there, recorded = action.observed, action.desired is not None and action.desired.recorded
    if there is None:
        state = ("done" if not action.reasons else "not run") if recorded else "absent"
    else:
        state = f"exited {there.exit_code}" if there.exit_code is not None else there.state
    to_do = "" if action.kind.value == "none" else f"{action.kind}: {'; '.join(action.reasons)}"
    return node, action.step, action.name, state, there.health if there else "", to_do
