"""``openstack overcloud delete``."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

import msgspec

from treadle.cli.command import Command, add_stack, changing, confirm, stack_state
from treadle.cli.heat import remembered
from treadle.errors import HeatError


class DeleteOvercloud(Command):
    """Remove the stack: containers, configuration, data and passwords. Images stay, and the journal."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("stack_name", nargs="?", metavar="STACK", help="the same as --stack")
        add_stack(parser)
        parser.add_argument("--keep-data", action="store_true",
                            help="keep the services' data and the passwords: a later deploy finds them")
        parser.add_argument("--keep-heat", action="store_true",
                            help="leave the stack in the Heat service that made it (deploy --heat remote)")
        parser.add_argument("--message", metavar="WHY", default="", help="why; kept in the journal")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.cli.clouds import remove_entry
        from treadle.engine import Engine
        from treadle.events import silent

        args.stack = args.stack_name or args.stack
        state = stack_state(args)
        heat = None if args.keep_heat or args.keep_data else remembered(state, self.app)
        # A stack that Heat could not make has no plans yet.
        plans = state.plans() if heat is None or state.planned else []
        made = {} if args.keep_data else state.recall("folders") or {}
        data = {plan.node: [f for f in map(Path, made.get(plan.node, [])) if f.exists()] for plan in plans}
        for node, folders in data.items():
            print(f"{node}: containers and configuration of {state.stack} go" + "".join(
                f"\n  {folder} and all that is in it" for folder in folders), file=self.app.stdout)
        if heat is not None:
            _reach(heat, state.stack)
            print(f"the stack {state.stack} goes from Heat at {heat.where}", file=self.app.stdout)
        confirm("Delete this?", args, silent())
        with changing(self, args, "overcloud delete") as events:
            engine = Engine()
            for plan in plans:
                with events.span("phase", f"Delete from {plan.node}"):
                    _delete(plan, engine, events)
                    for folder in data[plan.node]:
                        if folder.exists():  # it may have been inside one that went
                            shutil.rmtree(folder)
                        _remove_empty(folder.parent, Path(f"{plan.root}/var"))
            if heat is not None:
                from treadle.heat.remote import delete_stack

                delete_stack(heat, state.stack, events)
            if not args.keep_data:
                remove_entry(state.stack)
                state.remove()


def _reach(heat: Any, stack: str) -> None:
    """Before anything is gone: a Heat that cannot be asked stops the command."""
    try:
        heat.stack(stack)
    except HeatError as error:
        error.hint += "; or leave the stack in Heat as it is: --keep-heat"
        raise


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
