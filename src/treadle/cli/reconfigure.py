"""``openstack overcloud reconfigure``."""

from __future__ import annotations

import argparse

from treadle.cli.command import stack_state
from treadle.cli.heat import add_heat
from treadle.cli.inputs import add_inputs
from treadle.cli.nodes import add_nodes, chosen_plans
from treadle.cli.prepared import keep, made_deploy
from treadle.cli.walking import Walking, add_batches


class ReconfigureOvercloud(Walking):
    """Generate, propagate and instantiate in one command: what environments say now is brought to the nodes, in
    batches, with the least that makes it true."""

    verb = "overcloud reconfigure"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_inputs(parser)
        add_heat(parser)
        parser.add_argument("services", nargs="*", metavar="SERVICE", help="only these services (default: all)")
        add_nodes(parser)
        add_batches(parser)
        parser.add_argument("--auto-rollback", action="store_true",
                            help="after a failure go back to what ran last on all nodes")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.cli.clouds import write_entry
        from treadle.rollout.change import Change

        args.check = False
        state = stack_state(args)
        state.plans()  # what was never deployed cannot be reconfigured
        with self.begun(args, state) as events, made_deploy(args, self.app, events) as (deploy, gathered):
            keep(state, gathered)
            made = deploy.generate()
            events.masked_by(state.generations().vault.mask())
            recorded = state.generations().at(made.id)
            nodes = [plan.node for plan in chosen_plans(args, state, recorded.plans())]
            work = Change(state, recorded, nodes, deploy.reach, events, tuple(args.services), args.batch,
                          args.max_failures)
            self.ask(work.prepare(), args, events)
            self.carry_out(work, state, args, events)
        write_entry(state)
        return 0
