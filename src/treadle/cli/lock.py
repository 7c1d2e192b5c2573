"""``openstack overcloud lock|unlock``: nothing changes the stack until somebody says so."""

from __future__ import annotations

import argparse

from treadle.cli.command import Beside, Command, add_stack, changing, stack_state
from treadle.errors import InputError


class LockOvercloud(Command):
    """Lock the stack: until `unlock` every command that would change it is refused, your own too."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("--message", metavar="WHY", default="", help="why; told to everybody who is refused")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.rollout.lock import lock

        state = stack_state(args)
        if not state.path.exists():
            raise InputError(f"there is no stack called {state.stack}", source=state.folder, key="--stack")
        with changing(self, args, "overcloud lock", Beside.ANYTHING) as events:
            holder = lock(state.lock, args.message, events)
        print(f"locked by {holder}", file=self.app.stdout)


class UnlockOvercloud(Command):
    """Give the lock back: your own; with --force anybody's, even that of a command that may be running."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("--force", action="store_true", help="break the lock of somebody else; needs --message")
        parser.add_argument("--message", metavar="WHY", default="", help="why; kept in the journal")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.rollout.lock import unlock

        state = stack_state(args)
        if args.force and not args.message:
            raise InputError("say why somebody else's lock is broken", key="--message",
                             hint="it is kept in the journal: openstack overcloud audit")
        if not state.lock.exists():
            print("not locked", file=self.app.stdout)
            return
        with changing(self, args, "overcloud unlock", Beside.ANYTHING) as events:
            holder = unlock(state.lock, events, force=args.force)
        print(f"unlocked; it was held by {holder}" if holder else "unlocked", file=self.app.stdout)
