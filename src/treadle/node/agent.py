"""The verbs of one node. Each takes the node's plan as it is; none decides what a verb means for other nodes."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from treadle.engine import Engine, Observed
from treadle.errors import StepFailed
from treadle.events import Events
from treadle.files import read_document, write_private
from treadle.gateway import Gateway
from treadle.generate import Cache, ConfigTree, Job, MutableOptions, PuppetEtc, Result, Workshop, from_layers, generate
from treadle.generate.job import GENERATE_STEP, modules_digest
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
    source_keys,
    wants_mutable,
)
from treadle.instantiate import plan as plan_actions
from treadle.instantiate.plan import STEP
from treadle.node import preflight
from treadle.node.configuration import Mask, pieces, preview, put
from treadle.node.hostpuppet import HostPuppet
from treadle.node.records import PuppetRuns
from treadle.paths import NodePaths
from treadle.plan.build import STEPS
from treadle.plan.nodeplan import NodePlan, PuppetConfig
from treadle.propagate import VolumeState, VolumeStates
from treadle.secrets import Secrets


@dataclass(frozen=True)
class Preview:
    """What a deploy would do on this node: ``actions`` in their order, NONE included; ``puppet`` names the host
    runs and bootstrap tasks, ``configuration`` the files (``{key: words}``) that differ."""

    node: str
    actions: tuple[Action, ...]
    puppet: tuple[str, ...] = ()
    configuration: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def changes(self) -> list[Action]:
        return changes(self.actions)

    @property
    def nothing(self) -> bool:
        return not (self.changes or self.puppet or self.configuration)


class NodeAgent:
    """One node's part of a deploy, in process. ``plan`` is the document that travels."""

    def __init__(self, plan: NodePlan, engine: Engine, events: Events, scratch: Path | None = None) -> None:
        self.plan = plan
        self.paths = NodePaths(plan.stack, plan.root)
        self.engine = engine
        self.events = events
        self._scratch = scratch or self.paths.state
        self._gateway = Gateway(events, plan.node)
        self._executor = Executor(engine, self._gateway, plan, TakenRecord.read(self.paths.taken))
        self._modules = modules_digest(plan.puppet_modules)
        self._mask = _masks(plan, self._previous())

    # Before anything is changed

    def check(self) -> None:
        """Images there, names, ports and place free. Raises TreadleError; changes nothing."""
        preflight.check(self.plan, self.engine, self.observed())

    # Pre: configuration

    def generate(self, *, keep: bool = True) -> dict[str, ConfigTree]:
        """Each config volume's tree. ``keep`` False leaves no memory of it on the node."""
        self._write_modules()
        jobs = [Job(self._rebased(config)) for config in self.plan.puppet_configs]
        cache = Cache(self._scratch / "generated")
        trees = generate(self._workshop(), jobs, self._etc(GENERATE_STEP), self._modules, cache,
                         lambda volume: self.plan.owners.get(f"volume {volume}", "?"))
        if keep:
            cache.forget_others(trees)
        return trees

    def preview(self, trees: Mapping[str, ConfigTree]) -> Preview:
        """What propagating ``trees`` and the five steps would do to containers."""
        now = time.time()
        known = VolumeStates.read(self.paths.volume_states)
        states = preview(self.plan, pieces(self.plan, trees), known, now, self._mask)
        differing = {key: shown([delta.words for delta in state.deltas]) for key, state in states.items()
                     if state.since == now and "/" not in key}
        differing.update({key: ["goes"] for key in known.volumes if key not in states and "/" not in key})
        return Preview(self.plan.node, tuple(self._actions(states)), tuple(self._pending_puppet()), differing)

    def _pending_puppet(self) -> list[str]:
        """Host runs and bootstrap tasks whose input is new."""
        runs = PuppetRuns.read(self.paths.puppet_runs)
        host = [str(step) for step in STEPS if self.plan.step_config.strip() and not self._applied(runs, step)]
        tasks = [f"step {step}: bootstrap task {job.config.volume}" for step in STEPS
                 for job, fixed in self._tasks(step)
                 if not runs.known(_task(step, job), fixed, self._etc(step))]
        return [*([f"step {', '.join(host)}: Puppet on the host"] if host else []), *tasks]

    def propagate(self, trees: Mapping[str, ConfigTree], generation: str) -> None:
        """Put the generation's files where containers find them, and the hiera data where Puppet does."""
        with self.events.span("propagate", f"generation {generation[:12]}", node=self.plan.node):
            self.sweep()
            write_private(self.paths.owner, self.plan.stack + "\n")
            self._write_modules()
            self._write_hieradata()
            changed = put(self.plan, pieces(self.plan, trees), generation, self._mask)
            write_private(self.paths.plan, msgspec.json.encode(self.plan))
            for key, number in changed.items():
                self.events.emit("propagate.changed", f"{key}: {number} files", node=self.plan.node, subject=key)

    # Steps 1 to 5

    def host_puppet(self, step: int) -> None:
        """Run the node's own Puppet, unless this very input was applied before."""
        if not self.plan.step_config.strip():
            return
        etc, path = self._etc(step), self.paths.puppet_runs
        runs = PuppetRuns.read(path)
        if self._applied(runs, step):
            return
        write_private(self.paths.puppet_etc / "hieradata/config_step.json", f'{{"step": {step}}}\n')
        result = self._gateway.do("puppet", "host", "its input changed", lambda: HostPuppet(self.plan).run(step),
                                  step=str(step))
        self._require(result, f"Puppet on the host, step {step}")
        runs.add(path, f"host:{step}", self._host_input, etc, result.asked)

    @property
    def _host_input(self) -> str:
        return _digest(self.plan.step_config, self._modules)

    def _applied(self, runs: PuppetRuns, step: int) -> bool:
        """Whether the host has had this step's input: the values asked for say whether the step was among them."""
        return runs.known("host:", self._host_input, self._etc(step))

    def containers(self, step: int) -> int:
        """Do the step's actions; gives how many."""
        todo = [action for action in self.status().changes if action.step == step]
        ended = self._executor.apply(todo)
        if ended:
            runs = self._runs()
            runs.update(ended)
            write_private(self.paths.runs, msgspec.json.encode(runs))
        return len(todo)

    def bootstrap_tasks(self, step: int) -> None:
        """docker_puppet_tasks of this step: what must exist once in the cluster."""
        path, etc = self.paths.puppet_runs, self._etc(step)
        runs = PuppetRuns.read(path)
        for job, fixed in self._tasks(step):
            if runs.known(_task(step, job), fixed, etc):
                continue
            result = self._gateway.do("bootstrap", job.config.volume, "its input changed",
                                      lambda job=job: self._workshop().run([job], etc)[0], step=str(step))  # type: ignore[misc]
            self._require(result, f"bootstrap task {job.config.volume}, step {step}")
            self.events.emit("bootstrap.result", "changes made" if result.exit_code else "no change",
                             node=self.plan.node, step=str(step), subject=job.config.volume)
            runs.add(path, _task(step, job), fixed, etc, result.asked)

    def _tasks(self, step: int) -> list[tuple[Job, str]]:
        """This step's docker_puppet_tasks, each with the digest of its fixed input."""
        jobs = [Job(self._rebased(config), step, "host", archive=False)
                for config in self.plan.docker_puppet_tasks[step]]
        ids = self.engine.image_ids(job.config.image for job in jobs)
        states = VolumeStates.read(self.paths.volume_states).volumes
        return [(job, _digest(job.fixed_inputs(ids[job.config.image], self._modules, self.plan.node), *(
            states[source].fingerprint for volume in job.config.volumes
            for source in source_keys(volume, self.paths, states)))) for job in jobs]

    def _rebased(self, config: PuppetConfig) -> PuppetConfig:
        """The same with its mounts below the node's root."""
        volumes = (volume.partition(":") for volume in config.volumes)
        return msgspec.structs.replace(config, volumes=tuple(
            self.paths.rebase(source) + colon + rest for source, colon, rest in volumes))

    def sweep(self) -> None:
        """Remove what a killed run left: half-made containers, and Puppet's with the hiera data they were given."""
        self._executor.sweep()
        self.engine.remove_transient(self.plan.stack)
        shutil.rmtree(self._scratch / "jobs", ignore_errors=True)

    # At any time

    def status(self) -> Preview:
        """Every container against the plan and configuration that are on the node."""
        return Preview(self.plan.node, tuple(self._actions(VolumeStates.read(self.paths.volume_states).volumes)))

    def observed(self) -> dict[str, Observed]:
        return self._executor.observe()

    def delete(self) -> None:
        """Remove the node's containers, what Puppet did to the host, configuration and state. Data folders stay."""
        found = sorted(self.observed().values(), key=lambda c: c.labels.get(STEP, ""), reverse=True)
        for container in found:
            self._gateway.do("remove", container.name, "the stack is deleted",
                             lambda there=container: self._executor.remove(there))  # type: ignore[misc]
        self.sweep()
        self._write_modules()
        self._write_hieradata()
        self.host_puppet(STEPS[-1])
        put(msgspec.structs.replace(self.plan, kolla_config={}, scripts={}), [], "", self._mask)
        for name in (*self._hieradata(), "hieradata/config_step.json"):
            (self.paths.puppet_etc / name).unlink(missing_ok=True)
        self.paths.owner.unlink(missing_ok=True)
        shutil.rmtree(self.paths.state, ignore_errors=True)

    # Inside

    def _actions(self, states: Mapping[str, VolumeState]) -> list[Action]:
        observed = self._executor.observe()
        ids = self.engine.image_ids(self.plan.images())
        desired = build_desired(self.plan, ids, states)
        taken = self._executor.taken.times(desired.values(), observed, self._executor.started)
        return plan_actions(desired.values(), observed, taken, self._runs(), self._mutable(desired, taken, ids))

    def _mutable(self, desired: Mapping[str, Desired], taken: Mapping[str, float], ids: Mapping[str, str]) -> Mutable:
        """Of those images alone whose lists decide whether something is reloaded."""
        images = {image for name, at in taken.items() for image in wants_mutable(desired[name], at)}
        lists = MutableOptions(self.engine, self.events, self._scratch / "options", self.plan.stack)
        return {image: lists.of(image, ids[image]) for image in sorted(images)}

    def _runs(self) -> dict[str, Run]:
        return read_document(self.paths.runs, dict[str, Run]) or {}

    def _etc(self, step: int) -> PuppetEtc:
        return from_layers({**self.plan.hieradata, "config_step": {"step": step}}, self.plan.hierarchy)

    def _hieradata(self) -> dict[str, str]:
        return {name: text for name, text in self._etc(STEPS[-1]).files.items() if name.startswith("hieradata/")}

    def _write_hieradata(self) -> None:
        for name, text in self._hieradata().items():
            write_private(self.paths.puppet_etc / name, text)

    def _workshop(self) -> Workshop:
        return Workshop(self.engine, self.events, self._scratch / "jobs", self._scratch / "puppet-modules",
                        self.plan.stack, self.plan.node)

    def _write_modules(self) -> None:
        """The stack's own Puppet modules; what is no part of them any more goes."""
        folder = self._scratch / "puppet-modules"
        for path in list(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and str(path.relative_to(folder)) not in self.plan.puppet_modules:
                path.unlink()
        for name, text in self.plan.puppet_modules.items():
            place = folder / name
            if not place.exists() or place.read_text() != text:
                write_private(place, text)

    def _require(self, result: Result, what: str) -> None:
        if not result.ok:
            said = "\n".join(f"    {line}" for line in result.errors)
            raise StepFailed(f"{what} ended with {result.exit_code} on {self.plan.node}\n{said}",
                             hint="correct it and run the same deploy again: it goes on from here")

    def _previous(self) -> NodePlan | None:
        try:
            return msgspec.json.decode(self.paths.plan.read_bytes(), type=NodePlan)
        except (FileNotFoundError, msgspec.DecodeError):
            return None


def _masks(plan: NodePlan, previous: NodePlan | None) -> Mask:
    """Masks this plan's secrets and those of the plan before it, which stand in the files that are replaced."""
    return Secrets(plan.secrets, previous.secrets if previous else {}).mask


def _task(step: int, job: Job) -> str:
    return f"task:{step}:{job.config.volume}"


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=20).hexdigest()

