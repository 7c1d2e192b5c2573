"""Services of one node at an operator's word: reload, restart, stop, start, one container after the other."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace

from treadle.engine import Engine
from treadle.errors import InputError, StepFailed, nearest
from treadle.events import Events
from treadle.gateway import Gateway
from treadle.instantiate import Action, Executor, Kind, TakenRecord
from treadle.node.agent import NodeAgent
from treadle.node.hands import Stops
from treadle.node.verbs import Outcome, Verb
from treadle.plan.nodeplan import NodePlan

__all__ = ["NodeServices", "Outcome", "Verb", "containers_of", "nearest_service", "require_reload", "services"]


def services(plan: NodePlan) -> dict[str, list[str]]:
    """``{service: its containers that stay}``, in the order in which they are started."""
    found: dict[str, list[str]] = {}
    for step in sorted(plan.docker_config):
        entries = plan.docker_config[step]
        for name in sorted(entries, key=lambda name: (entries[name].start_order, name)):
            container = entries[name]
            if container.action == "run" and container.detach:
                found.setdefault(plan.owners.get(f"container {name}", name), []).append(name)
    return found


def containers_of(plan: NodePlan, service: str) -> list[str]:
    """The containers of a service, or the one of that name; none where the node has neither."""
    known = services(plan)
    alone = [name for names in known.values() for name in names if name == service]
    return known.get(service, alone)


def require_reload(plan: NodePlan, names: Iterable[str]) -> None:
    """Raise InputError where one of the containers cannot be reloaded."""
    entries = {name: c for step in plan.docker_config.values() for name, c in step.items()}
    without = [name for name in names if entries[name].reload is None]
    if without:
        raise InputError(f"{without[0]} cannot be reloaded: its docker_config declares no reload", key=plan.node,
                         hint=f"openstack overcloud service restart {without[0]}")


class NodeServices:
    """The verbs. ``who`` and ``why`` stand in the journal and in what is told of a stopped service."""

    def __init__(self, plan: NodePlan, engine: Engine, events: Events, *, who: str, why: str,
                 drains: bool = True) -> None:
        self._agent = NodeAgent(plan, engine, events)
        self._plan, self._who, self._why = plan, who, why
        self._executor = Executor(engine, Gateway(events, plan.node), plan,
                                  TakenRecord.read(self._agent.paths.taken), drains=drains)
        self._stops = Stops(self._agent.paths.stopped)

    def check(self, verb: Verb, names: Sequence[str]) -> None:
        """Raise TreadleError where the verb cannot be done to one of them. Changes nothing."""
        planned = {action.name: action for action in self._agent.status().actions}
        if verb == "reload":
            require_reload(self._plan, names)
            for name in names:
                self._require_reloadable(planned[name])

    def _require_reloadable(self, planned: Action) -> None:
        there = planned.observed
        if there is None or not there.running:
            state = planned.held or (f"is {there.state}" if there else "is not there")
            raise InputError(f"{planned.name} cannot be reloaded: it {state.removeprefix('it ')}", key=self._plan.node,
                             hint=f"openstack overcloud service start {planned.name}")
        if planned.kind not in (Kind.NONE, Kind.RELOAD):
            raise InputError(f"no reload is enough for {planned.name}: {'; '.join(planned.reasons)}",
                             key=self._plan.node, hint=f"openstack overcloud service restart {planned.name}")

    def do(self, verb: Verb, names: Sequence[str]) -> list[Outcome]:
        """Each container in turn, the next when the one before is healthy. Raises TreadleError at the first failure:
        nothing more is begun then. What is stopped goes in the order against that in which it is started."""
        self._executor.sweep(leave=names)
        ordered = list(reversed(names)) if verb == "stop" else names
        return [self._one(verb, name) for name in ordered]

    def _one(self, verb: Verb, name: str) -> Outcome:
        began = time.monotonic()
        if verb in ("start", "restart"):
            self._stops.remove([name])
        action = self._action(verb, name)
        if verb == "stop":
            self._stops.add([name], self._who, self._why)
        before = action.observed
        since = self._executor.started(before) if before and action.kind is Kind.RELOAD else 0.0
        self._apply(action)
        there = self._agent.observed().get(name)
        done, note = ("", _NOTES.get(verb, "")) if action.kind is Kind.NONE else (action.kind.value, "")
        if since and (there is None or self._executor.started(there) != since):
            done, note = "restart", "it did not take its configuration while it ran"
        return Outcome(self._plan.node, name, done, time.monotonic() - began, there.state if there else "absent",
                       there.health if there else "", note)

    def _apply(self, action: Action) -> None:
        if action.kind is Kind.NONE:
            return
        drains = self._executor.drains and action.kind in (Kind.STOP, Kind.RESTART, Kind.RECREATE)
        try:
            with self._executor.drainer.drained(action.desired) if action.desired and drains else nullcontext():
                self._executor.apply([action])
        except StepFailed:
            there = self._agent.observed().get(action.name)
            if action.kind is Kind.STOP and there and there.running:
                self._stops.remove([action.name])
            raise

    def _action(self, verb: Verb, name: str) -> Action:
        """What the verb means for a container as it is now."""
        planned = next(action for action in self._agent.status().actions if action.name == name)
        there = planned.observed
        up = there is not None and there.state in ("running", "paused", "restarting")
        why = f"service {verb}" + (f": {self._why}" if self._why else "")
        if verb == "reload":
            self._require_reloadable(planned)
            return replace(planned, kind=Kind.RELOAD, reasons=(why,))
        if verb == "stop":
            return replace(planned, kind=Kind.STOP if up else Kind.NONE, reasons=(why,), differences=())
        if verb == "start" and up and there and there.state != "paused":
            return replace(planned, kind=Kind.NONE, reasons=())
        # A restart alone would not be enough where the planner knows more: a new specification, a file that has to go.
        kind = Kind.RESTART if planned.kind in (Kind.NONE, Kind.RELOAD) else planned.kind
        reasons = () if planned.kind in (Kind.NONE, Kind.RELOAD) else planned.reasons
        return replace(planned, kind=kind, reasons=(why, *reasons), differences=())


_NOTES = {"stop": "it does not run", "start": "it runs already"}


def nearest_service(plans: Iterable[NodePlan], service: str) -> str:
    """``" (did you mean X?)"`` among services and containers."""
    known = {name for plan in plans for key, names in services(plan).items() for name in (key, *names)}
    return nearest(service, sorted(known))
