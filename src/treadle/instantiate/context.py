"""What everything that acts on one node's containers needs: its engine and plan, and how it names things."""

from __future__ import annotations

import datetime
import time
from dataclasses import dataclass
from typing import Any

from treadle.engine import Engine, Observed
from treadle.gateway import Gateway
from treadle.instantiate.desired import Desired
from treadle.instantiate.taken import TakenRecord
from treadle.paths import NodePaths
from treadle.plan.nodeplan import NodePlan

_LOG_LINES = 20


@dataclass(frozen=True)
class Context:
    """One node. ``taken`` is told of every start."""

    engine: Engine
    gateway: Gateway
    plan: NodePlan
    taken: TakenRecord

    @property
    def paths(self) -> NodePaths:
        return NodePaths(self.plan.stack, self.plan.root)

    def engine_name(self, name: str) -> str:
        """What the engine calls the container ``name``."""
        return self.plan.container_prefix + name

    def where(self, item: Desired | None) -> str:
        """The node and the key of the entry, for errors."""
        if item is None:
            return ""
        service = self.plan.owners.get(f"container {item.name}", "")
        return f"{self.plan.node}: {service}.docker_config.step_{item.step}.{item.name}"

    def start(self, container: str, name: str) -> None:
        """A container takes its configuration after this moment."""
        moment = time.time()
        self.engine.start(container, name)
        self.taken.note(name, container, moment)

    def stop(self, there: Observed) -> None:
        if there.state == "paused":
            self.engine.resume(there.id)
        self.engine.stop(there.id)

    def state(self, container: str) -> dict[str, Any]:
        """``State`` of the engine's inspect, with RestartCount."""
        found = self.engine.inspect(container)
        return {**found["State"], "RestartCount": found.get("RestartCount", 0)}

    def log_tail(self, container: str) -> str:
        return tail(self.engine.logs(container, _LOG_LINES))

    def log_hint(self, container: str, name: str) -> str:
        return f"{self.log_tail(container)}\nmore: docker logs {self.engine_name(name)}"


def tail(text: str) -> str:
    """The last lines of what was written, set off from what is said about it."""
    return "\n".join(f"  | {line}" for line in text.strip().splitlines()[-_LOG_LINES:]) or "  | (it wrote nothing)"


def epoch(stamp: str) -> float:
    """The engine's RFC 3339 time ("2026-01-02T03:04:05.678901234Z") in seconds since the epoch."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    moment = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.UTC)
    return moment.timestamp() + (float(f"0.{fraction}") if fraction else 0.0)
