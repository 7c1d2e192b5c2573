"""The planner: desired and observed containers in, a list of actions out. No I/O."""

from __future__ import annotations

import enum
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from treadle.engine import Observed
from treadle.instantiate.absorb import Mutable, unabsorbed
from treadle.instantiate.desired import Desired, Difference
from treadle.instantiate.words import shown, spec_words
from treadle.plan.containers import spec_of

#: Labels of a container. The first four are paunch's, so operators' filters go on working.
CONFIG_ID, CONTAINER_NAME, MANAGED_BY, CONFIG_DATA = "config_id", "container_name", "managed_by", "config_data"
STEP, SPEC, CONFIG = "treadle.step", "treadle.spec", "treadle.config"


class Kind(enum.StrEnum):
    """What is done to a container, from least to most disruptive where that can be said."""

    NONE = "none"
    AWAIT = "await"
    STOP = "stop"
    START = "start"
    RUN = "run"
    EXEC = "exec"
    RELOAD = "reload"
    RESTART = "restart"
    RECREATE = "recreate"
    CREATE = "create"
    REMOVE = "remove"


@dataclass(frozen=True)
class Action:
    """One thing to do, and why. ``observed`` is the container that is there now, ``desired`` the one wanted,
    ``differences`` what a reload has to bring about. ``held``: why nothing is done though something is to do."""

    kind: Kind
    name: str
    step: int
    reasons: tuple[str, ...] = ()
    desired: Desired | None = None
    observed: Observed | None = None
    differences: tuple[Difference, ...] = ()
    held: str = ""

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Removals come first in a step, then start_order, then the name."""
        start = self.desired.container.start_order if self.desired else -1
        return (self.step, 0 if self.kind is Kind.REMOVE else 1, start, self.name)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}: {'; '.join(self.reasons)}" if self.reasons else f"{self.kind} {self.name}"


class Run(msgspec.Struct, frozen=True):
    """How a one-shot that left no container ended: with which input, and its exit code."""

    spec: str
    config: str
    image_id: str
    exit_code: int
    at: float = 0.0


def plan(desired: Iterable[Desired], observed: Mapping[str, Observed], taken: Mapping[str, float],
         runs: Mapping[str, Run], mutable: Mutable = MappingProxyType({})) -> list[Action]:
    """Every container's action, NONE included, in the order in which they are to be done.

    ``observed`` by logical name; ``taken`` when each running one last took its configuration (epoch seconds), by a
    start or a reload; ``mutable`` as ``wants_mutable`` asks for it.
    """
    wanted = {item.name: item for item in desired}
    actions = [_action(item, observed.get(item.name), taken.get(item.name, 0.0), runs, mutable)
               for item in wanted.values()]
    unwanted = ("no service wants it any more",)
    actions += [Action(Kind.REMOVE, name, int(there.labels.get(STEP, 1)), unwanted, None, there)
                for name, there in observed.items() if name not in wanted]
    return sorted(actions, key=lambda action: action.order)


def _action(item: Desired, there: Observed | None, taken: float, runs: Mapping[str, Run], mutable: Mutable) -> Action:
    if item.container.action == "exec":
        kind, reasons = Kind.EXEC, _recorded_reasons(item, runs.get(item.name))
    elif item.container.one_shot:
        kind, reasons = _one_shot(item, there, runs.get(item.name))
    else:
        kind, reasons = _service(item, there, taken, mutable)
        if kind is Kind.RESTART and item.container.remove:
            kind = Kind.RECREATE  # the engine removes it as soon as it is stopped
    return Action(kind if reasons else Kind.NONE, item.name, item.step, tuple(reasons), item, there,
                  tuple(item.differences(taken)) if kind is Kind.RELOAD else ())


def _recorded_reasons(item: Desired, run: Run | None) -> list[str]:
    if run is None:
        return ["not run yet"]
    if run.exit_code not in item.container.exit_codes:
        return [f"ended with {run.exit_code} last time"]
    if run.spec != item.spec or run.image_id != item.image_id:
        return ["spec or image changed"]
    return _config_words(item, run.at) if run.config != item.config else []


def _one_shot(item: Desired, there: Observed | None, run: Run | None) -> tuple[Kind, list[str]]:
    """A one-shot that is under way is awaited, never begun a second time beside itself or killed half-way."""
    if there is None:
        return Kind.RUN, _recorded_reasons(item, run) if item.recorded else ["not run yet"]
    if not there.under_way and there.exit_code is None:
        return Kind.RUN, [f"was not finished (it is {there.state})"]
    if there.exit_code is not None and there.exit_code not in item.container.exit_codes:
        return Kind.RUN, [f"ended with {there.exit_code} last time"]
    changed = _spec_reasons(item, there)
    changed += _config_words(item, there.created) if there.labels.get(CONFIG) != item.config and not changed else []
    if there.under_way:
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(there.created))
        return (Kind.RUN if changed else Kind.AWAIT), [*changed, f"still running since {since}"]
    if item.recorded and not changed:
        return Kind.AWAIT, [f"ended with {there.exit_code}, which is not recorded yet"]
    return Kind.RUN, changed


def _service(item: Desired, there: Observed | None, taken: float, mutable: Mutable) -> tuple[Kind, list[str]]:
    if there is None:
        return Kind.CREATE, ["not there"]
    changed = _spec_reasons(item, there)
    if changed:
        return Kind.RECREATE, changed
    if item.copies_once and there.labels.get(CONFIG) != item.config:
        return Kind.RECREATE, _config_words(item, there.created)
    if there.state == "paused":
        return Kind.RESTART, ["it is paused"]
    if not there.running:
        if taken and _keeps_what_goes(item, taken):
            return Kind.RECREATE, _config_words(item, taken)
        # The engine waits longer and longer between its attempts, and takes no order to start meanwhile.
        return Kind.RESTART if there.state == "restarting" else Kind.START, [f"it is {there.state}"]
    unhealthy = ["it is unhealthy"] if there.health == "unhealthy" else []
    # A container copies (or reads) its configuration when it starts: what it has not taken since, it does not run.
    if not item.copies_once and item.unseen(taken):
        return _new_config(item, taken, mutable, unhealthy)
    return Kind.RESTART if unhealthy else Kind.NONE, unhealthy


def _new_config(item: Desired, taken: float, mutable: Mutable, unhealthy: list[str]) -> tuple[Kind, list[str]]:
    """Reload or restart of a service whose configuration changed while it ran."""
    reasons = _config_words(item, taken)
    if _keeps_what_goes(item, taken):
        return Kind.RECREATE, reasons + unhealthy
    if item.container.reload is None or unhealthy:
        return Kind.RESTART, reasons + unhealthy
    left = unabsorbed(item, taken, mutable)
    if not left:
        return Kind.RELOAD, reasons
    # Where all of it needs the restart, the reasons have said so.
    some = [f"no reload takes {word}" for word in shown(left)] if len(left) < len(item.differences(taken)) else []
    return Kind.RESTART, reasons + some


def _keeps_what_goes(item: Desired, taken: float) -> bool:
    """Kolla copies what is there; what it copied before and is there no more goes with the container alone."""
    return item.copies_always and any(difference.delta.gone for difference in item.differences(taken))


def _spec_reasons(item: Desired, there: Observed) -> list[str]:
    reasons = []
    if there.labels.get(SPEC) != item.spec:
        try:
            old = json.loads(there.labels.get(CONFIG_DATA, "{}"))
        except json.JSONDecodeError:
            old = {}
        reasons += [f"spec: {word}" for word in spec_words(old, spec_of(item.container))] or ["spec changed"]
    if there.image_id != item.image_id:
        reasons.append(f"image {item.container.image}: {_short(there.image_id)} → {_short(item.image_id)}")
    return reasons


def _short(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]


def _config_words(item: Desired, after: float) -> list[str]:
    """How its configuration changed since ``after``; where the words were lost, at least which of it."""
    words = [difference.delta.words for difference in item.differences(after)]
    keys = [held.key for held in item.unseen(after)] or [held.key for held in item.sources]
    return [f"config: {word}" for word in shown(words)] or [f"config: {', '.join(keys) or 'mounts'} changed"]


def changes(actions: Iterable[Action]) -> list[Action]:
    """The actions that do something."""
    return [action for action in actions if action.kind is not Kind.NONE]
