"""Puppet on the node itself, for services without containers. Source: deploy-steps-tasks.yaml (host puppet apply)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from treadle.errors import GenerateError
from treadle.files import write_private
from treadle.generate import Job, Result
from treadle.paths import NodePaths
from treadle.plan.nodeplan import NodePlan, PuppetConfig

#: Debian keeps modules in the last of these; the others are TripleO's.
MODULEPATH = ("/etc/puppet/modules", "/usr/share/openstack-puppet/modules", "/usr/share/puppet/modules")


@dataclass(frozen=True)
class HostPuppet:
    """Runs a node plan's step_config with the node's own Puppet."""

    plan: NodePlan
    time_limit: float = 1800.0

    @property
    def _paths(self) -> NodePaths:
        return NodePaths(self.plan.stack, self.plan.root)

    def require(self) -> str:
        """The path of the node's Puppet. Raises GenerateError where it has none."""
        puppet = shutil.which("puppet", path=f"{os.environ.get('PATH', '')}:/opt/puppetlabs/bin")
        if puppet is None:
            raise GenerateError(f"{self.plan.node} has no Puppet, which the step_config of its services needs",
                                hint="apt-get install puppet-agent")
        return puppet

    def run(self, step: int) -> Result:
        """Apply the manifest at ``step``. Exit codes are Puppet's own. Raises GenerateError."""
        puppet = self.require()
        state = self._paths.state / "host-puppet"
        record = state / "asked"
        record.unlink(missing_ok=True)
        write_private(state / "config.pp", self.plan.step_config + "\n")
        write_private(state / "hiera.yaml", self._hiera(record))
        modules = ":".join((str(self._paths.modules), *MODULEPATH))
        command = [puppet, "apply", "--detailed-exitcodes", "--color=false", "--logdest=console",
                   f"--hiera_config={state / 'hiera.yaml'}", f"--modulepath={modules}", str(state / "config.pp")]
        environment = {**os.environ, "FACTER_hostname": self.plan.node, "FACTER_step": str(step)}
        try:
            done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False,
                                  timeout=self.time_limit)
        except subprocess.TimeoutExpired as error:
            raise GenerateError(f"Puppet on {self.plan.node} did not end within {self.time_limit:.0f} s") from error
        asked = frozenset(record.read_text().split("\n")) - {""} if record.exists() else None
        job = Job(PuppetConfig("host", self.plan.step_config, ""), step)
        return Result(job, done.returncode, done.stdout + done.stderr, None, asked)

    def _hiera(self, record: Path) -> str:
        level = {"name": "Treadle's layers, first wins", "lookup_key": "treadle::recorded_json",
                 "paths": [f"{name}.json" for name in self.plan.hierarchy], "options": {"record": str(record)}}
        return json.dumps({"version": 5, "defaults": {"datadir": str(self._paths.puppet_etc / "hieradata")},
                           "hierarchy": [level]}, indent=1)
