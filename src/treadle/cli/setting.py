"""``openstack overcloud setting set|unset|list``: hiera settings of nodes, in scopes."""

from __future__ import annotations

import argparse
from typing import Any

import yaml

from treadle.cli.command import Beside, Command, Lister, add_stack, changing, stack_state


def _add_setting(parser: argparse.ArgumentParser) -> None:
    add_stack(parser)
    parser.add_argument("--scope", default="global", metavar="KIND[=NAME]",
                        help="global, region=, zone=, aggregate=, hardware= or host=NAME; the narrowest wins")
    parser.add_argument("--message", default="", metavar="WHY", help="why; kept with the change")
    parser.add_argument("key", help="hiera key, such as keystone::debug")


class SetSetting(Command):
    """Set a hiera key for all nodes of a scope. It takes effect with the next deploy."""

    secret_words = ("value",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        _add_setting(parser)
        parser.add_argument("value", help="value, as YAML")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.errors import InputError
        from treadle.rollout.state import whoami
        from treadle.store import Scope

        try:
            value = yaml.safe_load(args.value)
        except yaml.YAMLError as error:
            raise InputError(f"the value is no YAML: {error}", key="VALUE") from None
        scope = Scope.parse(args.scope)
        with changing(self, args, "overcloud setting set", Beside.COMMANDS):
            stack_state(args).settings.set(scope, args.key, value, who=whoami(), why=args.message)


class UnsetSetting(Command):
    """Take a setting away: wider scopes, and then the templates, decide again."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        _add_setting(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.rollout.state import whoami
        from treadle.store import Scope

        scope = Scope.parse(args.scope)
        with changing(self, args, "overcloud setting unset", Beside.COMMANDS):
            stack_state(args).settings.unset(scope, args.key, who=whoami(), why=args.message)


class ListSettings(Lister):
    """Show what is set, or with --node what one node gets and from which scope."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("--node", metavar="NAME", help="the effective settings of this node")
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle.errors import InputError, nearest
        from treadle.plan.nodes import membership, parse_nodes
        from treadle.store import effective

        state = stack_state(args)
        settings = state.settings.settings()
        if args.node:
            nodes = state.recall("nodes") or []
            found = {node.name: node for node in parse_nodes(
                {"nodes": nodes}, file=f"{state.path}/nodes.json", roles=[n["role"] for n in nodes])} if nodes else {}
            if args.node not in found:
                raise InputError(f"no node is called {args.node}{nearest(args.node, found)}", key="--node")
            settings = list(effective(settings, membership(found[args.node])).values())
        return ("Key", "Value", "Scope", "Revision"), [(s.key, s.value, str(s.scope), s.revision) for s in settings]
