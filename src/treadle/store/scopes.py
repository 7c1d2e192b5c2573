"""Scopes, and how a node inherits through them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from treadle.errors import InputError, nearest

#: From the widest to the narrowest; the narrowest that sets a key wins.
KINDS = ("global", "region", "zone", "aggregate", "hardware", "host")


@dataclass(frozen=True, order=True)
class Scope:
    """``global``, or one of the other kinds with a name: ``region=north``, ``host=compute-3``."""

    kind: str
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Scope:
        """From ``KIND=NAME``. Raises InputError."""
        kind, _, name = text.partition("=")
        if kind not in KINDS:
            raise InputError(f"no scope is called {kind}{nearest(kind, KINDS)}", key="--scope",
                             hint=f"scopes, each narrower than the one before: {', '.join(KINDS)}")
        if (kind == "global") != (not name) or not re.fullmatch(r"[A-Za-z0-9._-]*", name):
            raise InputError(f"{text!r} names no scope", key="--scope", hint="global, or as in host=compute-3")
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}={self.name}" if self.name else self.kind


@dataclass(frozen=True)
class Setting:
    """One hiera key's value in one scope; ``revision`` counts the store's changes."""

    scope: Scope
    key: str
    value: Any
    revision: int = 0


def effective(settings: Iterable[Setting], membership: Mapping[str, str]) -> dict[str, Setting]:
    """``{key: the setting that wins}`` for a node with ``membership`` (``{"region": "north", "host": "a"}``)."""
    mine = [s for s in settings if s.scope.kind == "global" or membership.get(s.scope.kind) == s.scope.name]
    return {s.key: s for s in sorted(mine, key=lambda s: KINDS.index(s.scope.kind))}
