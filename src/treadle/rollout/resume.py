"""Which deploy did not come to its end, so that ``--resume`` can go on with exactly that one."""

from __future__ import annotations

import time
from collections.abc import Iterable

import msgspec

from treadle.errors import InputError
from treadle.rollout.state import StackState, whoami

_NAME = "interrupted"


class Begun(msgspec.Struct, frozen=True):
    """A deploy of ``generation`` that began to change nodes; ``skipped`` are those that it leaves as they are."""

    generation: str
    skipped: list[str]
    who: str
    since: float


def begin(state: StackState, generation: str, skipped: Iterable[str]) -> None:
    """From here on nodes change. Keeps who began first, where it is the same generation again."""
    known = interrupted(state)
    if known is None or (known.generation, known.skipped) != (generation, sorted(skipped)):
        state.remember(_NAME, msgspec.to_builtins(Begun(generation, sorted(skipped), whoami(), time.time())))


def end(state: StackState) -> None:
    """It came to its end on all its nodes."""
    state.forget(_NAME)


def interrupted(state: StackState) -> Begun | None:
    found = state.recall(_NAME)
    return msgspec.convert(found, Begun) if found else None


def open_still(state: StackState) -> Begun | None:
    """The deploy that ``--resume`` would go on with; None where there is none, or a newer generation since."""
    begun = interrupted(state)
    newest = state.generations().newest() if begun else None
    return begun if newest and begun and newest.id == begun.generation else None


def command(state: StackState) -> str:
    """By which the deploy is gone on with."""
    return f"openstack overcloud deploy --stack {state.stack} --resume"


def require_interrupted(state: StackState) -> Begun:
    """The deploy to go on with. Raises InputError where there is none, or where the stack has moved on since."""
    begun = interrupted(state)
    if begun is None:
        raise InputError("there is nothing to go on with: no deploy was cut off after it had begun to change nodes",
                         key="--resume", hint="run the deploy itself")
    if open_still(state) is None:
        newest = state.generations().newest()
        since = f"{newest.short} ({newest.message.partition(chr(10))[0]})" if newest else "none"
        raise InputError(f"the deploy of generation {begun.generation[:12]} was cut off, but there is a newer "
                         f"generation since: {since}", key="--resume",
                         hint="run the deploy itself: it brings everything to what templates and environments say now")
    return begun
