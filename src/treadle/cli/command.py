"""What all commands share: events to a renderer and the journal, errors without a traceback."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cliff.command import Command as CliffCommand
from cliff.lister import Lister as CliffLister
from cliff.show import ShowOne as CliffShowOne

from treadle.errors import InputError, TreadleError
from treadle.events import Event, Events
from treadle.files import host_error
from treadle.rollout.state import StackState, default_folder, whoami

if TYPE_CHECKING:
    from treadle.rollout.hooks import Hooks

DEFAULT_STACK = "overcloud"


class _Quiet:
    """A TreadleError, or what the operating system refuses, becomes its text and exit status 1; ``--debug`` shows
    where it came from."""

    auth_required = False
    #: Arguments (argparse's dest) whose value may be a secret: the journal has their names alone.
    secret_words: tuple[str, ...] = ()

    def get_epilog(self) -> str:
        """What cliff would say, which reads the metadata of every installed package first, for each command."""
        return "This command is provided by the treadle plugin."

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


class Looking(Lister):
    """Base of tables that are seen on nodes: those that do not answer are told, and the exit status is 1 then."""

    def run(self, parsed_args: argparse.Namespace) -> int:
        self._lost = False
        status = super().run(parsed_args)
        return 1 if status == 0 and self._lost else status

    def tell(self, lost: Sequence[str]) -> None:
        """A line for each node that did not answer."""
        self._lost = self._lost or bool(lost)
        for line in lost:
            self.app.stderr.write(f"{line}\n")


class ShowOne(_Quiet, CliffShowOne):
    """Base of commands that show one thing, key by key."""


def add_stack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stack", default=DEFAULT_STACK, metavar="NAME",
                        help="name of the stack (default: %(default)s)")
    add_state(parser)


def add_state(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", metavar="DIR", default=str(default_folder()),
                        help="where the deployer keeps passwords, history and plans (default: %(default)s)")


def positive(text: str) -> int:
    """An argument's type: a whole number from 1 on."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)


def stack_state(args: argparse.Namespace) -> StackState:
    if not args.stack or "/" in args.stack or args.stack.startswith("."):
        raise InputError(f"{args.stack!r} is no name for a stack", key="--stack",
                         hint="use letters, digits, dashes and underscores")
    return StackState(Path(args.state).absolute(), args.stack)


class Beside(Enum):
    """What may go on beside a command that changes something."""

    NOTHING = "it holds the stack's lock"
    COMMANDS = "it is short, and waits for nobody; but a stack that is locked by hand is left alone"
    ANYTHING = "it changes nothing that a lock protects"


@contextmanager
def changing(command: _Quiet, args: argparse.Namespace, what: str, beside: Beside = Beside.NOTHING) -> Iterator[Events]:
    """For a command that changes something: its events are shown, told to hooks and kept in the journal with who,
    what and why; ``beside`` says what it locks."""
    from treadle.rollout import lock

    state, message = stack_state(args), getattr(args, "message", "") or ""
    with rendered(state, live=beside is Beside.NOTHING) as events:
        held: AbstractContextManager[None] = nullcontext()
        guard: AbstractContextManager[None] = nullcontext()
        if beside is Beside.NOTHING:
            held = lock.held(state.lock, f"{what} {message}".strip(), events)
        elif beside is Beside.COMMANDS:
            with lock.beside(state.lock):  # what is refused is not begun
                guard = lock.beside(state.lock)
        with held, events.span("command", what, message=message, words=words(command, args, what)), guard:
            yield events


def words(command: _Quiet, args: argparse.Namespace, what: str) -> str:
    """The arguments that were given beside those in ``what``, as they would be typed; secret ones as ``…``."""
    parser: argparse.ArgumentParser = command.get_parser("")  # type: ignore[attr-defined]
    typed: list[str] = []
    for action in parser._actions:
        value = getattr(args, action.dest, action.default)
        if action.dest in ("message", "yes", "state") or value is None or value == action.default:
            continue
        option = max(action.option_strings, key=len, default="")
        for each in value if isinstance(value, list) else [value]:
            said = [] if isinstance(each, bool) else ["…" if action.dest in command.secret_words
                                                      else shlex.quote(str(each))]
            typed += [option, *said] if option else [word for word in said if word not in what.split()]
    return " ".join(typed)


@contextmanager
def rendered(state: StackState | None = None, *, journal: Path | None = None,
             live: bool = True) -> Iterator[Events]:
    """Events that are shown (by one line that lives, where ``live`` and there is a terminal); where ``state`` is given
    the stack's journal and its hooks get them too, where ``journal`` is given that one. What events mask when an error
    comes is masked in the error too: commands and containers quote what they were given."""
    from treadle.cli.progress import Plain, renderer

    hooks = _hooks(state) if state else None
    shown = renderer() if live else Plain()
    path = state.journal if state else journal
    events = Events(shown, *([partial(_write, path)] if path else []), *([hooks] if hooks else []))
    if hooks:
        hooks.events = events
    try:
        yield events
    except TreadleError as error:
        error.message, error.hint = events.mask(error.message), events.mask(error.hint)
        raise
    finally:
        shown.close()


def _write(path: Path, event: Event) -> None:
    from treadle.rollout.journal import write

    write(path, event, whoami())


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
