"""How a deployer and ``treadle-node`` speak: JSON lines, one message each, both ways.

The deployer begins with ``Hello``, which holds the node plan, and then asks for one verb of ``Verbs`` at a time. The
node tells events while it works, may ask for what a generation recorded, and ends each verb with a result or a failure.
Empty lines say that the deployer is there still.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any, get_type_hints

import msgspec

import treadle.errors
from treadle.errors import Source, StepFailed, TreadleError
from treadle.generate.tree import ConfigTree
from treadle.node.verbs import Verbs
from treadle.plan.nodeplan import NodePlan

#: Where a deployer says nothing for so long (seconds), it is gone; it says something every ``BEAT``.
SILENCE, BEAT = 30.0, 5.0
#: What the deployer has and the node asks for, where it needs it.
RECORDED = "recorded"
#: Verbs that change the node: one deployer at a time.
CHANGING = frozenset(("sweep", "generate", "make", "propagate", "host", "containers", "bootstrap", "instantiated",
                      "delete", "service_do", "drain", "undrain"))


class Hello(msgspec.Struct, frozen=True):
    """The first line. ``scratch``: nothing is to be left on the node. ``log``: bytes of its log that are known."""

    plan: NodePlan
    scratch: bool = False
    log: int = 0


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """One verb with its arguments, each encoded by itself; or the answer to what the node asked for."""

    verb: str = ""
    arguments: dict[str, msgspec.Raw] = {}
    thorough: bool = False
    only: tuple[str, ...] | None = None
    answer: dict[str, ConfigTree] | None = None
    failed: Failed | None = None


class Failed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A TreadleError on its way."""

    kind: str
    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    key: str = ""
    hint: str = ""

    @classmethod
    def of(cls, error: TreadleError) -> Failed:
        known = next(each for each in type(error).__mro__ if hasattr(treadle.errors, each.__name__))
        source = error.source or Source("")
        return cls(known.__name__, error.message, source.file, source.line, source.column, error.key, error.hint)

    def error(self, node: str = "") -> TreadleError:
        """The same as it was raised; ``node``: where, unless it says so itself."""
        kind = getattr(treadle.errors, self.kind, StepFailed)
        source = Source(f"{node}:{self.file}" if node else self.file, self.line, self.column) if self.file else None
        named = not node or source or node in f"{self.message}{self.key}"
        error: TreadleError = kind(self.message if named else f"{node}: {self.message}", source=source, key=self.key,
                                   hint=self.hint)
        return error


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the node's: one of these; ``done`` with its ``result``. ``logged``: the event stands in the node's log;
    ``log`` is what of it was not known, ``anew`` that it begins anew."""

    event: msgspec.Raw = msgspec.Raw()
    logged: bool = False
    log: str = ""
    anew: bool = False
    ready: bool = False
    ask: tuple[str, str] | None = None
    done: bool = False
    result: msgspec.Raw = msgspec.Raw(b"null")
    failed: Failed | None = None


@cache
def hints(verb: str) -> dict[str, Any]:
    """``{argument: type}``, and ``return``."""
    return get_type_hints(getattr(Verbs, verb))


@cache
def verbs() -> frozenset[str]:
    return frozenset(name for name, _ in inspect.getmembers(Verbs, inspect.isfunction) if not name.startswith("_"))


def encode(value: Any) -> bytes:
    """What is no JSON (in the data of an event) becomes its text."""
    return msgspec.json.encode(value, enc_hook=str)


def packed(verb: str, arguments: Mapping[str, Any]) -> dict[str, msgspec.Raw]:
    return {name: msgspec.Raw(encode(value)) for name, value in arguments.items() if name in hints(verb)}


def unpacked(verb: str, arguments: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    return {name: msgspec.json.decode(raw, type=hints(verb)[name]) for name, raw in arguments.items()}
