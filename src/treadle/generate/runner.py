"""Runs Puppet in transient containers, several at a time. Source: docker-puppet.py of tripleo-heat-templates 8.4.1."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from treadle.engine import STACK, TRANSIENT, Engine
from treadle.errors import GenerateError
from treadle.events import Events
from treadle.files import writing
from treadle.generate.job import SCRIPT, Job, PuppetEtc
from treadle.generate.tree import ConfigTree, from_tar

#: Exit codes of ``puppet apply --detailed-exitcodes`` that mean success: no change, changes.
SUCCESS = (0, 2)
_LEVEL = re.compile(r"(Error|Warning|Notice|Info|Debug): ")
MODULEPATH = "/treadle/modules:/etc/puppet/modules:/usr/share/openstack-puppet/modules:/usr/share/puppet/modules"


@dataclass(frozen=True)
class Result:
    """What one run gave. ``asked`` are the hiera keys it looked up, None where no record was kept."""

    job: Job
    exit_code: int
    log: str
    tree: ConfigTree | None
    asked: frozenset[str] | None

    @property
    def ok(self) -> bool:
        return self.exit_code in SUCCESS

    @property
    def errors(self) -> list[str]:
        """Puppet's own error lines with what follows them, or the end of its output where it printed none."""
        found: list[str] = []
        wanted = False
        for line in re.sub(r"\x1b\[[0-9;]*m", "", self.log).splitlines():
            level = _LEVEL.match(line)
            wanted = level.group(1) == "Error" if level else wanted
            if wanted and line not in found:
                found.append(line)
        return found[:40] or self.log.splitlines()[-10:]


@dataclass(frozen=True)
class Workshop:
    """Where and how the transient containers run. ``scratch`` is a folder of this stack that only root reads."""

    engine: Engine
    events: Events
    scratch: Path
    modules: Path
    stack: str
    hostname: str
    workers: int = 0
    time_limit: float = 600.0
    modulepath: str = MODULEPATH

    def run(self, jobs: Sequence[Job], etc: PuppetEtc) -> list[Result]:
        """Run every job; results in the order of ``jobs``. A failed job does not end the others.

        Raises EngineError where the engine refuses.
        """
        if not jobs:
            return []
        own = self.scratch / str(os.getpid())
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with ThreadPoolExecutor(self.workers or os.cpu_count() or 1) as pool:
                return list(pool.map(lambda job: self._run(own / job.config.volume, job, etc), jobs))
        finally:
            shutil.rmtree(own, ignore_errors=True)

    def _run(self, folder: Path, job: Job, etc: PuppetEtc) -> Result:
        with self.events.span("generate.volume", f"config volume {job.config.volume}", node=self.hostname,
                              subject=job.config.volume):
            self._lay_out(folder, job, etc)
            return self._container(folder, job)

    def _lay_out(self, folder: Path, job: Job, etc: PuppetEtc) -> None:
        (folder / "out").mkdir(parents=True, mode=0o700)
        for name, text in {"config.pp": job.manifest, **{f"puppet-etc/{n}": t for n, t in etc.files.items()}}.items():
            path = folder / "job" / name
            with writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

    def _container(self, folder: Path, job: Job) -> Result:
        name = f"docker-puppet-{self.stack}-{job.config.volume}-{os.getpid()}"
        binds = [f"{folder}/job:/treadle/job:ro", f"{folder}/out:/treadle/out", f"{self.modules}:/treadle/modules:ro",
                 f"{SCRIPT}:/treadle/generate.sh:ro", *job.config.volumes]
        config = {
            "Image": job.config.image, "User": "root", "Entrypoint": ["/bin/bash", "/treadle/generate.sh"], "Cmd": [],
            "Env": [f"STEP={job.step}", f"TAGS={job.tags}", f"MODULEPATH={self.modulepath}",
                    f"FACTER_hostname={self.hostname}", "FACTER_uuid=docker", "FACTER_deployment_type=containers",
                    *([] if job.archive else ["NO_ARCHIVE=1"])],
            "Labels": {STACK: self.stack, TRANSIENT: "puppet"},
        }
        if job.network == "none":
            config["Hostname"] = self.hostname
        self.engine.remove(name)
        container = self.engine.create(name, config, {"Binds": binds, "NetworkMode": job.network})
        try:
            self.engine.start(container, name)
            code = self.engine.wait(container, self.time_limit)
            log = self.engine.logs(container, "all")
        finally:
            self.engine.remove(container)
        if code is None:
            return Result(job, -1, f"{log}\nError: Puppet was ended after {self.time_limit:.0f} s", None, None)
        archive = folder / "out/tree.tar"
        tree = from_tar(archive.read_bytes()) if code in SUCCESS and job.archive else None
        record = folder / "out/asked"
        asked = frozenset(record.read_text().split("\n")) - {""} if record.exists() else None
        return Result(job, code, log, tree, asked)


def require_success(results: Sequence[Result], owner: Callable[[str], str] = lambda volume: volume) -> None:
    """Raise one GenerateError that names every failed volume with Puppet's own error lines."""
    failed = [result for result in results if not result.ok]
    if not failed:
        return
    parts = []
    for result in failed:
        volume = result.job.config.volume
        said = "\n".join(f"    {line}" for line in result.errors)
        parts.append(f"config volume {volume} (service {owner(volume)}): puppet apply ended with "
                     f"{result.exit_code}\n{said}")
    raise GenerateError("\n".join(parts), hint="nothing was changed; correct the manifest or hiera data and repeat")

