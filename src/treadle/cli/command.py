"""What all commands share: events to a renderer and the journal, errors without a traceback."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cliff.command import Command as CliffCommand
from cliff.lister import Lister as CliffLister
from cliff.show import ShowOne as CliffShowOne

from treadle.errors import InputError, TreadleError
from treadle.events import Events
from treadle.files import host_error
from treadle.rollout.state import StackState, default_folder

if TYPE_CHECKING:
    from treadle.rollout.hooks import Hooks

DEFAULT_STACK = "overcloud"


class _Quiet:
    """A TreadleError, or what the operating system refuses, becomes its text and exit status 1; ``--debug`` shows
    where it came from."""

    auth_required = False

    def run(self, parsed_args: argparse.Namespace) -> int:
        try:
            return int(super().run(parsed_args))  # type: ignore[misc]
        except TreadleError as error:
            if getattr(self.app.options, "debug", False):  # type: ignore[attr-defined]
                raise
            print(f"error: {error}", file=sys.stderr)
            return 1
        except OSError as error:
            if getattr(self.app.options, "debug", False):  # type: ignore[attr-defined]
                raise
            print(f"error: {host_error(error)}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("interrupted: nothing more was begun. Run the same command again: it goes on from here.",
                  file=sys.stderr)
            return 130


class Command(_Quiet, CliffCommand):
    """Base of commands that do something."""


class Lister(_Quiet, CliffLister):
    """Base of commands that show a table (cliff gives them ``-f json|yaml|csv|value|table``)."""


class ShowOne(_Quiet, CliffShowOne):
    """Base of commands that show one thing, key by key."""


def add_stack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stack", default=DEFAULT_STACK, metavar="NAME",
                        help="name of the stack (default: %(default)s)")
    parser.add_argument("--state", metavar="DIR", default=str(default_folder()),
                        help="where the deployer keeps passwords, history and plans (default: %(default)s)")


def stack_state(args: argparse.Namespace) -> StackState:
    from pathlib import Path

    if not args.stack or "/" in args.stack or args.stack.startswith("."):
        raise InputError(f"{args.stack!r} is no name for a stack", key="--stack",
                         hint="use letters, digits, dashes and underscores")
    return StackState(Path(args.state).absolute(), args.stack)


@contextmanager
def rendered(state: StackState | None = None) -> Iterator[Events]:
    """Events that are shown; where ``state`` is given the stack's journal and its hooks get them too."""
    from treadle.cli.progress import renderer

    hooks = _hooks(state) if state else None
    shown = renderer()
    events = Events(shown, *([state.write_journal] if state else []), *([hooks] if hooks else []))
    if hooks:
        hooks.events = events
    try:
        yield events
    finally:
        shown.close()


def _hooks(state: StackState) -> Hooks | None:
    """What is told of events; None, and nothing loaded, where the stack has no hooks."""
    if not state.hooks.exists():
        return None
    from treadle.rollout import hooks

    return hooks.Hooks(list(hooks.read(state.hooks).values()), state.stack)


def confirm(question: str, args: argparse.Namespace, events: Events) -> None:
    """Ask on a terminal unless ``--yes``. Raises InputError for a no, or where nobody can be asked."""
    if args.yes:
        return
    if not sys.stdin.isatty():
        raise InputError("nobody is there to say yes", key="--yes", hint="add --yes to go on without being asked")
    with events.span("prompt", question):
        answer = input(f"{question} [y/N] ")
    if answer.strip().lower() not in ("y", "yes"):
        raise InputError("stopped: nothing was changed")


def as_json(value: Any) -> str:
    import json

    return json.dumps(value, indent=1, sort_keys=True, default=str)
