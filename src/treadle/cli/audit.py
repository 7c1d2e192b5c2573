"""``openstack overcloud audit``: who changed what, when, why, and how it ended."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treadle.cli.command import Lister, add_stack, positive, stack_state
from treadle.errors import HistoryError, InputError
from treadle.rollout.state import StackState

COLUMNS = ("When", "Who", "What", "Why", "Generation", "Outcome")


class AuditOvercloud(Lister):
    """Show every command that changed something, the newest last."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("--limit", type=positive, metavar="N", help="the last N (default: all)")
        parser.add_argument("--since", metavar="WHEN", default="",
                            help="since a date or time (2026-11-21T14:00), or so long ago (90m, 12h, 7d)")
        parser.add_argument("--who", metavar="NAME", default="", help="of this user, or user@host")
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle.rollout.audit import runs, since

        begin = since(args.since) if args.since else 0.0
        found = [run for run in runs(*_journals(stack_state(args)))
                 if run.when >= begin and (not args.who or args.who in (run.who, run.who.partition("@")[0]))]
        machine = args.formatter != "table"
        return COLUMNS, [(time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.when)), run.who, run.what, run.why,
                          run.generation if machine else run.generation[:12],
                          run.outcome if machine else run.outcome.partition("\n")[0])
                         for run in found[-args.limit if args.limit else 0:]]


class VerifyAudit(Lister):
    """Check that no line of the journal was changed or removed. Exit status 1 where one was."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle.history.git import Repository
        from treadle.history.tags import anchors

        state = stack_state(args)
        kept = anchors(Repository(state.history))
        return ("Journal", "Lines", "Result"), [_verified(path, kept if path == state.journal else {})
                                                for path in _journals(state)]


def _journals(state: StackState) -> list[Path]:
    """The stack's, and that of what changes no stack in particular. Raises InputError for a stack that never was."""
    shared = [state.shared_journal] if state.shared_journal.exists() else []
    if not state.path.exists() and not shared:
        raise InputError(f"there is no stack called {state.stack}", source=state.folder, key="--stack")
    return [state.journal, *shared]


def _verified(path: Path, anchors: Mapping[str, str]) -> tuple[str, int, str]:
    """One journal's row. Raises HistoryError for one that does not hold together."""
    from treadle.rollout.journal import verify

    verdict = verify(path, anchors)
    hint = "compare it with a backup, or with what hooks were told"
    if verdict.wrong:
        raise HistoryError(f"line {verdict.wrong} does not continue the one before: that one was changed, or lines "
                           "between them were removed or put in", source=f"{path}:{verdict.wrong}", hint=hint)
    if verdict.lost:
        raise HistoryError(f"the line that generation {verdict.lost[0][:12]} names is not there any more: lines were "
                           "removed at the end, or all was written anew", source=path, hint=hint)
    cut = f"; cut off by a kill or a full disk: line {', '.join(map(str, verdict.cut))}" if verdict.cut else ""
    return str(path), verdict.lines, f"sound; {len(anchors)} generations name a line of it{cut}"
