"""``openstack overcloud config propagate``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from treadle.cli.command import stack_state
from treadle.cli.nodes import add_nodes, chosen_plans
from treadle.cli.walking import Walking

if TYPE_CHECKING:
    from treadle.history import Generation
    from treadle.rollout.state import StackState


class PropagateConfig(Walking):
    """Put a generation's files on the nodes. Nothing that runs is touched: `config instantiate` does that.

    Each file is compared with the generation's digest. What a hand changed on a node is shown, and kept aside there.
    """

    verb = "overcloud config propagate"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_generation(parser)
        add_source(parser)
        add_nodes(parser)
        parser.add_argument("--service", action="append", default=[], metavar="NAME",
                            help="only what this service's containers use; may be given again")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.rollout.pipeline import Propagate
        from treadle.rollout.reach import reaching

        state = stack_state(args)
        with self.begun(args, state) as events, reaching(state, events) as reach:
            generation = given_generation(args, state)
            recorded = state.generations().at(generation.id)
            nodes = [plan.node for plan in chosen_plans(args, state, recorded.plans())]
            work = Propagate(state, recorded, nodes, reach, events, tuple(args.service))
            self.ask(work.prepare(), args, events)
            work.run()
        print(f"generation {generation.short} is on {', '.join(nodes)}\n"
              "  bring it about: openstack overcloud config instantiate", file=self.app.stderr)


def add_generation(parser: argparse.ArgumentParser, default: str = "the newest") -> None:
    parser.add_argument("generation", nargs="?", default="", metavar="GENERATION",
                        help=f"id or tag of a generation (default: {default})")


def add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", metavar="URL", default="", help="take it from this git server")
    parser.add_argument("--ref", metavar="REF", default="", help="with --source: a branch, a tag or a commit there")
    parser.add_argument("--moved", action="store_true",
                        help="with --source: take the ref though it does not contain any more what it was before")


def given_generation(args: argparse.Namespace, state: StackState) -> Generation:
    """The generation that the options name. Raises InputError or HistoryError for what is none."""
    from treadle.errors import InputError

    history = state.generations()
    if not args.source:
        if args.ref or args.moved:
            raise InputError("a ref is of a git server", key="--ref" if args.ref else "--moved",
                             hint="add --source URL, or name the generation by itself")
        return history.find(args.generation or "newest")
    if args.generation or not args.ref:
        raise InputError("name what to take from there by --ref alone", key="--source",
                         hint="--source URL --ref BRANCH, TAG or COMMIT")
    if "@" in args.source.partition("://")[2] and ":" in args.source.partition("://")[2].partition("@")[0]:
        raise InputError("holds a password, which everybody could read in the list of processes", key="--source",
                         hint="leave it to git's credential helper: git help credentials")
    return history.fetch(args.source, args.ref, moved=args.moved)
