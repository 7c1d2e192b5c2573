"""``openstack overcloud config rollback``."""

from __future__ import annotations

import argparse

from treadle.cli.command import stack_state
from treadle.cli.propagate import add_generation
from treadle.cli.walking import Walking, add_batches
from treadle.errors import InputError


class RollbackConfig(Walking):
    """Go back to an older generation: a new one with its tree is recorded, propagated and instantiated.

    Passwords go back too, where they were others.
    """

    verb = "overcloud config rollback"
    offers_rollback = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_generation(parser, "the one before the newest")
        parser.add_argument("--to-last-good", action="store_true",
                            help="to the one that was last instantiated on every node with success")
        parser.add_argument("--record-only", action="store_true",
                            help="record the new generation, and leave the nodes as they are")
        add_batches(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.rollout.change import Change, record_rollback, target
        from treadle.rollout.reach import reaching

        if args.generation and args.to_last_good:
            raise InputError("not together with a generation", key="--to-last-good", hint="give one of them")
        state = stack_state(args)
        with self.begun(args, state) as events, reaching(state, events) as reach:
            old = target(state, args.generation, last_good=args.to_last_good)
            recorded = state.generations().at(old.id)
            work = Change(state, recorded, recorded.nodes, reach, events, (), args.batch, args.max_failures)
            if not args.record_only:
                self.ask(work.prepare(), args, events)
            made = record_rollback(state, old, args.message)
            print(f"generation {made.short} is as {old.short} was", file=self.app.stderr)
            if args.record_only:
                return 0
            work = Change(state, state.generations().at(made.id), recorded.nodes, reach, events, (), args.batch,
                          args.max_failures)
            work.prepare()
            self.carry_out(work, state, args, events)
        return 0
