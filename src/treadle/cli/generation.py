"""``openstack overcloud config history|show|tag``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from typing import Any

from treadle.cli.approval import add_generation
from treadle.cli.command import Beside, Command, Lister, ShowOne, add_stack, changing, positive, stack_state

COLUMNS = ("Generation", "When", "Author", "Message", "Tags", "Approvals", "Runs on")
#: As many changes as `show` lists on a terminal.
_SHOWN = 20


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _tags(known: Mapping[str, str], generation: str) -> list[str]:
    return sorted(name for name, id_ in known.items() if id_ == generation)


def _on(running: Mapping[str, str], generation: str) -> str:
    """``3 of 3 nodes``; nothing where it runs nowhere."""
    count = sum(1 for id_ in running.values() if id_ == generation)
    return f"{count} of {len(running)} node{'s' if len(running) != 1 else ''}" if count else ""


class ListGenerations(Lister):
    """Show the generations, the newest first: who, when, why, who approved, and where they run."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("--limit", type=positive, default=20, metavar="N",
                            help="at most so many (default: %(default)s)")
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle.history.tags import tags
        from treadle.rollout import pipeline

        state = stack_state(args)
        history, approvals, running = state.generations(), state.approvals(), pipeline.running(state)
        known = tags(history.repository) if history.repository.exists else {}
        machine = args.formatter != "table"
        rows = []
        for found in history.log(args.limit):
            message = found.message
            rows.append((found.id if machine else found.short, _when(found.when), found.author,
                         message if machine else message.partition("\n")[0], ", ".join(_tags(known, found.id)),
                         str(approvals.standing(found)), _on(running, found.id)))
        return COLUMNS, rows


class ShowGeneration(ShowOne):
    """Show one generation: who, when and why, who approved it, where it runs, and what it is made of."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        add_generation(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        from treadle.history.summary import changes, images
        from treadle.history.tags import tags
        from treadle.rollout import pipeline

        state = stack_state(args)
        history, approvals, running = state.generations(), state.approvals(), pipeline.running(state)
        found = history.find(args.generation)
        shown: dict[str, Any] = {
            "id": found.id, "author": found.author, "when": _when(found.when), "message": found.message,
            "parent": next(iter(found.parents), ""), "tags": _tags(tags(history.repository), found.id),
            "approvals": str(approvals.standing(found)),
            "decisions": [{"decision": d.verdict, "who": d.who, "when": _when(d.when), "message": d.message,
                           "signature": d.signature} for d in approvals.decisions(found)],
            "runs_on": sorted(node for node, id_ in running.items() if id_ == found.id),
            "nodes": history.at(found.id).nodes,
            "images": images(history.repository, found),
            "changes": {what: len(nodes) for what, nodes in sorted(changes(history.repository, found).items())},
            "inputs": history.at(found.id).inputs}
        if args.formatter == "table":
            shown = {key: _text(value) for key, value in shown.items()}
        return tuple(shown), tuple(shown.values())


def _text(value: Any) -> Any:
    """A list or mapping as lines; a long one in short."""
    if isinstance(value, dict):
        value = [f"{key}: {held}" for key, held in value.items()]
    if not isinstance(value, list):
        return value
    lines = [" ".join(str(part) for part in each.values() if part) if isinstance(each, dict) else str(each)
             for each in value]
    more = [f"and {len(lines) - _SHOWN} more (-f json shows all)"] if len(lines) > _SHOWN else []
    return "\n".join([*lines[:_SHOWN], *more])


class TagGeneration(Command):
    """Give a generation a name, by which every command takes it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("name", metavar="NAME", help="the name, such as release-7")
        add_generation(parser)
        parser.add_argument("--message", metavar="WHY", default="", help="why; kept with the tag")
        parser.add_argument("--delete", action="store_true", help="take the name away")
        parser.add_argument("--force", action="store_true", help="move a name that another generation has")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.history.tags import checked, tag, untag
        from treadle.rollout.state import whoami

        history = stack_state(args).generations()
        found = history.find("newest" if args.delete else args.generation)
        if not args.delete:
            checked(history.repository, args.name)
        with changing(self, args, "overcloud config tag", Beside.ANYTHING) as events:
            if args.delete:
                generation = untag(history.repository, args.name)
                events.emit("generation.tag", f"{args.name} is no name any more", generation=generation)
            else:
                tag(history.repository, args.name, found.id, who=whoami(), message=args.message, force=args.force)
                events.emit("generation.tag", f"{found.short} is called {args.name}", generation=found.id)
