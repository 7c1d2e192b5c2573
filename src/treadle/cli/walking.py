"""What the commands share that walk a generation over nodes: options, what is shown, what follows a failure."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from treadle.cli.command import Command, add_stack, as_json, changing, confirm
from treadle.errors import TreadleError

if TYPE_CHECKING:
    from treadle.events import Events
    from treadle.rollout.change import Change
    from treadle.rollout.pipeline import Instantiate
    from treadle.rollout.reach import Reach
    from treadle.rollout.state import StackState

_BACK = "openstack overcloud config rollback --to-last-good"


def add_batches(parser: argparse.ArgumentParser, default: str = "1", each: str = "") -> None:
    parser.add_argument("--batch", metavar="SIZES", default=default,
                        help=" ".join(filter(None, ("how many nodes at a time", each))) + ", such as 1,10%%,50%%: one, "
                             "then a tenth of them, then half of them until all are done (default: %(default)s)")
    parser.add_argument("--max-failures", metavar="N", type=int, default=0,
                        help="go on with the others with up to this many nodes failed (default: %(default)s)")


class Walking(Command):
    """Under the stack's lock, journaled, errors without secrets."""

    #: What the command is called behind ``openstack``.
    verb = ""
    offers_rollback = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("--message", metavar="WHY", default="", help="why; kept in the journal")
        parser.add_argument("--yes", action="store_true", help="do not ask before changing anything")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="how the plan is printed")
        return parser

    @contextmanager
    def begun(self, args: argparse.Namespace, state: StackState) -> Iterator[Events]:
        """The events of the command, which mask every value that a secret of the stack ever had."""
        mask = state.generations().vault.mask()  # first: for a stack that never was nothing may be made
        with changing(self, args, self.verb) as events:
            events.masked_by(mask)
            yield events

    def ask(self, previews: Any, args: argparse.Namespace, events: Events) -> None:
        """Show what would be done; ask where it is anything."""
        from treadle.cli.deploy import show, show_held

        if any(not preview.nothing for preview in previews):
            show(previews, args.format, self.app.stdout)
            confirm("Do this?", args, events)
        else:
            print("Nothing to do: everything is as it should be.", file=self.app.stdout)
            show_held(previews, self.app.stderr)

    def report(self, states: Any, args: argparse.Namespace) -> None:
        """How each node was left."""
        if args.format == "json":
            print(as_json([{"node": s.node, "state": s.state, "generation": s.held.generation,
                            "runs": s.held.runs, "why": s.why} for s in states]), file=self.app.stdout)
            return
        for found in states:
            runs = f"runs generation {found.held.runs[:12]}" if found.held.runs else \
                f"holds generation {found.held.generation[:12]}, and runs it in part"
            print(f"{found.node}: {found.state}; {runs}" + (f": {found.why}" if found.why else ""),
                  file=self.app.stdout)

    def carry_out(self, work: Change | Instantiate, state: StackState, args: argparse.Namespace,
                  events: Events) -> None:
        """Do ``work`` and say how each node was left. After a failure go back, where that was asked for, or say how."""
        try:
            work.run()
        except TreadleError as error:
            self.report(work.states(), args)
            if getattr(args, "auto_rollback", False):
                self.go_back(state, error, work.reach, events, args)
            raise (offering_rollback(error, state) if self.offers_rollback else error) from None
        self.report(work.states(), args)

    def go_back(self, state: StackState, error: TreadleError, reach: Reach, events: Events,
                args: argparse.Namespace) -> NoReturn:
        """All nodes go back to what ran last on every one of them; then ``error`` is raised, and says so."""
        from treadle.rollout.change import roll_back

        try:
            made, work = roll_back(state, error.message.partition("\n")[0], reach, events)
        except TreadleError as second:
            error.message += f"\nand the way back failed: {second.message}"
            error.hint = f"openstack overcloud status; correct what failed, then {_BACK}"
            raise error from None
        self.report(work.states(), args)
        error.hint = f"all nodes went back, to generation {made.short}: correct what failed, and try again"
        raise error


def offering_rollback(error: TreadleError, state: StackState) -> TreadleError:
    """The same error with the way back, where there is one."""
    from treadle.history import GOOD

    if state.generations().repository.resolve(GOOD):
        error.hint = f"{error.hint}; or go back: {_BACK}" if error.hint else f"go back: {_BACK}"
    return error
