"""``openstack overcloud status``."""

from __future__ import annotations

import argparse
from typing import Any

from treadle.cli.command import Looking, add_stack, stack_state
from treadle.cli.nodes import add_nodes, chosen_plans

COLUMNS = ("Node", "Step", "Service", "Container", "Wanted", "State", "Health", "Generation", "To do")


class StatusOvercloud(Looking):
    """Show every container: whether it runs, is healthy, and runs the configuration that was propagated last."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        add_nodes(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle.events import silent
        from treadle.rollout import lifecycle, resume, update
        from treadle.rollout.lock import read
        from treadle.rollout.look import look
        from treadle.rollout.reach import reaching

        state = stack_state(args)
        rows = []
        plans = chosen_plans(args, state, state.plans())
        with reaching(state, silent()) as reach:
            seen = look(reach, plans, lambda plan: reach.agent(plan).tolerated())
        for plan, tolerated in seen.found:
            preview = tolerated.preview
            rows += [_row(preview, action, plan.owners) for action in preview.actions]
            for image in tolerated.missing:
                self.app.stderr.write(f"{plan.node}: the engine has no image {image} any more\n")
        self.tell(seen.lines())
        found = update.read(state)
        if found and found.open:
            self.app.stderr.write(f"{update.summary(found, state.plans())}\n")
        upgrade = lifecycle.current(state)
        if upgrade:
            self.app.stderr.write(f"{lifecycle.summary(upgrade)}\n")
        holder, begun = read(state.lock), resume.open_still(state)
        if begun and (holder is None or holder.gone):
            self.app.stderr.write(f"the deploy of generation {begun.generation[:12]} by {begun.who} did not come to an "
                                  f"end. Go on: {resume.command(state)}\n")
        if holder:
            left = "left by a command that was killed; run it again" if holder.gone else "being changed"
            self.app.stderr.write(f"{left}: {holder}\n")
        return COLUMNS, rows


def _row(preview: Any, action: Any, owners: Any) -> tuple[Any, ...]:
    there = action.observed
    to_do = action.held if action.kind.value == "none" else f"{action.kind}: {'; '.join(action.reasons)}"
    return (preview.node, action.step, owners.get(f"container {action.name}", ""), action.name, _wanted(action),
            _state(action), there.health if there else "", _generation(action, preview.taken), to_do)


def _wanted(action: Any) -> str:
    if action.desired is None:
        return "absent"
    if not action.desired.stays:
        return "done"
    return "stopped" if action.held else "running"


def _state(action: Any) -> str:
    there, item = action.observed, action.desired
    if there is not None:
        return f"exited {there.exit_code}" if there.exit_code is not None else str(there.state)
    recorded = item is not None and item.recorded
    return ("not run" if action.reasons or action.held else "done") if recorded else "absent"


def _generation(action: Any, taken: Any) -> str:
    """Which generation's configuration a container runs; ``behind`` where there is newer."""
    item, there = action.desired, action.observed
    if item is None or there is None or not item.sources or not (there.running or not item.stays):
        return ""
    at = taken.get(item.name, there.created) if item.stays and not item.copies_once else there.created
    return f"{item.generation(at)[:12] or 'unknown'}{' (behind)' if item.unseen(at) else ''}"
