"""A container takes the place of another, which comes back where the new one is no good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from treadle.engine import NODE, STACK, NameTaken, Observed
from treadle.errors import EngineError, StepFailed, TreadleError
from treadle.instantiate.context import Context
from treadle.instantiate.desired import Desired
from treadle.instantiate.fromnode import from_node
from treadle.instantiate.health import Unwell, Watch
from treadle.instantiate.request import request
from treadle.plan.containers import Container

#: Behind the engine's names of a replacement that has not been started yet, and of what is being replaced.
NEW, OLD = ".treadle-new", ".treadle-old"
_ALIVE = ("running", "paused", "restarting")


@dataclass(frozen=True)
class Replacer:
    """Makes containers of one node. A kill at any moment leaves what ``restore`` can put right."""

    context: Context
    watch: Watch

    def create(self, item: Desired) -> str:
        """Create it under its own name; gives its id."""
        return self._create(item, self.context.engine_name(item.name))

    def beside(self, item: Desired) -> str:
        """Create it beside what it will replace: a spec that the engine refuses costs nothing."""
        name = self.context.engine_name(item.name) + NEW
        try:
            return self._create(item, name)
        except NameTaken:
            there = self.context.engine.owner_of(name)
            if there is None or not self._ours(there):
                raise
            self.context.engine.remove(there.id)
            return self._create(item, name)

    def replace(self, item: Desired, there: Observed) -> None:
        """Bring ``item`` up in the place of ``there``. Raises StepFailed where it does not become well; ``there`` has
        its place again then, and runs if it ran before."""
        engine, name = self.context.engine, self.context.engine_name(item.name)
        new = self.beside(item)
        try:
            engine.rename(there.id, name + OLD)
            engine.rename(new, name)
            if there.state in _ALIVE:
                self.context.stop(there)
            self.context.start(new, item.name)
            self.watch.await_well(item, new, replaces=True)
        except TreadleError as why:
            self._roll_back(item, there, new, why)
        engine.remove(there.id)

    def _roll_back(self, item: Desired, there: Observed, new: str, why: TreadleError) -> None:
        runs = there.state in _ALIVE
        said = why.said if isinstance(why, Unwell) else why.hint
        said += "\n" if said else ""
        try:
            self._bring_back(there, [new], self.context.engine_name(item.name), start=runs)
        except TreadleError as worse:
            raise StepFailed(f"{why.message}; and the container that it replaced could not be brought back: "
                             f"{worse.message}", key=self.context.where(item),
                             hint=f"{said}run the same deploy again: it brings back what ran, then goes on") from why
        raise StepFailed(f"{why.message}; the container that it replaced {'runs again' if runs else 'is back'}",
                         key=self.context.where(item),
                         hint=f"{said}correct it and run the same deploy again") from why

    def _bring_back(self, old: Observed, instead_of: Sequence[str], name: str, *, start: bool) -> None:
        engine = self.context.engine
        for new in instead_of:
            engine.remove(new)
        now = engine.inspect(old.id)
        if now["Name"] != f"/{name}":
            engine.rename(old.id, name)
        if start and not now["State"]["Running"]:
            self.context.start(old.id, old.name)

    # After a kill

    def restore(self, found: Sequence[Observed], specs: Callable[[Observed], Container | None]) -> None:
        """Put right what a killed run left of its replacements among the node's containers ``found``.

        One that came into its place stays if it runs and its check succeeds; else what it was to replace comes back.
        ``specs`` gives the specification of a container.
        """
        names = {c.engine_name: c for c in found}
        for left in found:
            if left.engine_name.endswith(NEW):
                self.context.engine.remove(left.id)
        for old in (c for c in found if c.engine_name.endswith(OLD)):
            self._settle(old, names.get(old.engine_name.removesuffix(OLD)), specs)

    def _settle(self, old: Observed, now: Observed | None, specs: Callable[[Observed], Container | None]) -> None:
        if now and self.watch.well_now(specs(now), now):
            self.context.engine.remove(old.id)
            return
        self.context.gateway.do(
            "restore", old.name, "a deploy was cut short while it was replaced", lambda: self._bring_back(
                old, [now.id] if now else [], old.engine_name.removesuffix(OLD), start=True))

    # Creating

    def _create(self, item: Desired, name: str) -> str:
        given = from_node(item.container, self.context.paths, self.context.where(item))
        config, host = request(item, self.context.plan, given)
        try:
            return self.context.engine.create(name, config, host)
        except EngineError as error:
            error.key = error.key or self.context.where(item)
            raise

    def _ours(self, there: Observed) -> bool:
        return (there.labels.get(STACK), there.labels.get(NODE)) == (self.context.plan.stack, self.context.plan.node)
