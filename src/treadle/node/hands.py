"""What people did on a node beside Treadle's deploys: services that they stopped, containers that they changed."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from treadle.engine import Engine
from treadle.files import read_document, write_private
from treadle.instantiate import Action, Desired
from treadle.instantiate.byhand import heeding, inspected_changes, listed_changes
from treadle.instantiate.fromnode import from_node
from treadle.instantiate.request import request
from treadle.paths import NodePaths
from treadle.plan.nodeplan import NodePlan


class Stop(msgspec.Struct, frozen=True):
    """Who stopped a container on purpose, when (epoch seconds) and why."""

    who: str
    since: float
    why: str = ""

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"stopped by {self.who} since {since}" + (f": {self.why}" if self.why else "")


@dataclass(frozen=True)
class Stops:
    """``/var/lib/treadle/STACK/node/stopped.json``: what was stopped on purpose stays stopped until it is started."""

    path: Path

    def all(self) -> dict[str, Stop]:
        return read_document(self.path, dict[str, Stop]) or {}

    def words(self) -> dict[str, str]:
        return {name: str(stop) for name, stop in self.all().items()}

    def add(self, names: Iterable[str], who: str, why: str) -> None:
        """Those that are stopped already keep who stopped them."""
        known = self.all()
        made = {name: Stop(who, time.time(), why) for name in names if name not in known}
        if made:
            write_private(self.path, msgspec.json.encode({**known, **made}))

    def remove(self, names: Iterable[str]) -> None:
        gone, known = set(names), self.all()
        if gone & known.keys():
            write_private(self.path, msgspec.json.encode({n: stop for n, stop in known.items() if n not in gone}))


def heed(actions: Sequence[Action], plan: NodePlan, engine: Engine, *, thorough: bool = False) -> list[Action]:
    """The planner's actions, and what follows from what people did. ``thorough`` looks into each container."""
    stopped = Stops(NodePaths(plan.stack, plan.root).stopped).words()
    changed: dict[str, Sequence[str]] = dict(listed(actions, plan))
    if thorough:
        for name, words in inspected(actions, plan, engine).items():
            changed[name] = [*changed.get(name, ()), *words]
    return heeding(actions, stopped, changed)


def listed(actions: Sequence[Action], plan: NodePlan) -> Mapping[str, Sequence[str]]:
    """``{container: words}`` of what the engine's list shows."""
    found = {a.name: listed_changes(a.desired, a.observed, plan) for a in actions if a.desired and a.observed}
    return {name: words for name, words in found.items() if words}


def inspected(actions: Sequence[Action], plan: NodePlan, engine: Engine) -> dict[str, list[str]]:
    """``{container: words}`` of what a look into each container shows: one call to the engine for each."""
    found = {a.name: inspected_changes(a.desired, _asked(a.desired, plan), engine.inspect(a.observed.id))
             for a in actions if a.desired and a.observed}
    return {name: words for name, words in found.items() if words}


def _asked(item: Desired, plan: NodePlan) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the engine is asked for now. Variables that a container took over from whoever deployed it are not known
    any more, and so not among them."""
    given = from_node(item.container, NodePaths(plan.stack, plan.root), f"docker_config.{item.name}")
    return request(item, plan, replace(given, environment={}))
