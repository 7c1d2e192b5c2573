"""``openstack overcloud config approve|reject`` and ``config policy set|show``."""

from __future__ import annotations

import argparse
from typing import Any

from treadle.cli.command import Beside, Command, ShowOne, add_stack, changing, stack_state
from treadle.errors import InputError


def add_generation(parser: argparse.ArgumentParser) -> None:
    """The generation that is meant."""
    parser.add_argument("generation", metavar="GENERATION", nargs="?", default="newest",
                        help="id (4 characters or more), tag, newest or good (default: %(default)s)")


class _Decide(Command):
    """What approving and rejecting share."""

    approved: bool

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        add_generation(parser)
        parser.add_argument("--message", metavar="WHY", default="", help="why; kept with the decision")
        parser.add_argument("--withdraw", action="store_true", help="take back what you said of it before")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.history.approvals import APPROVED, REJECTED
        from treadle.rollout.state import whoami

        verdict = APPROVED if self.approved else REJECTED
        if not self.approved and not args.message and not args.withdraw:
            raise InputError("say why it is rejected", key="--message", hint="its author has to know what to change")
        state = stack_state(args)
        found, approvals = state.generations().find(args.generation), state.approvals()
        what = f"overcloud config {'approve' if self.approved else 'reject'}"
        with changing(self, args, what, Beside.ANYTHING) as events:
            if args.withdraw:
                if not approvals.withdraw(found, whoami()):
                    raise InputError(f"{whoami()} said nothing of {found.short}", key="--withdraw",
                                     hint=f"openstack overcloud config show {found.short}")
                events.emit("generation.withdrawn", f"{whoami()} takes back what was said of {found.short}",
                            generation=found.id)
            else:
                approvals.decide(found, approved=self.approved, who=whoami(), message=args.message)
                events.emit(f"generation.{verdict}", f"{found.short} is {verdict} by {whoami()}",
                            generation=found.id)
            standing = approvals.standing(found)
        print(f"{found.short}: approvals: {standing}", file=self.app.stdout)
        mine = [decision for decision in approvals.decisions(found) if decision.who == whoami()][-1:]
        for decision in (each for each in mine if each.approved and each not in standing.counted):
            why = "the author's own" if found.author in (decision.who, decision.name) else decision.signature
            print(f"yours does not count: {why}", file=self.app.stderr)


class ApproveGeneration(_Decide):
    """Approve a generation, in place of what you said of it before. Signed where git is set up to sign tags."""

    approved = True


class RejectGeneration(_Decide):
    """Reject a generation: it is not propagated until you approve it or withdraw."""

    approved = False


class SetPolicy(Command):
    """Say how many approvals a generation needs before it is propagated."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("--approvals", type=_number, metavar="N", required=True,
                            help="approvals of others than the author; 0: none")
        parser.add_argument("--signed", action="store_true", help="count only those signed by a key that git knows")
        parser.add_argument("--message", metavar="WHY", default="", help="why; kept in the journal")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.history.approvals import Policy, write_policy

        state = stack_state(args)
        with changing(self, args, "overcloud config policy set", Beside.COMMANDS):
            write_policy(state.policy, Policy(args.approvals, args.signed))


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return int(text)


class ShowPolicy(ShowOne):
    """Show what a generation needs before it is propagated."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        from treadle.history.approvals import read_policy

        policy = read_policy(stack_state(args).policy)
        return ("approvals", "signed"), (policy.approvals, policy.signed)
