"""A small cloud of several nodes on one machine, for what is walked node by node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.cloud import Done
from tests.e2e.small import RELOAD, Service, SmallCloud

#: It is unwell where its configuration says ``prefix = bad`` and the node's data folder holds a file ``sick``.
HEALTH = "test -e /dev/shm/ready && ! { test -e /var/lib/small/sick && grep -q 'prefix = bad' /etc/small/reader.conf; }"
READER = Service("reader", secret=True, entry={
    "healthcheck": {"test": HEALTH, "timeout": 5, "retries": 1}, "health": {"within": 10}})
RELOADER = Service("reloader", 3, entry={"reload": RELOAD})


@dataclass
class SeveralNodes(SmallCloud):
    """The services ``reader`` and ``reloader`` on ``count`` nodes; the last is in the region ``north``."""

    count: int = 3

    def write_files(self) -> None:
        self.services = (READER, RELOADER)
        super().write_files()
        [first] = yaml.safe_load(self.nodes_file.read_text())["nodes"]
        nodes = [{**first, "name": name, "address": self.node_ip[:-1] + str(3 + number),
                  "root": str(self.place(number)), "container_prefix": f"{self.name}-{number}-"}
                 for number, name in enumerate(self.names)]
        nodes[-1]["region"] = "north"
        self.nodes_file.write_text(yaml.safe_dump({"nodes": nodes}))

    @property
    def names(self) -> list[str]:
        return [f"{self.name}-{number}" for number in range(self.count)]

    def place(self, number: int) -> Path:
        """The root of a node."""
        return Path(f"{self.root}-{number}")

    def inputs(self, *more: str) -> list[str]:
        """The words that say what is to be deployed, but for the stack."""
        words = self.deploy_words(*more)[3:]
        at = words.index("--stack")
        return words[:at] + words[at + 2:]

    def overcloud(self, *words: str) -> Done:
        """``openstack overcloud …`` for this stack."""
        return self.run("openstack", "overcloud", *words, "--stack", self.name)

    def generated(self, *more: str) -> str:
        """The id of the generation that ``config generate`` makes of the inputs and ``more``."""
        done = self.overcloud("config", "generate", *self.inputs(*more), "--format", "json").ok()
        return str(json.loads(done.out)["generation"])

    def conf(self, number: int, service: str = "reader") -> Path:
        """What Puppet wrote for a service of a node."""
        return (self.place(number) / "var/lib/config-data/puppet-generated" / service /
                f"etc/small/{service}.conf")

    def works_with(self, number: int, service: str = "reader") -> Any:
        """The options that the running service says it works with; its process id is ``pid``."""
        found = json.loads((self.place(number) / "var/lib/small" / service / "taken").read_text())
        return {"pid": found["pid"], "began": found["began"],
                **{f"{s}_{o}": v for s, values in found["options"].items() for o, v in values.items()}}

    @contextmanager
    def sick(self, number: int) -> Iterator[None]:
        """The node's reader does not bear the prefix ``bad`` meanwhile."""
        mark = self.place(number) / "var/lib/small/reader/sick"
        mark.touch()
        try:
            yield
        finally:
            mark.unlink()

    def held(self) -> list[str]:
        """Which generation each node holds and runs as a whole; '' where it is between two."""
        found = [json.loads((self.place(number) / f"var/lib/treadle/{self.name}/node/generations.json").read_text())
                 for number in range(self.count)]
        return [held["generation"] if held.get("instantiated") == held["generation"] and not held.get("services")
                else "" for held in found]

    def bytes(self) -> dict[str, bytes]:
        """``{path: content}`` of all configuration on all nodes."""
        return {str(path): path.read_bytes() for number in range(self.count)
                for top in ("config-data/puppet-generated", "kolla", "docker-config-scripts")
                for path in sorted((self.place(number) / "var/lib" / top).rglob("*")) if path.is_file()}
