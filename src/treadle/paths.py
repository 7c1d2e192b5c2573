"""Where things lie on a node. TripleO's paths where it has one; all can be put under another root for tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

#: What templates name and Treadle owns; anything else on the host (/dev, /sys, /etc/localtime) is the host's.
_OWNED = ("/var/lib/", "/var/log/", "/run/", "/etc/puppet", "/srv/node")


@dataclass(frozen=True)
class NodePaths:
    """The paths of one stack on one node, below ``root`` ("" is the machine's own)."""

    stack: str
    root: str = ""

    def rebase(self, path: str) -> str:
        """A path of a template, below the root where it is one that Treadle owns."""
        return self.root + path if self.root and path.startswith(_OWNED) else path

    def at(self, path: str) -> Path:
        return Path(self.root + path)

    @property
    def volumes(self) -> Path:
        return self.at("/var/lib/config-data/puppet-generated")

    @property
    def owner(self) -> Path:
        """Names the stack whose configuration lies below this root."""
        return self.at("/var/lib/config-data/.treadle-stack")

    @property
    def kolla_config(self) -> Path:
        return self.at("/var/lib/kolla/config_files")

    @property
    def scripts(self) -> Path:
        return self.at("/var/lib/docker-config-scripts")

    @property
    def puppet_etc(self) -> Path:
        return self.at("/etc/puppet")

    @property
    def state(self) -> Path:
        """Treadle's own state on the node, readable by root only."""
        return self.at(f"/var/lib/treadle/{self.stack}/node")

    @property
    def modules(self) -> Path:
        return self.state / "puppet-modules"

    @property
    def plan(self) -> Path:
        return self.state / "node-plan.json"

    @property
    def volume_states(self) -> Path:
        return self.state / "volumes.json"

    @property
    def runs(self) -> Path:
        return self.state / "runs.json"

    def old(self, key: str) -> Path:
        """What a piece of configuration ("volume:keystone") held before it was last changed, as a tar."""
        return self.state / "old" / f"{key.replace(':', '-')}.tar"

    @property
    def held(self) -> Path:
        """Which generation the node holds, and which it runs."""
        return self.state / "generations.json"

    @property
    def taken(self) -> Path:
        return self.state / "taken.json"

    @property
    def puppet_runs(self) -> Path:
        return self.state / "puppet-runs.json"

    @property
    def stopped(self) -> Path:
        """Which containers somebody stopped on purpose."""
        return self.state / "stopped.json"

    @property
    def drained(self) -> Path:
        """Which containers work is kept away from."""
        return self.state / "drained.json"

    @property
    def away(self) -> Path:
        """Who keeps work away from the whole node."""
        return self.state / "away.json"
