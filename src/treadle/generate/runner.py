"""Runs Puppet in transient containers, several at a time. Source: docker-puppet.py of tripleo-heat-templates 8.4.1."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from treadle.engine import STACK, TRANSIENT, Engine
from treadle.errors import EngineError, GenerateError
from treadle.events import Events
from treadle.files import writing
from treadle.generate.container import Transient, passing
from treadle.generate.job import SCRIPT, Job, PuppetEtc
from treadle.generate.tree import ConfigTree, from_tar
from treadle.generate.warm import COMPILED, DIED, Warm, warmed

#: Exit codes of ``puppet apply --detailed-exitcodes`` that mean success: no change, changes.
SUCCESS = (0, 2)
#: Ours, beside Puppet's: the time was over; the engine lost the container. Killed is the kernel's, 128 + 9.
LATE, LOST, KILLED = -1, -2, 137
#: What generate.sh says by itself.
_MARK = re.compile(r"treadle: (plain|died): (.*)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
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
    def worth_repeating(self) -> bool:
        """Whether the same run could end otherwise: it was cut off; or it depends on more than its input, because it
        has the machine's network (bootstrap tasks talk to services)."""
        return self.exit_code < 0 or self.exit_code >= 128 or (not self.ok and self.job.network == "host")

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        return {LATE: "it took too long", LOST: "the engine lost it"}.get(
            self.exit_code, f"puppet apply ended with {self.exit_code}")

    @property
    def errors(self) -> list[str]:
        """Puppet's own error lines with what follows them, or the end of its output where it printed none."""
        found: list[str] = []
        wanted = False
        for line in _COLOUR.sub("", self.log).splitlines():
            level = _LEVEL.match(line)
            wanted = level.group(1) == "Error" if level else wanted
            if wanted and line not in found:
                found.append(line)
        return found[:40] or self.log.splitlines()[-10:]


@dataclass(frozen=True)
class Workshop:
    """Where and how the transient containers run. ``scratch`` is a folder of this stack that only root reads.

    ``workers`` Puppets run at a time, as many as there are processors where it is 0. Each run may take ``time_limit``
    seconds and is repeated up to ``retries`` times where that may help; ``warm`` allows a warm Puppet, and the images'
    compiled Ruby.
    """

    engine: Engine
    events: Events
    scratch: Path
    modules: Path
    stack: str
    hostname: str
    workers: int = 0
    time_limit: float = 600.0
    retries: int = 1
    warm: bool = True
    modulepath: str = MODULEPATH

    def run(self, jobs: Sequence[Job], etc: PuppetEtc) -> list[Result]:
        """Run every job; results in the order of ``jobs``. A failed job does not end the others.

        Raises EngineError where the engine refuses.
        """
        if not jobs:
            return []
        own = self.scratch / str(os.getpid())
        with writing(own):
            own.mkdir(mode=0o700, parents=True, exist_ok=True)
        workers = self.workers or os.cpu_count() or 1
        try:
            with self._warm(own / ".warm", jobs, workers) as warm:
                # A container that waits for the warm Puppet takes no processor: it can be made while that loads.
                with ThreadPoolExecutor(12 * workers if warm else workers) as pool:
                    # The longest first: begun last, everything would wait for them.
                    ordered = sorted(jobs, key=lambda job: -etc.settings_of(job.config.volume))
                    begun = {job: pool.submit(self._run, own / job.config.volume, job, etc, warm and warm.turn(number))
                             for number, job in enumerate(ordered)}
                return [begun[job].result() for job in jobs]
        finally:
            shutil.rmtree(own, ignore_errors=True)

    def _warm(self, folder: Path, jobs: Sequence[Job], workers: int) -> AbstractContextManager[Warm | None]:
        if not self.warm:
            return nullcontext()
        common: dict[str, Any] = {"Env": self._environment()}
        if jobs[0].network == "none":
            common["Hostname"] = self.hostname
        return warmed(self.engine, self.events, self.stack, folder, jobs, self.modules, common, workers)

    def _run(self, folder: Path, job: Job, etc: PuppetEtc, warm: Warm | None) -> Result:
        """All attempts of one job; the first one only with the warm Puppet."""
        volume = job.config.volume
        with self.events.span("generate.volume", f"config volume {volume}", node=self.hostname, subject=volume):
            result = self._attempt(folder / "0", job, etc, warm)
            if warm and result.exit_code in (DIED, KILLED):
                self._tell("generate.plain", job, "the warm Puppet died; a Puppet of its own")
                result = self._attempt(folder / "plain", job, etc, None)
            for number in range(1, self.retries + 1):
                if not result.worth_repeating:
                    break
                self._tell("generate.retry", job, f"{result.ending}; attempt {number + 1} of {self.retries + 1}")
                result = self._attempt(folder / str(number), job, etc, None)
            return result

    def _attempt(self, folder: Path, job: Job, etc: PuppetEtc, warm: Warm | None) -> Result:
        self._lay_out(folder, job, etc)
        try:
            return self._container(folder, job, warm)
        except EngineError as error:
            if warm and not warm.alive():
                return Result(job, DIED, f"Error: {error}", None, None)
            if not (self.retries and passing(error)):
                raise
            return Result(job, LOST, f"Error: {error}", None, None)

    def _tell(self, kind: str, job: Job, text: str) -> None:
        volume = job.config.volume
        self.events.emit(kind, f"config volume {volume}: {text}", node=self.hostname, subject=volume)

    def _lay_out(self, folder: Path, job: Job, etc: PuppetEtc) -> None:
        (folder / "out").mkdir(parents=True, mode=0o700)
        for name, text in {"config.pp": job.manifest, **{f"puppet-etc/{n}": t for n, t in etc.inside.items()}}.items():
            path = folder / "job" / name
            with writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)

    def _environment(self) -> list[str]:
        return [f"MODULEPATH={self.modulepath}", f"FACTER_hostname={self.hostname}", "FACTER_uuid=docker",
                "FACTER_deployment_type=containers"]

    def _container(self, folder: Path, job: Job, warm: Warm | None) -> Result:
        config: dict[str, Any] = {
            "Image": job.config.image, "User": "root", "Entrypoint": ["/bin/bash", "/treadle/generate.sh"], "Cmd": [],
            "Env": [*self._environment(), f"STEP={job.step}", f"TAGS={job.tags}",
                    *([] if job.archive else ["NO_ARCHIVE=1"])],
            "Labels": {STACK: self.stack, TRANSIENT: "puppet"},
        }
        if job.network == "none":
            config["Hostname"] = self.hostname
        host: dict[str, Any] = {
            "Binds": [f"{folder}/job:/treadle/job:ro", f"{folder}/out:/treadle/out",
                      f"{self.modules}:/treadle/modules:ro", f"{SCRIPT}:/treadle/generate.sh:ro", *job.config.volumes],
            "NetworkMode": job.network}
        if self.warm:
            host["Binds"].append(f"{COMPILED}:/treadle/compiled.rb:ro")
        if warm:
            config, host = warm.beside(config, host, folder)
        name = f"docker-puppet-{self.stack}-{job.config.volume}-{os.getpid()}"
        ended = Transient(self.engine, self.events, name, config, host, f"config volume {job.config.volume}",
                          partial(warm.start_beside, folder) if warm else nullcontext).run(
            self.time_limit, lambda line: self._hear(job, line))
        log = "".join(line for line in ended.log.splitlines(keepends=True) if not _MARK.match(line))
        if ended.code is None:
            return Result(job, LATE, f"{log}\nError: Puppet was ended after {self.time_limit:.0f} s", None, None)
        archive = folder / "out/tree.tar"
        tree = from_tar(archive.read_bytes()) if ended.code in SUCCESS and job.archive else None
        record = folder / "out/asked"
        asked = frozenset(record.read_text().split("\n")) - {""} if record.exists() else None
        return Result(job, ended.code, log, tree, asked)

    def _hear(self, job: Job, line: str) -> None:
        mark = _MARK.match(line)
        if mark is None:
            self.events.emit("generate.output", _COLOUR.sub("", line), node=self.hostname, subject=job.config.volume)
        elif mark.group(1) == "plain":
            self._tell("generate.plain", job, f"a Puppet of its own: {mark.group(2)}")


def require_success(results: Sequence[Result], owner: Callable[[str], str] = lambda volume: volume) -> None:
    """Raise one GenerateError that names every failed volume with Puppet's own error lines."""
    failed = [result for result in results if not result.ok]
    if not failed:
        return
    parts = []
    for result in failed:
        volume = result.job.config.volume
        said = "\n".join(f"    {line}" for line in result.errors)
        parts.append(f"config volume {volume} (service {owner(volume)}): {result.ending}\n{said}")
    raise GenerateError("\n".join(parts), hint="nothing was changed; correct the manifest or hiera data and repeat")

