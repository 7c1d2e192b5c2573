"""Does what the planner said, in its order and at once where it may be, and looks again whether it is so."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from treadle.engine import NODE, STACK, TRANSIENT, Engine, Observed
from treadle.errors import EngineError, StepFailed, TreadleError
from treadle.gateway import Gateway
from treadle.instantiate.context import Context, epoch
from treadle.instantiate.desired import Desired, missing_paths
from treadle.instantiate.drain import Drainer
from treadle.instantiate.health import Unwell, Watch
from treadle.instantiate.once import OneShots, Record, spec_label, unrecorded
from treadle.instantiate.plan import Action, Kind
from treadle.instantiate.reload import NotTaken, Refused, Reloader
from treadle.instantiate.replace import NEW, OLD, Replacer
from treadle.instantiate.taken import TakenRecord
from treadle.instantiate.together import layers, together
from treadle.plan.containers import Container
from treadle.plan.nodeplan import NodePlan
from treadle.secrets import Secrets


@dataclass(frozen=True)
class Executor:
    """Runs actions of one node against its engine. Times are in seconds; ``workers`` is how many actions of one
    start_order go on at once; ``record`` is told at once how a one-shot ended that leaves no container. ``drains``:
    keep work away before a container is stopped."""

    engine: Engine
    gateway: Gateway
    plan: NodePlan
    taken: TakenRecord
    record: Record = unrecorded
    one_shot_limit: float = 1800.0
    health_limit: float = 180.0
    settle: float = 1.0
    poll: float = 0.1
    workers: int = 32
    drains: bool = True

    @cached_property
    def drainer(self) -> Drainer:
        return Drainer(self.engine, self.gateway.events, self.plan, self.context.paths.drained)

    @cached_property
    def context(self) -> Context:
        return Context(self.engine, self.gateway, self.plan, self.taken)

    @cached_property
    def watch(self) -> Watch:
        return Watch(self.context, self.health_limit, self.settle, self.poll)

    @cached_property
    def replacer(self) -> Replacer:
        return Replacer(self.context, self.watch)

    @cached_property
    def one_shots(self) -> OneShots:
        return OneShots(self.context, self.replacer, self.record, self.one_shot_limit)

    # What is there

    def observe(self) -> dict[str, Observed]:
        """This node's containers by logical name, as ``sweep`` would leave them: without replacements that a killed
        run never started, and with what they were to replace."""
        found = [c for c in self._all() if not c.engine_name.endswith(NEW)]
        return {c.name: c for c in sorted(found, key=lambda c: not c.engine_name.endswith(OLD))}

    def sweep(self, leave: Collection[str] = ()) -> None:
        """Put right what a killed run left half-made; nothing that ran is lost, and what runs takes work again."""
        self.replacer.restore(self._all(), self._spec)
        self._recover(leave)

    def _recover(self, leave: Collection[str]) -> None:
        """Let work in again where a killed run left a container drained that is well; not to those in ``leave``."""
        there = self.observe() if self.drainer.left() else {}
        self.drainer.recover(lambda name: name not in leave and name in there and self.watch.well_now(
            self._spec(there[name]), there[name]))

    def _all(self) -> list[Observed]:
        return [c for c in self.engine.containers({STACK: self.plan.stack, NODE: self.plan.node})
                if TRANSIENT not in c.labels]

    def _spec(self, there: Observed) -> Container | None:
        """As the plan has it, which alone knows its ``health``; else as its own label says."""
        for containers in self.plan.docker_config.values():
            if there.name in containers:
                return containers[there.name]
        return spec_label(there)

    def started(self, there: Observed) -> float:
        """When a running container was started (epoch seconds)."""
        return epoch(self.engine.inspect(there.id)["State"]["StartedAt"])

    # What changes it

    def apply(self, actions: Iterable[Action]) -> None:
        """Do the actions of one step. Raises StepFailed (or EngineError) at the first failure, when what was begun
        beside it has ended; nothing of a later start_order has then been begun."""
        todo = sorted(actions, key=lambda action: action.order)
        self._check_paths(todo)
        for _, group in groupby(todo, key=lambda action: action.order[:3]):
            for layer in layers(list(group)):
                together(layer, self._audited, self.workers)
        self._require_up([action for action in todo if action.kind in _STARTING])

    def await_health(self, items: Iterable[Desired]) -> None:
        """Return when all of them are well. Raises StepFailed naming those that are not in time."""
        found = self.observe()
        waiting = [(item, there.id) for item in items if item.stays and (there := found.get(item.name))]
        together(waiting, lambda each: self._await_well(*each), self.workers)

    def _check_paths(self, actions: list[Action]) -> None:
        for action in actions:
            made = action.desired if action.kind in _MAKING else None
            gone = missing_paths(made, self.context.paths) if made else []
            if gone:
                key, path = gone[0]
                raise EngineError(f"the host has no {path}", key=f"{self.context.where(made)}.{key}",
                                  hint="let host_prep_tasks make it, or correct the template")

    def _audited(self, action: Action) -> None:
        drained = action.desired if self.drains and action.kind in _STOPPING else None
        try:
            with self.drainer.drained(drained, required=False) if drained else nullcontext():
                self.gateway.do(action.kind.value, action.name, "; ".join(action.reasons), lambda: self._do(action),
                                step=str(action.step))
        except TreadleError as error:
            error.key = error.key or self.context.where(action.desired)  # the engine speaks of ids alone
            if action.kind is Kind.RECREATE:  # what it was to replace runs again, and was good
                self.drainer.undo(action.name)
            raise
        self.drainer.undo(action.name)

    def _do(self, action: Action) -> None:
        item, there = action.desired, action.observed
        match action.kind:
            case Kind.REMOVE if there:
                self.one_shots.let_end(there)
                self.remove(there)
            case Kind.RUN if item:
                self.one_shots.run(item, there)
            case Kind.AWAIT if item and there:
                self.one_shots.take_result(item, there.id)
            case Kind.EXEC if item:
                self.one_shots.execute(item)
            case Kind.RECREATE if item and there:
                self.one_shots.let_end(there)
                self.replacer.replace(item, there)
            case Kind.CREATE if item:
                made = self.replacer.create(item)
                self.context.start(made, action.name)
                self._await_well(item, made)
            case Kind.STOP if there:
                self.context.stop(there)
            case Kind.START if item and there:
                self.context.start(there.id, action.name)
                self._await_well(item, there.id)
            case Kind.RESTART if item and there:
                self._restart(item, there)
            case Kind.RELOAD if item and there:
                self._reload(action, item, there)

    def _restart(self, item: Desired, there: Observed) -> None:
        self.context.stop(there)
        self.context.start(there.id, item.name)
        self._await_well(item, there.id)

    def _reload(self, action: Action, item: Desired, there: Observed) -> None:
        reloader = Reloader(self.engine, self.gateway.events, self.plan.node,
                            Secrets(self.plan.secrets).mask)
        try:
            self.taken.note(item.name, there.id, reloader.reload(item, there, action.differences))
        except Refused as why:
            raise StepFailed(why.message, key=self.context.where(item), hint=why.hint) from None
        except NotTaken as why:
            self.gateway.events.emit("reload.restart", f"{item.name} did not take it while it ran ({why.message}): "
                                     "restarting it", node=self.plan.node, subject=item.name)
            self._restart(item, there)
        else:
            self._await_well(item, there.id)

    def remove(self, there: Observed) -> None:
        """Stop it as it likes to be stopped, then remove it."""
        if there.running:
            self.engine.stop(there.id)
        self.engine.remove(there.id)

    def _await_well(self, item: Desired, container: str) -> None:
        try:
            self.watch.await_well(item, container)
        except Unwell as why:
            raise StepFailed(why.message, key=self.context.where(item), hint=f"{why.said}\nmore: docker logs "
                             f"{self.context.engine_name(item.name)}; corrected, the same deploy goes on") from why

    def _require_up(self, started: list[Action]) -> None:
        """After the step's last start: whatever was started is running still."""
        found = self.observe() if started else {}
        for action in started:
            there = found.get(action.name)
            if there is None:
                raise StepFailed(f"{action.name} is gone", key=self.context.where(action.desired),
                                 hint="somebody removed it; run the same deploy again")
            if not there.running:
                raise StepFailed(f"{action.name} does not stay up: {there.status}",
                                 key=self.context.where(action.desired),
                                 hint=self.context.log_hint(there.id, action.name))


_STOPPING = (Kind.STOP, Kind.RESTART, Kind.RECREATE)
_MAKING = (Kind.CREATE, Kind.RECREATE, Kind.RUN)
_STARTING = (Kind.CREATE, Kind.RECREATE, Kind.START, Kind.RESTART)
