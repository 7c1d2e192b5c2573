"""One cloud of the tests: its files, and the commands that a user would type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TextIO

import yaml

from tests.e2e.warm import MAINS, Begun, Warm

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
_WARM = Warm()


@dataclass
class Done:
    """How a command ended, and what it printed on both streams."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def ok(self) -> Done:
        assert self.code == 0, self.text
        return self


@dataclass
class Cloud:
    """A stack below ``folder`` on loopback addresses of its own, on the engine at ``engine_url``."""

    name: str
    folder: Path
    engine_url: str
    node_ip: str
    vip: str
    epmd_port: int
    prefix: str = ""
    #: Whether all of the core's services are deployed, not the few that most tests need.
    whole: bool = False

    @classmethod
    def on(cls, number: int, name: str, folder: Path, engine_url: str, prefix: str = "", *,
           whole: bool = False) -> Self:
        """A cloud on the loopback network ``number``, its name and ports with it."""
        return cls(f"{name}{number}", folder, engine_url, f"127.0.{number}.1", f"127.0.{number}.2", 24344 + number,
                   prefix, whole)

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def nodes_file(self) -> Path:
        return self.folder / "nodes.yaml"

    @property
    def environment_file(self) -> Path:
        return self.folder / "cloud.yaml"

    def write_files(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        node = {"name": f"{self.name}-0", "role": "Standalone", "address": self.node_ip, "root": str(self.root)}
        if self.prefix:
            node["container_prefix"] = self.prefix
        self.nodes_file.write_text(yaml.safe_dump({"nodes": [node]}))
        vip = [{"ip_address": self.vip}]
        low = yaml.safe_load((PROJECT / "environments/low-memory-usage.yaml").read_text())["parameter_defaults"]
        few = yaml.safe_load((PROJECT / "environments/identity-and-volumes.yaml").read_text())
        self.environment_file.write_text(yaml.safe_dump({**({} if self.whole else few), "parameter_defaults": {
            "ControlFixedIPs": vip, "PublicVirtualFixedIPs": vip, "InternalApiVirtualFixedIPs": vip,
            "RabbitEpmdPort": self.epmd_port, "RabbitDistPort": self.epmd_port + 1000,
            "CloudName": f"{self.name}.localdomain", **low,
            **{f"CloudName{network}": f"{self.name}.{network.lower()}.localdomain"
               for network in ("Internal", "Ctlplane", "Storage", "StorageManagement")}}}))

    @property
    def variables(self) -> dict[str, str]:
        return {**os.environ, "DOCKER_HOST": self.engine_url, "TREADLE_STATE": str(self.state),
                "OS_CLIENT_CONFIG_FILE": str(self.folder / "clouds.yaml"), "PATH": f"{BIN}:{os.environ['PATH']}",
                "PYTHONWARNINGS": "ignore"}

    def deploy_words(self, *more: str) -> list[str]:
        return ["openstack", "overcloud", "deploy", "--templates", str(PROJECT), "--stack", self.name,
                "--nodes", str(self.nodes_file), "-e", str(self.environment_file), *more]

    def run(self, *words: str, timeout: float = 900) -> Done:
        if words[0] in MAINS:
            done = _WARM.run(words, self.variables, timeout)
        else:
            done = subprocess.run(words, capture_output=True, text=True, env=self.variables, timeout=timeout,
                                  check=False, stdin=subprocess.DEVNULL)
        return Done(done.returncode, done.stdout, done.stderr)

    def standalone(self, *more: str) -> Done:
        """The one command that a user types."""
        return self.run(str(PROJECT / "bin/standalone"), "--name", self.name, "--node-ip", self.node_ip,
                        "--vip", self.vip, "--root", str(self.root), "--node-name", f"{self.name}-0",
                        *(["--container-prefix", self.prefix] if self.prefix else []),
                        "-e", str(self.environment_file), *more, timeout=1800)

    def deploy(self, *more: str) -> Done:
        return self.run(*self.deploy_words("--yes", *more))

    def check(self, *more: str) -> Done:
        return self.run(*self.deploy_words("--check", "--detailed-exitcode", *more))

    def planned(self, *more: str) -> dict[str, str]:
        """``{container: action}`` of what a deploy would do."""
        done = self.run(*self.deploy_words("--check", "--format", "json", *more)).ok()
        return {action["container"]: action["action"] for node in json.loads(done.out) for action in node["actions"]}

    def openstack(self, *words: str) -> Done:
        return self.run("openstack", "--os-cloud", self.name, *words)

    def token(self) -> dict[str, Any]:
        token: dict[str, Any] = json.loads(self.openstack("token", "issue", "-f", "json").ok().out)
        return token

    def environment(self, name: str, **parameters: Any) -> str:
        """An environment file with ``parameters`` as parameter_defaults; gives its path."""
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump({"parameter_defaults": parameters}))
        return str(path)

    @contextmanager
    def killed_when(self, *words: str, says: str, after: float = 0.0) -> Iterator[None]:
        """Run a command and kill it, with all that it started, ``after`` seconds beyond the line that ``says``."""
        lines = []
        with self.heard(*words) as (begun, said):
            for line in said:
                lines.append(line)
                if says in line:
                    break
            else:
                raise AssertionError(f"it never said {says!r}:\n{''.join(lines)}")
            time.sleep(after)
            begun.kill()
            begun.wait()
        yield

    @contextmanager
    def heard(self, *words: str) -> Iterator[tuple[Begun, TextIO]]:
        """Run ``openstack`` or ``treadle``; what it says on standard error is read as it comes."""
        read, write = os.pipe()
        with os.fdopen(read) as said:
            with os.fdopen(write, "wb") as err, Path(os.devnull).open("wb") as out:
                begun = _WARM.begin(words, self.variables, out.fileno(), err.fileno())
            yield begun, said


class ProcessWatcher(threading.Thread):
    """Reads every process' command line on the machine, again and again, as ``ps`` would show them."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: set[str] = set()
        self._stop_now = threading.Event()

    def run(self) -> None:
        while not self._stop_now.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue
            time.sleep(0.02)

    def finish(self) -> set[str]:
        self._stop_now.set()
        self.join()
        return self.seen
