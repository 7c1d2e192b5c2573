"""A node for measurements: an engine of its own, and containers that Treadle, docker-compose and paunch each take for
their own, so that all three look at the same ones."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml
from tests.e2e.engine import PrivateEngine
from tests.support import node_plan

from treadle.engine import Engine
from treadle.images import catalogue
from treadle.instantiate.desired import build_desired
from treadle.instantiate.fromnode import FromNode
from treadle.instantiate.request import request
from treadle.plan.nodeplan import NodePlan

IMAGE = catalogue.load(catalogue.project_folder()).base
STACK, ROLE = "bench", "Controller"
#: One container of each kind of file: it sleeps, without a network.
ENTRY = {"image": IMAGE, "command": "sleep infinity", "net": "none"}
NUMBER = 253  # of the bridge and the names; end-to-end tests take lower ones


@contextmanager
def private_engine() -> Iterator[PrivateEngine]:
    """An engine with one small image, gone with all its containers afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="treadle-bench-", dir="/var/tmp"))
    engine = PrivateEngine(folder / "engine", f"treadle-bench-{NUMBER}", NUMBER)
    engine.folder.mkdir()
    engine.start()
    try:
        engine.load_from_machine([IMAGE])
        yield engine
    finally:
        engine.remove()
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Containers:
    """``count`` containers as each tool's files describe them, below ``folder``."""

    engine: PrivateEngine
    folder: Path
    count: int

    @property
    def names(self) -> list[str]:
        return [f"c{number:04}" for number in range(self.count)]

    @property
    def plan(self) -> NodePlan:
        return node_plan({1: dict.fromkeys(self.names, ENTRY)}, stack=STACK, role=ROLE,
                         root=str(self.folder / "root"))

    def write(self) -> None:
        """The node plan, docker-compose's file and paunch's folder."""
        (self.folder / "plan.json").write_bytes(msgspec.json.encode(self.plan))
        services = {name: {"image": IMAGE, "command": ENTRY["command"], "network_mode": "none", "container_name": name}
                    for name in self.names}
        (self.folder / "compose.yaml").write_text(yaml.safe_dump({"version": "2.4", "services": services}))
        paunch = self.folder / "paunch"
        paunch.mkdir()
        for name in self.names:
            (paunch / f"hashed-{name}.json").write_text(json.dumps(ENTRY))

    def compose(self, *words: str) -> list[str]:
        return ["docker-compose", "-p", STACK, "-f", str(self.folder / "compose.yaml"), *words]

    def paunch(self, program: str) -> list[str]:
        return [program, "--log-file", str(self.folder / "paunch.log"), "apply", "--file", str(self.folder / "paunch"),
                "--config-id", "tripleo_step1", "--managed-by", f"treadle-{ROLE}", "--default-runtime", "docker"]

    def make(self) -> None:
        """Start them, with the labels of all three."""
        hashes = self._compose_hashes()
        engine = Engine(self.engine.url)
        ids = engine.image_ids([IMAGE])
        desired = build_desired(self.plan, ids, {})

        def start(name: str) -> None:
            config, host = request(desired[name], self.plan, FromNode())
            config["Labels"].update(config_data=json.dumps(ENTRY), **_compose_labels(name, hashes[name]))
            made = Engine(self.engine.url)
            made.start(made.create(name, config, host))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(start, self.names))

    def _compose_hashes(self) -> dict[str, str]:
        done = subprocess.run(self.compose("config", "--hash", "*"), check=True, capture_output=True, text=True)
        return dict(line.split() for line in done.stdout.splitlines())

    def state(self) -> list[tuple[str, str]]:
        """(id, when it was started) of each: the same as before where nothing was touched."""
        ids = self.engine.docker("ps", "-aq", "--no-trunc").stdout.split()
        found: list[dict[str, Any]] = json.loads(self.engine.docker("inspect", *ids).stdout) if ids else []
        return sorted((each["Id"], each["State"]["StartedAt"]) for each in found)

    def remove(self, names: Sequence[str] = ()) -> None:
        """Some, or all that the engine has."""
        found = list(names) or self.engine.docker("ps", "-aq").stdout.split()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda each: Engine(self.engine.url).remove(each), found))


def _compose_labels(name: str, digest: str) -> dict[str, str]:
    prefix = "com.docker.compose."
    return {f"{prefix}project": STACK, f"{prefix}service": name, f"{prefix}oneoff": "False",
            f"{prefix}container-number": "1", f"{prefix}config-hash": digest, f"{prefix}version": "1.29.2"}
