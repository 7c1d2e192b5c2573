"""A container engine of the tests' own, beside the machine's: they may stop it, and they disturb nobody's cloud."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class PrivateEngine:
    """``dockerd`` with its own data, socket and names. Containers share the machine's network only if told to."""

    folder: Path
    name: str
    number: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/engine.sock"

    def _bridge(self) -> str:
        """Without a bridge of its own it would take away the one of the machine's engine."""
        name = f"treadle{self.number}"
        if not Path(f"/sys/class/net/{name}").exists():
            subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
            subprocess.run(["ip", "address", "add", f"172.31.{self.number}.1/24", "dev", name], check=True)
        return name

    def start(self) -> None:
        command = ["dockerd", "--data-root", self.folder / "data", "--exec-root", self.folder / "exec",
                   "--pidfile", self.folder / "pid", "--host", self.url, "--bridge", self._bridge(), "--iptables=false",
                   "--ip-forward=false", "--ip-masq=false", "--containerd-namespace", self.name,
                   "--containerd-plugins-namespace", f"{self.name}-plugins",
                   "--insecure-registry", "172.30.0.0/16"]  # the networks of test nodes, which have no TLS
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, start_new_session=True)
        until = time.monotonic() + 60
        while self.docker("version", check=False).returncode:
            assert time.monotonic() < until, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.2)

    def stop(self) -> None:
        """As a reboot does: containers are stopped with it."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(120)

    def kill(self) -> None:
        """As a power cut does: nobody is told anything, and every container dies with it."""
        ids = self.docker("ps", "-q").stdout.split()
        said = self.docker("inspect", "--format", "{{.State.Pid}}", *ids).stdout if ids else ""
        assert self.process
        own = int((self.folder / "exec/containerd/containerd.pid").read_text())
        self.process.kill()
        self.process.wait(60)
        for pid in (own, *(int(word) for word in said.split())):
            assert pid > 1
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 60
        while Path(f"/proc/{own}").exists():  # the next life would wait for it to answer
            assert time.monotonic() < until
            time.sleep(0.05)

    def docker(self, *words: str, check: bool = True, given: bytes | None = None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(["docker", "--host", self.url, *words], capture_output=True, check=False, input=given)
        result = subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(errors="replace"),
                                             done.stderr.decode(errors="replace"))
        assert not check or result.returncode == 0, result.stderr
        return result

    def load_from_machine(self, references: list[str]) -> None:
        """Copy those images from the machine's engine that it does not have yet."""
        known = self.docker("images", "--format", "{{.Repository}}:{{.Tag}}").stdout.split()
        references = [reference for reference in references if reference not in known]
        if not references:
            return
        there = {k: v for k, v in os.environ.items() if k != "DOCKER_HOST"}
        with subprocess.Popen(["docker", "save", *references], stdout=subprocess.PIPE, env=there) as save:
            subprocess.run(["docker", "--host", self.url, "load"], stdin=save.stdout, check=True, capture_output=True)
        assert save.returncode == 0

    def remove(self) -> None:
        self.stop()
        for namespace in (self.folder / "exec/netns").glob("*"):  # dockerd leaves its mount of the machine's own
            subprocess.run(["umount", namespace], check=False)
        while subprocess.run(["umount", self.folder / "data"], capture_output=True, check=False).returncode == 0:
            pass  # each life that was killed left its mount
        subprocess.run(["ip", "link", "delete", self._bridge()], check=True)
        shutil.rmtree(self.folder)
