"""The verbs of one node. Each takes the node's plan as it is; none decides what a verb means for other nodes."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import msgspec

from treadle.engine import Engine, Observed
from treadle.events import Events
from treadle.files import read_document, sweep, write_private
from treadle.gateway import Gateway
from treadle.generate import ConfigTree, MutableOptions
from treadle.instantiate import (
    Action,
    Desired,
    Executor,
    Mutable,
    Run,
    TakenRecord,
    build_desired,
    changes,
    shown,
    wants_mutable,
)
from treadle.instantiate import plan as plan_actions
from treadle.instantiate.plan import STEP
from treadle.instantiate.shared import following
from treadle.instantiate.still import passing, still
from treadle.instantiate.together import together
from treadle.node import folders, preflight
from treadle.node.aside import Volumes, keep_aside
from treadle.node.configuration import Mask, pieces, preview, put
from treadle.node.fetch import fetch
from treadle.node.hands import heed
from treadle.node.held import Held
from treadle.node.puppet import NodePuppet
from treadle.node.verbs import Preview
from treadle.paths import NodePaths
from treadle.plan.build import STEPS
from treadle.plan.nodeplan import NodePlan
from treadle.propagate import VolumeState, VolumeStates
from treadle.secrets import Secrets

#: How many containers are stopped at a time when the stack is deleted.
_AT_ONCE = 8


class NodeAgent:
    """One node's part of a deploy, in the process that runs on it. ``plan`` is the document that travels."""

    def __init__(self, plan: NodePlan, engine: Engine, events: Events, scratch: Path | None = None) -> None:
        self.plan = plan
        self.paths = NodePaths(plan.stack, plan.root)
        self.engine = engine
        self.events = events
        self._scratch = scratch or self.paths.state
        self._gateway = Gateway(events, plan.node)
        self._executor = Executor(engine, self._gateway, plan, TakenRecord.read(self.paths.taken), self._record)
        self._recording = threading.Lock()
        self.puppet = NodePuppet(plan, engine, events, self._gateway, self._scratch)
        self.mask = _masks(plan, self._previous())
        self.thorough = False
        self.only: frozenset[str] | None = None

    def stop(self) -> None:
        """Whatever is under way is ended, and nothing more begun."""
        self._gateway.stopped.set()

    # Before anything is changed

    def check(self) -> None:
        """Images there, or to be had from their registry; names, ports and place free. Raises TreadleError; changes
        nothing but that images are pulled."""
        fetch(self.plan, self.engine, self.events)
        preflight.check(self.plan, self.engine, self.observed())

    # Pre: configuration

    def generate(self, keep: bool = True) -> dict[str, ConfigTree]:
        """Each config volume's tree. ``keep`` False leaves no memory of it on the node."""
        fetch(self.plan, self.engine, self.events)
        return self.puppet.generate(keep=keep)

    def preview(self, trees: Mapping[str, ConfigTree]) -> Preview:
        """What propagating ``trees`` and the five steps would do to containers."""
        now = time.time()
        known = VolumeStates.read(self.paths.volume_states)
        states = preview(self.plan, pieces(self.plan, trees), known, now, self.mask)
        differing = {key: shown([delta.words for delta in state.deltas]) for key, state in states.items()
                     if state.since == now and "/" not in key}
        differing.update({key: ["goes"] for key in known.volumes if key not in states and "/" not in key})
        return replace(self._look(states), puppet=tuple(self.puppet.pending()), configuration=differing)

    def propagate(self, trees: Mapping[str, ConfigTree], generation: str, recorded: Volumes,
                  services: tuple[str, ...] = ()) -> None:
        """Put the generation's files where containers find them, and the hiera data where Puppet does.

        What a hand changed there, compared with what was ``recorded``, is kept aside and said. ``services``: the plan
        holds those alone of the generation, and all else as it was.
        """
        with self.events.span("propagate", f"generation {generation[:12]}", node=self.plan.node):
            self.sweep()
            found = pieces(self.plan, trees)
            for kept in keep_aside(self.plan, {piece.key: piece.tree for piece in found}, recorded, self.mask):
                self.events.emit("propagate.kept", f"{kept.key} was changed by hand, which is kept in {kept.folder}: "
                                 f"{'; '.join(kept.words)}", node=self.plan.node, subject=kept.key)
            write_private(self.paths.owner, self.plan.stack + "\n")
            self.puppet.write_modules()
            self.puppet.write_hieradata()
            changed = put(self.plan, found, generation, self.mask)
            write_private(self.paths.plan, msgspec.json.encode(self.plan))
            self.held().propagated(generation, services).write(self.paths.held)
            for key, number in changed.items():
                self.events.emit("propagate.changed", f"{key}: {number} files", node=self.plan.node, subject=key)

    def held(self) -> Held:
        """Which generation the node holds, and which it runs."""
        return Held.read(self.paths.held)

    def instantiated(self) -> None:
        """Note that the node is what it holds, all of it."""
        self.held().done().write(self.paths.held)

    # Steps 1 to 5

    def host(self, step: int) -> None:
        self.puppet.host(step)

    def bootstrap(self, step: int) -> None:
        self.puppet.bootstrap(step)

    def containers(self, step: int, planned: Sequence[Action]) -> int:
        """Do the step's actions, which are among ``planned``; gives how many. Raises StepFailed."""
        if not any(action.step == step for action in changes(planned)):
            return 0  # what the world did meanwhile is told by the look at the end
        todo = still(planned, [action for action in self.status().actions if action.step == step])
        self._executor.apply(todo)
        return len(todo)

    def left(self) -> list[Action]:
        """What is to do still, when all steps are done. What is starting (after a reboot, the engine's own doing), and
        what its neighbours' restarts have made unwell, has time to become well; StepFailed where it does not."""
        actions = self.status().actions
        waited = [action.desired for action in actions if action.desired and (
            passing(action) or (action.observed and action.observed.health == "starting"))]
        self._executor.await_health(waited)
        return [action for action in changes(actions) if not passing(action)]

    def _record(self, name: str, run: Run) -> None:
        """How a one-shot ended that leaves no container."""
        with self._recording:
            write_private(self.paths.runs, msgspec.json.encode({**self._runs(), name: run}))

    def sweep(self) -> None:
        """Remove what a killed run left: half-made containers, Puppet's with the hiera data they were given, drafts."""
        self._executor.sweep()
        for place in (self.paths.state, self.paths.kolla_config, self.paths.scripts, self.paths.puppet_etc):
            sweep(place)
        sweep(self.paths.owner.parent, deep=False)
        self.engine.remove_transient(self.plan.stack)
        shutil.rmtree(self._scratch / "jobs", ignore_errors=True)

    # At any time

    def status(self) -> Preview:
        """Every container against the plan and configuration that are on the node."""
        return self._look(VolumeStates.read(self.paths.volume_states).volumes)

    def observed(self) -> dict[str, Observed]:
        return self._executor.observe()

    def delete(self, data: Sequence[str] = ()) -> None:
        """Remove the node's containers, what Puppet did to the host, configuration and state; and the folders ``data``
        with all that is in them."""
        self.sweep()
        # What came last goes first; what came together goes together.
        for _, those in groupby(sorted(self.observed().values(), key=_step, reverse=True), _step):
            together(list(those), self._delete, _AT_ONCE)
        self.puppet.write_modules()
        self.puppet.write_hieradata()
        self.puppet.host(STEPS[-1])
        put(msgspec.structs.replace(self.plan, kolla_config={}, scripts={}), [], "", self.mask)
        for name in (*self.puppet.hieradata(), "hieradata/config_step.json"):
            (self.paths.puppet_etc / name).unlink(missing_ok=True)
        self.paths.owner.unlink(missing_ok=True)
        shutil.rmtree(self.paths.state, ignore_errors=True)
        folders.remove(data, self.plan.root)

    # Inside

    def _delete(self, there: Observed) -> None:
        self._gateway.do("remove", there.name, "the stack is deleted", lambda: self._executor.remove(there))

    def _look(self, states: Mapping[str, VolumeState]) -> Preview:
        observed = self._executor.observe()
        ids = self.engine.image_ids(self.plan.images())
        desired = build_desired(self.plan, ids, states)
        taken = self._executor.taken.times(desired.values(), observed, self._executor.started)
        running = {name: at for name, at in taken.items() if observed[name].running}
        mutable = self._mutable(desired, running, ids)
        actions = plan_actions(desired.values(), observed, taken, self._runs(), mutable)
        heeded = heed(actions, self.plan, self.engine, thorough=self.thorough)
        meant = [action for action in following(heeded) if self.only is None or action.name in self.only]
        return Preview(self.plan.node, tuple(meant), taken=taken)

    def _mutable(self, desired: Mapping[str, Desired], taken: Mapping[str, float], ids: Mapping[str, str]) -> Mutable:
        """Of those images alone whose lists decide whether something is reloaded."""
        images = {image for name, at in taken.items() for image in wants_mutable(desired[name], at)}
        lists = MutableOptions(self.engine, self.events, self._scratch / "options", self.plan.stack)
        return {image: lists.of(image, ids[image]) for image in sorted(images)}

    def _runs(self) -> dict[str, Run]:
        return read_document(self.paths.runs, dict[str, Run]) or {}

    def _previous(self) -> NodePlan | None:
        try:
            return msgspec.json.decode(self.paths.plan.read_bytes(), type=NodePlan)
        except (FileNotFoundError, msgspec.DecodeError):
            return None


def _masks(plan: NodePlan, previous: NodePlan | None) -> Mask:
    """Masks this plan's secrets and those of the plan before it, which stand in the files that are replaced."""
    return Secrets(plan.secrets, previous.secrets if previous else {}).mask


def _step(there: Observed) -> str:
    return there.labels.get(STEP, "")
