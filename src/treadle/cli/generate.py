"""``openstack overcloud config generate``."""

from __future__ import annotations

import argparse

from treadle.cli.command import Command, add_stack, as_json, changing, stack_state
from treadle.cli.heat import add_heat
from treadle.cli.inputs import add_inputs
from treadle.cli.prepared import keep, made_deploy


class GenerateConfig(Command):
    """Generate all configuration of all nodes and record it as a generation. Nothing that runs is touched."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        add_inputs(parser)
        add_heat(parser)
        parser.add_argument("--message", metavar="WHY", default="", help="why; it is kept with the generation")
        parser.add_argument("--yes", action="store_true",
                            help="with --heat remote: do not ask before Heat's stack changes")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="how the result is printed")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        args.check = False
        state = stack_state(args)
        with changing(self, args, "overcloud config generate") as events, \
                made_deploy(args, self.app, events) as (deploy, gathered):
            keep(state, gathered)
            made = deploy.generate()
        if args.format == "json":
            print(as_json({"generation": made.id, "new": made.new, "author": made.author, "message": made.message,
                           "when": made.when}), file=self.app.stdout)
        elif made.new:
            print(f"generation {made.short}\n  what it changes: openstack overcloud config diff\n"
                  f"  put it on the nodes: openstack overcloud config propagate {made.short}", file=self.app.stdout)
        else:
            print(f"nothing new: all is as generation {made.short} has it", file=self.app.stdout)
