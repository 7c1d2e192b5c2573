"""``openstack overcloud config instantiate``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from treadle.cli.command import stack_state
from treadle.cli.nodes import add_nodes, chosen_plans
from treadle.cli.walking import Walking, add_batches

if TYPE_CHECKING:
    from treadle.rollout.state import StackState


class InstantiateConfig(Walking):
    """Bring the nodes to what was propagated to them: containers are reloaded, restarted or recreated, whichever is
    least, node by node in batches, each healthy before the next begins. The first failure stops everything."""

    verb = "overcloud config instantiate"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("what", nargs="*", metavar="[GENERATION] [SERVICE…]",
                            help="the generation that the nodes must hold, and the services to touch (default: what "
                                 "they hold, and all)")
        add_nodes(parser)
        add_batches(parser)
        parser.add_argument("--check", action="store_true", help="say what would be done, and why; change nothing")
        parser.add_argument("--auto-rollback", action="store_true",
                            help="after a failure go back to what ran last on all nodes")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.cli.clouds import write_entry
        from treadle.cli.deploy import show
        from treadle.rollout.pipeline import Instantiate
        from treadle.rollout.reach import reaching

        state = stack_state(args)
        with self.begun(args, state) as events, reaching(state, events) as reach:
            generation, services = self._what(args.what, state)
            plans = [reach.deployed(plan) for plan in chosen_plans(args, state, state.plans())]
            work = Instantiate(state, plans, reach, events, services, args.batch, args.max_failures, args.check)
            previews = work.prepare(generation)
            if args.check:
                show(previews, args.format, self.app.stdout)
                return 0
            self.ask(previews, args, events)
            self.carry_out(work, state, args, events)
        write_entry(state)
        return 0

    @staticmethod
    def _what(words: list[str], state: StackState) -> tuple[str, tuple[str, ...]]:
        """(the generation's id or '', services)."""
        from treadle.errors import HistoryError

        if not words:
            return "", ()
        try:
            return state.generations().find(words[0]).id, tuple(words[1:])
        except HistoryError:
            return "", tuple(words)  # a service; one that is none is refused with its name
