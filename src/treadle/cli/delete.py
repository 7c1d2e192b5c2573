"""``openstack overcloud delete``."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import msgspec

from treadle.cli.command import Command, add_stack, confirm, rendered, stack_state


class DeleteOvercloud(Command):
    """Remove the stack: containers, configuration, data and passwords. Images stay."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("stack_name", nargs="?", metavar="STACK", help="the same as --stack")
        add_stack(parser)
        parser.add_argument("--keep-data", action="store_true",
                            help="keep the services' data and the passwords: a later deploy finds them")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.cli.clouds import remove_entry
        from treadle.engine import Engine
        from treadle.events import silent
        from treadle.rollout.lock import held

        args.stack = args.stack_name or args.stack
        state = stack_state(args)
        plans = state.plans()
        made = {} if args.keep_data else state.recall("folders") or {}
        data = {plan.node: [f for f in map(Path, made.get(plan.node, [])) if f.exists()] for plan in plans}
        for node, folders in data.items():
            print(f"{node}: containers and configuration of {state.stack} go" + "".join(
                f"\n  {folder} and all that is in it" for folder in folders), file=self.app.stdout)
        confirm("Delete this?", args, silent())
        with rendered(state) as events, held(state.lock, "overcloud delete", events):
            engine = Engine()
            for plan in plans:
                with events.span("phase", f"Delete from {plan.node}"):
                    _delete(plan, engine, events)
                    for folder in data[plan.node]:
                        if folder.exists():  # it may have been inside one that went
                            shutil.rmtree(folder)
                        _remove_empty(folder.parent, Path(f"{plan.root}/var"))
            if not args.keep_data:
                remove_entry(state.stack)
                state.remove()


def _remove_empty(folder: Path, top: Path) -> None:
    """The folders above one that went, where nothing else is in them; never /var/lib or /var/log themselves."""
    while folder.parent.parent.is_relative_to(top) and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _delete(plan: Any, engine: Any, events: Any) -> None:
    from treadle.node import NodeAgent
    from treadle.secrets import Secrets

    events.masked_by(Secrets(plan.secrets).mask)
    layers = {**plan.hieradata, "all_nodes": {**plan.hieradata.get("all_nodes", {}), "stack_action": "DELETE"}}
    NodeAgent(msgspec.structs.replace(plan, hieradata=layers), engine, events).delete()
