"""One-shots: containers and commands that run to their end, and are never ended half-way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from treadle.engine import Observed
from treadle.errors import StepFailed
from treadle.instantiate.context import Context, tail
from treadle.instantiate.desired import Desired
from treadle.instantiate.fromnode import from_node
from treadle.instantiate.plan import CONFIG_DATA, Run
from treadle.instantiate.replace import Replacer
from treadle.plan.containers import Container

Record = Callable[[str, Run], None]


@dataclass(frozen=True)
class OneShots:
    """Of one node. ``limit`` (seconds) is how long one may take; ``record`` is told, before its container goes, how
    one ended that leaves no container: a kill must not make it run again."""

    context: Context
    replacer: Replacer
    record: Record
    limit: float

    def run(self, item: Desired, there: Observed | None) -> None:
        """Run it; one of its name that is under way comes to its end first, whatever its result."""
        if there is None:
            made = self.replacer.create(item)
        else:
            self.let_end(there, item)
            made = self.replacer.beside(item)
            if there.under_way and not _one_shot(there):
                self.context.stop(there)
            self.context.engine.remove(there.id)
            self.context.engine.rename(made, self.context.engine_name(item.name))
        self.context.start(made, item.name)
        self.take_result(item, made)

    def take_result(self, item: Desired, container: str) -> None:
        """Wait for its end. Raises StepFailed where it ended otherwise than wanted."""
        code = self._end_of(item.name, container, item)
        self._require(item, code, self.context.log_tail(container) if code not in item.container.exit_codes else "")
        if item.recorded:
            self._record(item, code)
            self.context.engine.remove(container)

    def let_end(self, there: Observed, item: Desired | None = None) -> None:
        """Wait for the end of a one-shot that is under way, whatever its result. Half a schema is worse than a late
        one: it is never killed."""
        if there.under_way and _one_shot(there):
            self._end_of(there.name, there.id, item)

    def _end_of(self, name: str, container: str, item: Desired | None) -> int:
        engine = self.context.engine
        if self.context.state(container)["Paused"]:
            engine.resume(container)
        code = engine.wait(container, self.limit)
        if code is None:
            raise StepFailed(f"{name} did not end within {self.limit:g} s; it was left running",
                             key=self.context.where(item),
                             hint=f"{self.context.log_hint(container, name)}\nlet it end, or end it (docker stop "
                             f"{self.context.engine_name(name)}); then the same deploy goes on from there")
        return code

    def execute(self, item: Desired) -> None:
        """Run a command in a container that is there; after the limit it is ended."""
        c = item.container
        environment = from_node(c, self.context.paths, self.context.where(item)).passed_on(c.environ())
        code, output = self.context.engine.execute(
            self.context.engine_name(c.target), c.argv[1:], user=c.user, privileged=c.privileged,
            environment=environment, limit=self.limit)
        self._require(item, code, tail(output))
        self._record(item, code)

    def _record(self, item: Desired, code: int) -> None:
        self.record(item.name, Run(item.spec, item.config, item.image_id, code, time.time()))

    def _require(self, item: Desired, code: int, said: str) -> None:
        if code not in item.container.exit_codes:
            wanted = " or ".join(map(str, item.container.exit_codes))
            raise StepFailed(f"{item.name} ended with {code}, expected {wanted}",
                             key=self.context.where(item), hint=said)


def _one_shot(there: Observed) -> bool:
    """By its own label: what is wanted now may be something else."""
    spec = spec_label(there)
    return spec is not None and spec.one_shot


def spec_label(there: Observed) -> Container | None:
    """The specification that a container was made by, as far as its label tells it."""
    try:
        return msgspec.convert(json.loads(there.labels.get(CONFIG_DATA, "")), Container, strict=False)
    except (ValueError, msgspec.ValidationError):
        return None


def unrecorded(name: str, run: Run) -> None:
    """A ``record`` for whoever needs none."""
