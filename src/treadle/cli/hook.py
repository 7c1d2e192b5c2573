"""``openstack overcloud hook set|unset|list``: who is told of what happens."""

from __future__ import annotations

import argparse
from typing import Any

from treadle.cli.command import Beside, Command, Lister, add_stack, changing, stack_state


class SetHook(Command):
    """Have a command or an address told of events, as they happen. A hook of that name is replaced."""

    secret_words = ("hook_command", "url")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("name", metavar="NAME", help="name of the hook")
        target = parser.add_mutually_exclusive_group(required=True)
        target.add_argument("--command", metavar="CMD", dest="hook_command", default="",
                            help="shell command; gets the event as JSON on standard input")
        target.add_argument("--url", metavar="URL", default="", help="gets the event as JSON by POST")
        parser.add_argument("--on", metavar="KIND[,KIND]", default="",
                            help="kinds of events; * stands for anything (default: reload.*)")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.rollout import hooks

        state = stack_state(args)
        kinds = [kind.strip() for kind in args.on.split(",") if kind.strip()]
        hook = hooks.checked(args.name, args.hook_command, args.url, kinds)
        with changing(self, args, "overcloud hook set", Beside.COMMANDS):
            hooks.write(state.hooks, {**hooks.read(state.hooks), hook.name: hook})


class UnsetHook(Command):
    """Take a hook away."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("name", metavar="NAME", help="name of the hook")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.errors import InputError, nearest
        from treadle.rollout import hooks

        state = stack_state(args)
        known = hooks.read(state.hooks)
        if args.name not in known:
            raise InputError(f"no hook is called {args.name}{nearest(args.name, known)}", key="NAME",
                             hint="openstack overcloud hook list")
        with changing(self, args, "overcloud hook unset", Beside.COMMANDS):
            hooks.write(state.hooks, {name: hook for name, hook in hooks.read(state.hooks).items()
                                      if name != args.name})


class ListHooks(Lister):
    """Show the stack's hooks, in the order in which they are told."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle.rollout import hooks

        return ("Name", "On", "Kind", "Target"), [
            (hook.name, ",".join(hook.on), "command" if hook.command else "url", hook.target)
            for hook in hooks.read(stack_state(args).hooks).values()]
