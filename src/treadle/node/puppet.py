"""Puppet's part on one node: configuration in transient containers, the host's own manifest, bootstrap tasks."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path

import msgspec

from treadle.engine import Engine
from treadle.errors import StepFailed
from treadle.events import Events
from treadle.files import write_private
from treadle.gateway import Gateway
from treadle.generate import Cache, ConfigTree, Job, PuppetEtc, Result, Workshop, from_layers, generate
from treadle.generate.job import GENERATE_STEP, layer_text, modules_digest
from treadle.instantiate import source_keys
from treadle.node.hostpuppet import HostPuppet
from treadle.node.records import PuppetRuns
from treadle.paths import NodePaths
from treadle.plan.build import STEPS
from treadle.plan.nodeplan import NodePlan, PuppetConfig
from treadle.propagate import VolumeStates


class NodePuppet:
    """Runs Puppet for a node plan. ``scratch`` keeps what runs are given and what they gave; only root reads it."""

    def __init__(self, plan: NodePlan, engine: Engine, events: Events, gateway: Gateway, scratch: Path) -> None:
        self.plan = plan
        self.paths = NodePaths(plan.stack, plan.root)
        self.engine = engine
        self.events = events
        self._gateway = gateway
        self._scratch = scratch
        self._modules = modules_digest(plan.puppet_modules)
        self._written = False

    def generate(self, *, keep: bool = True) -> dict[str, ConfigTree]:
        """Each config volume's tree. ``keep`` False leaves no memory of it on the node."""
        self.write_modules()
        jobs = [Job(self._rebased(config)) for config in self.plan.puppet_configs]
        cache = Cache(self._scratch / "generated")
        trees = generate(self._workshop(), jobs, self._etc(GENERATE_STEP), self._modules, cache,
                         lambda volume: self.plan.owners.get(f"volume {volume}", "?"))
        if keep:
            cache.forget_others(trees)
        return trees

    def pending(self) -> list[str]:
        """Host runs and bootstrap tasks whose input is new."""
        runs = PuppetRuns.read(self.paths.puppet_runs)
        host = [str(step) for step in STEPS if self.plan.step_config.strip() and not self._applied(runs, step)]
        tasks = [f"step {step}: bootstrap task {job.config.volume}" for step in STEPS
                 for job, fixed in self._tasks(step)
                 if not runs.known(_task(step, job), fixed, self._etc(step))]
        return [*([f"step {', '.join(host)}: Puppet on the host"] if host else []), *tasks]

    def host(self, step: int) -> None:
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

    def bootstrap(self, step: int) -> None:
        """docker_puppet_tasks of this step: what must exist once in the cluster."""
        if not self.plan.docker_puppet_tasks[step]:
            return
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

    def _etc(self, step: int) -> PuppetEtc:
        return from_layers({**self.plan.hieradata, "config_step": {"step": step}}, self.plan.hierarchy, self._texts)

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {name: layer_text(layer) for name, layer in self.plan.hieradata.items()}

    def hieradata(self) -> dict[str, str]:
        return {name: text for name, text in self._etc(STEPS[-1]).files.items() if name.startswith("hieradata/")}

    def write_hieradata(self) -> None:
        for name, text in self.hieradata().items():
            write_private(self.paths.puppet_etc / name, text)

    def _workshop(self) -> Workshop:
        return Workshop(self.engine, self.events, self._scratch / "jobs", self._scratch / "puppet-modules",
                        self.plan.stack, self.plan.node)

    def write_modules(self) -> None:
        """The stack's own Puppet modules; what is no part of them any more goes."""
        if self._written:
            return
        folder = self._scratch / "puppet-modules"
        for path in list(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and str(path.relative_to(folder)) not in self.plan.puppet_modules:
                path.unlink()
        for name, text in self.plan.puppet_modules.items():
            place = folder / name
            if not place.exists() or place.read_text() != text:
                write_private(place, text)
        self._written = True

    def _require(self, result: Result, what: str) -> None:
        if not result.ok:
            said = "\n".join(f"    {line}" for line in result.errors)
            raise StepFailed(f"{what} ended with {result.exit_code} on {self.plan.node}\n{said}",
                             hint="correct it and run the same deploy again: it goes on from here")


def _task(step: int, job: Job) -> str:
    return f"task:{step}:{job.config.volume}"


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=20).hexdigest()

