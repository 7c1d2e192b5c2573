"""Makes and removes test nodes. Each is a container of the machine's engine; inside it nothing says so.

A node is reached over SSH with a key of its own, at an address on a network of its own; ``ssh_config`` in the folder
has all that ssh needs. Root's key is also the key of ``stack``, who may sudo.
"""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.layers import DRIVER, machine_data, share
from tests.e2e.nodes.engine import docker
from treadle.images import apt, rootfs

HERE = Path(__file__).parent
FOLDER = Path("/var/lib/treadle/tests")
#: Where a node sees the layers of the machine's images.
LAYERS = Path("/mnt/layers")
#: What an engine in a container needs, where the machine itself may not have all that --privileged would give.
RIGHTS = ("--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--security-opt=seccomp=unconfined",
          "--security-opt=apparmor=unconfined", "--security-opt=systempaths=unconfined",
          "--device-cgroup-rule=a *:* rwm", "--tmpfs=/run", "--tmpfs=/tmp:exec", "--shm-size=256m",
          "--init")


def image(packages: Sequence[str] = ()) -> str:
    """The node's image, made unless it is there: of the machine's own release, so that its Python is the same.
    With ``packages`` of Debian on top, whose services are started as the node is."""
    release = apt.running_release()
    assert release, "this machine is no Debian"
    texts = b"".join((HERE / name).read_bytes() for name in ("Dockerfile", "start.sh"))
    digest = hashlib.sha256(texts + rootfs.recipe(release).digest.encode()).hexdigest()[:12]
    name = f"treadle-tests/node:{release}-{digest}"
    if docker("image", "inspect", name, check=False).returncode:
        tar = rootfs.make(release, FOLDER, FOLDER / "debootstrap.log")
        base = f"treadle-tests/debian:{release}-{digest}"
        docker("import", tar, base)
        docker("build", "--network=host", "--build-arg", f"BASE={base}", "--tag", name, HERE)
    return with_packages(name, packages) if packages else name


def with_packages(base: str, packages: Sequence[str]) -> str:
    """An image of its own for what only few tests need."""
    recipe = (f"FROM {base}\nRUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes "
              f"--no-install-recommends {' '.join(packages)} && apt-get clean && rm -rf /var/lib/apt/lists/*\n")
    name = f"{base}-{hashlib.sha256(recipe.encode()).hexdigest()[:8]}"
    if docker("image", "inspect", name, check=False).returncode:
        docker("build", "--network=host", "--tag", name, "-", given=recipe)
    return name


@dataclass
class Machine:
    """One node."""

    name: str
    address: str
    container: str

    def inside(self, *words: str, check: bool = True, given: str | None = None) -> str:
        """What a command on the node prints."""
        return docker("exec", "-i", self.container, *words, check=check, given=given).stdout

    def docker(self, *words: str) -> str:
        """On the node's engine."""
        return self.inside("docker", *words)

    def kill(self) -> None:
        """As a power cut does."""
        docker("kill", self.container)

    def start(self) -> None:
        docker("start", self.container)
        self.wait()

    def cut(self) -> None:
        """Off its network, as by a cable that is pulled."""
        docker("network", "disconnect", self.network, self.container)

    def join(self) -> None:
        docker("network", "connect", "--ip", self.address, self.network, self.container)
        self.wait()

    @property
    def network(self) -> str:
        return self.container.removesuffix(f"-{self.name}")

    def wait(self, seconds: float = 60) -> None:
        """Until its engine and its sshd answer."""
        until = time.monotonic() + seconds
        asked = "docker version >/dev/null 2>&1 && ss -ltn | grep -q :22"
        while docker("exec", self.container, "sh", "-c", asked, check=False).returncode:
            assert time.monotonic() < until, docker("exec", self.container, "tail", "/var/log/dockerd.log",
                                                    check=False).stdout
            time.sleep(0.2)


@dataclass
class Machines:
    """``names`` become nodes on the network 172.30.``number``.0/24; ``folder`` holds keys and configuration of ssh."""

    number: int
    names: Sequence[str]
    folder: Path
    machines: list[Machine] = field(default_factory=list)
    packages: Sequence[str] = ()

    @property
    def prefix(self) -> str:
        return f"treadle-node{self.number}"

    @property
    def ssh_config(self) -> Path:
        return self.folder / "ssh_config"

    @property
    def key(self) -> Path:
        return self.folder / "key"

    def __getitem__(self, name: str) -> Machine:
        return next(machine for machine in self.machines if machine.name == name)

    def make(self, images: Sequence[str] = (), shared: str = "") -> None:
        """All nodes, with ``images`` of the machine's engine in theirs. ``shared`` is where one file system is that all
        of them mount."""
        made = image(self.packages)
        self.remove()
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        docker("network", "create", "--subnet", f"172.30.{self.number}.0/24", self.prefix)
        self.machines = [Machine(name, f"172.30.{self.number}.{11 + at}", f"{self.prefix}-{name}")
                         for at, name in enumerate(self.names)]
        data = machine_data()
        mounts = ["--volume", f"{data / DRIVER}:{LAYERS}:ro"] if data else []
        if shared:
            mounts += ["--volume", f"{self.prefix}-shared:{shared}"]
        for machine in self.machines:
            share(images, volume(machine.container), LAYERS)
            docker("run", "--detach", *RIGHTS, "--volume", f"{machine.container}:/var/lib/docker", *mounts,
                   "--network", self.prefix, "--ip", machine.address, "--hostname", machine.name,
                   "--name", machine.container, "--label", "treadle.tests=node", made)
        for machine in self.machines:
            machine.wait()
            self._let_in(machine)
        self._write_config()
        if images and not data:
            self.load(images)

    def load(self, images: Sequence[str]) -> None:
        """Copy images into the engines of all nodes at once."""
        loads = [subprocess.Popen(["docker", "exec", "-i", machine.container, "docker", "load", "-q"],
                                  stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) for machine in self.machines]
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as save:
            assert save.stdout
            while data := save.stdout.read(1 << 20):
                for load in loads:
                    assert load.stdin
                    load.stdin.write(data)
        for load in loads:
            assert load.stdin
            load.stdin.close()
        assert [load.wait() for load in loads] == [0] * len(loads) and save.returncode == 0

    def remove(self) -> None:
        """All that ``make`` made, be it in another run that was killed."""
        known = docker("ps", "-aq", "--filter", f"name=^{self.prefix}-").stdout.split()
        if known:
            docker("rm", "-f", "-v", *known)
        volumes = docker("volume", "ls", "-q", "--filter", f"name={self.prefix}-").stdout.split()
        if volumes:
            docker("volume", "rm", *volumes)
        docker("network", "rm", self.prefix, check=False)
        for path in (self.key, self.key.with_suffix(".pub"), self.ssh_config):
            path.unlink(missing_ok=True)

    def _let_in(self, machine: Machine) -> None:
        public = self.key.with_suffix(".pub").read_text()
        for home in ("/root", "/home/stack"):
            machine.inside("sh", "-c", f"cat >{home}/.ssh/authorized_keys", given=public)

    def _write_config(self) -> None:
        known = [f"{machine.address} {machine.inside('cat', '/etc/ssh/ssh_host_ed25519_key.pub').strip()}"
                 for machine in self.machines]
        (self.folder / "known_hosts").write_text("\n".join(known) + "\n")
        self.ssh_config.write_text(f"UserKnownHostsFile {self.folder}/known_hosts\nHostKeyAlgorithms ssh-ed25519\n"
                                   f"IdentityFile {self.key}\nIdentitiesOnly yes\nUser root\n")


def volume(name: str) -> Path:
    """The folder of a volume that is made."""
    docker("volume", "create", name)
    return Path(docker("volume", "inspect", "--format", "{{.Mountpoint}}", name).stdout.strip())


def nodes_file(machines: Machines, role: str) -> str:
    """A nodes file that names all of them."""
    lines = [f"  - {{name: {one.name}, role: {role}, address: {one.address}, ssh: {{config: {machines.ssh_config}}}}}"
             for one in machines.machines]
    return "\n".join(["nodes:", *lines]) + "\n"
