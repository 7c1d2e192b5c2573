"""``openstack overcloud delete``."""

from __future__ import annotations

import argparse
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
        from treadle.events import silent
        from treadle.rollout.fleet import leaving
        from treadle.rollout.reach import reaching

        args.stack = args.stack_name or args.stack
        state = stack_state(args)
        heat = None if args.keep_heat or args.keep_data else remembered(state, self.app)
        # A stack that Heat could not make has no plans yet.
        plans = state.plans() if heat is None or state.planned else []
        made = {} if args.keep_data else state.recall("folders") or {}
        with reaching(state, silent()) as reach:
            data = {plan.node: _there(reach.agent(plan), made.get(plan.node, [])) for plan in plans}
        for node, folders in data.items():
            print(f"{node}: containers and configuration of {state.stack} go" + "".join(
                f"\n  {folder} and all that is in it" for folder in folders), file=self.app.stdout)
        if heat is not None:
            _reach(heat, state.stack)
            print(f"the stack {state.stack} goes from Heat at {heat.where}", file=self.app.stdout)
        for left in leaving(state):
            print(f"{left.node.name} ({left.node.address}): what it has stays there; before this, `openstack overcloud "
                  f"node remove {left.node.name}` removes it", file=self.app.stdout)
        confirm("Delete this?", args, silent())
        with changing(self, args, "overcloud delete") as events, reaching(state, events) as reach:
            for plan in plans:
                with events.span("phase", f"Delete from {plan.node}"):
                    delete_from(plan, reach, events, data[plan.node])
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


def _there(agent: Any, folders: list[str]) -> list[str]:
    gone = agent.missing(folders) if folders else []
    return [folder for folder in folders if folder not in gone]


def delete_from(plan: Any, reach: Any, events: Any, data: list[str]) -> None:
    """All of the plan's stack goes from its node, and with it the folders ``data``."""
    from treadle.secrets import Secrets

    events.masked_by(Secrets(plan.secrets).mask)
    layers = {**plan.hieradata, "all_nodes": {**plan.hieradata.get("all_nodes", {}), "stack_action": "DELETE"}}
    reach.agent(msgspec.structs.replace(plan, hieradata=layers)).delete(data)
