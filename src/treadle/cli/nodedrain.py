"""``openstack overcloud node drain|undrain``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from treadle.cli.command import Command, add_stack, changing, confirm, stack_state

if TYPE_CHECKING:
    from treadle.plan.nodeplan import NodePlan
    from treadle.rollout.drain import NodeDraining
    from treadle.rollout.state import StackState

#: What was done, and a line for each node that does not answer.
Done = tuple[list[str], list[str]]


class _Draining(Command):
    """Nodes one after the other, under the stack's lock, audited."""

    verb = ""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("names", nargs="+", metavar="NODE", help="name of a node")
        parser.add_argument("--message", metavar="WHY", default="", help="why; kept on the node and in the journal")
        return parser

    def known(self, args: argparse.Namespace, state: StackState) -> list[NodePlan]:
        """The plans of all nodes. Raises InputError for a name that none of them has."""
        from treadle.errors import InputError, nearest

        plans = state.plans()
        there = [plan.node for plan in plans]
        for name in args.names:
            if name not in there:
                raise InputError(f"no node is called {name}{nearest(name, there)}", key="NODE",
                                 hint=f"nodes of the stack: {', '.join(there)}")
        return plans

    def each(self, args: argparse.Namespace, what: str, do: Callable[[NodeDraining, str], Done],
             before: Callable[[argparse.Namespace], None] = lambda _: None) -> int:
        """``do`` for each node in turn. The exit status: 1 where a node that had to do something did not answer."""
        from treadle.rollout.drain import NodeDraining
        from treadle.rollout.reach import reaching
        from treadle.secrets import Secrets

        state = stack_state(args)
        plans = self.known(args, state)
        missed: Sequence[str] = []
        with changing(self, args, f"overcloud node {what}") as events, reaching(state, events) as reach:
            events.masked_by(Secrets({name: text for plan in plans for name, text in plan.secrets.items()}).mask)
            before(args)
            work = NodeDraining(plans, reach, events, args.message)
            for name in args.names:
                done, lost = do(work, name)
                missed = [*missed, *lost]
                print(*(done or [f"{name}: nothing there had to be done"]), sep="\n", file=self.app.stdout)
        for line in missed:
            print(line, file=self.app.stderr)
        return 1 if missed else 0


class DrainNode(_Draining):
    """Keep work away from nodes until `node undrain`: no new servers on a compute, no requests through HAProxy, no VIP.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("--stop", action="store_true", help="stop all services of the nodes too")
        parser.add_argument("--yes", action="store_true", help="do not ask; with --stop it is asked")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.events import silent

        def ask(given: argparse.Namespace) -> None:
            if given.stop:
                print(f"all services of {', '.join(given.names)} are stopped", file=self.app.stderr)
                confirm("Do this?", given, silent())

        return self.each(args, "drain", lambda work, name: work.drain(name, stop=args.stop), ask)


class UndrainNode(_Draining):
    """Start what draining stopped, and let work come to the nodes again."""

    def take_action(self, args: argparse.Namespace) -> int:
        return self.each(args, "undrain", lambda work, name: work.undrain(name))
