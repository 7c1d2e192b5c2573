"""Each key of a docker_config entry on a real engine: read back from there, and seen from inside the container.

All are deployed at once, as one node's containers; what they leave is removed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import Heard, node_plan
from treadle.engine import STACK, Engine
from treadle.errors import EngineError, StepFailed
from treadle.images import catalogue
from treadle.instantiate.desired import build_desired
from treadle.instantiate.fromnode import FromNode
from treadle.instantiate.request import request
from treadle.node.agent import NodeAgent
from treadle.node.hands import inspected, listed
from treadle.plan.containers import KEYS

pytestmark = pytest.mark.engine

NAME = f"treadle-keys-{os.getpid()}"
IMAGE = catalogue.load(catalogue.project_folder()).base
#: Refuses one system call and allows the rest.
PROFILE = {"defaultAction": "SCMP_ACT_ALLOW",
           "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
SLEEP = "sleep 600"


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


#: ``{name: entry}``; @ stands for a folder of the test's own.
CONTAINERS: dict[str, dict[str, Any]] = {
    "words": {"command": "sh -c 'sleep'", "detach": False, "exit_codes": [1]},
    "list": {"command": ["sh", "-c", "sleep 600 # a 'b c'"]},
    "user": {"user": "nobody"},
    "number": {"user": 65534},
    "variables": {"environment": ["A=1", "B=x=y", "D=", "HERE", "ABSENT"]},
    "map": {"environment": {"A": 1, "T": True, "HERE": None, "ABSENT": ""}},
    "files": {"env_file": "@/variables", "environment": ["B=own"]},
    "mounts": {"volumes": ["@/data:/ro:ro", "@/data:/rw:z", "data:/named", "@/shared:/shared:shared", ""]},
    "mounts_of_another": {"volumes_from": ["mounts:ro"], "start_order": 1},
    "no_network": {"net": "none"},
    "host_network": {"net": "host"},
    "joined": {"net": "container:no_network", "ipc": "container:shares", "pid": "container:shares", "start_order": 1},
    "shares": {"net": "none", "ipc": "shareable"},
    "host": {"ipc": "host", "pid": "host", "uts": "host", "net": "none"},
    "named": {"hostname": "keyhost", "extra_hosts": ["other:192.0.2.7", "six:2001:db8::1"]},
    "groups": {"group_add": [4242]},
    "more": {"cap_add": ["SYS_TIME"], "cap_drop": ["CHOWN"]},
    "tools": {"devices": ["/dev/net/tun:/dev/tap:rw"], "cgroupns": "host"},
    "secure": {"security_opt": ["no-new-privileges", "seccomp=@/profile.json"]},
    "unmasked": {"security_opt": "systempaths=unconfined"},
    "limits": {"ulimit": ["sigpending=1000:2000", "core=0"]},
    "small": {"mem_limit": "64m", "memswap_limit": "128m", "mem_swappiness": 0, "cpu_shares": 512, "pids_limit": 50,
              "cpuset_cpus": 0},
    "every_cpu": {"cpuset_cpus": "all"},
    "again": {"restart": "always"},
    "logs": {"log_tag": "its-tag", "command": shell("echo hello; sleep 600")},
    "terminal": {"tty": True, "command": shell("test -t 1 && echo a terminal; sleep 600")},
    "open": {"interactive": True},
    "closed": {"interactive": True, "detach": False, "command": ["cat"]},
    "signalled": {"stop_signal": "INT", "volumes": ["@/data:/out"],
                  "command": shell("trap 'echo interrupted > /out/signal; exit' INT; while :; do sleep 0.1; done")},
    "patient": {"stop_grace_period": "1s", "command": shell("trap '' TERM; while :; do sleep 0.1; done")},
    "checked": {"healthcheck": {"test": "test -e /proc/1 && true", "interval": "1s", "timeout": 5, "retries": 2},
                "check_interval": 600},
    "checked_rarely": {"healthcheck": {"test": ["CMD", "true"]}, "check_interval": 600},
    "gone": {"remove": True},
    "trace": {"detach": False, "exit_codes": [7], "command": shell("exit 7")},
    "no_trace": {"detach": False, "remove": True, "command": ["true"]},
    "exec": {"action": "exec", "start_order": 2, "user": "nobody", "environment": ["GIVEN=1", "HERE", "ABSENT"],
             "command": ["mounts", *shell("env > /tmp/exec; id -un >> /tmp/exec")]},
    "root_exec": {"action": "exec", "start_order": 2, "privileged": True, "exit_codes": [0, 126],
                  "command": ["mounts", *shell("grep CapEff /proc/self/status > /tmp/root_exec")]},
    "last": {"start_order": 3},
    "nothing_of_it": {"config_volume": "v", "depends_on": ["a.service"], "systemd_exec_flags": {"RestartSec": 5}},
}


@dataclass
class Deployed:
    """The containers as they run."""

    engine: Engine
    agent: NodeAgent
    folder: Path

    def inspect(self, name: str) -> dict[str, Any]:
        return self.engine.inspect(f"{NAME}-{name}")

    def inside(self, name: str, script: str) -> str:
        code, output = self.engine.execute(f"{NAME}-{name}", shell(script))
        return f"{output.strip()}" if code == 0 else f"{code}: {output.strip()}"

    def remove(self) -> None:
        for container in self.engine.containers({STACK: self.agent.plan.stack}):
            self.engine.remove(container.id)

    def until(self, true: Callable[[], bool], within: float = 30.0) -> bool:
        end = time.monotonic() + within
        while not true() and time.monotonic() < end:
            time.sleep(0.2)
        return true()


def deployed(folder: Path, containers: dict[str, dict[str, Any]], stack: str) -> Deployed:
    """A node's agent that has these containers to deploy, in step 1."""
    entries = json.loads(json.dumps(containers).replace("@/", f"{folder}/"))
    usual = {"image": IMAGE, "command": SLEEP, "net": "none"}
    plan = node_plan({1: {name: entry if "action" in entry else {**usual, **entry} for name, entry in entries.items()}},
                     stack=stack, root=str(folder / "root"), container_prefix=f"{NAME}-")
    engine = Engine()
    return Deployed(engine, NodeAgent(plan, engine, Heard().events()), folder)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("keys")
    (folder / "data").mkdir()
    (folder / "data").chmod(0o777)
    (folder / "variables").write_text("A=from a file\nB=from a file\n")
    (folder / "profile.json").write_text(json.dumps(PROFILE))
    made = deployed(folder, CONTAINERS, NAME)
    (folder / "shared").mkdir()
    for words in (["--bind", folder / "shared", folder / "shared"], ["--make-shared", folder / "shared"]):
        subprocess.run(["mount", *words], check=True)
    before = os.environ.get("HERE")
    os.environ["HERE"] = "the deployer's"
    try:
        made.agent.containers(1, made.agent.status().actions)
        yield made
    finally:
        if before is None:
            del os.environ["HERE"]
        made.remove()
        subprocess.run(["umount", folder / "shared"], check=True)
        made.engine.call("remove the volume", lambda api: api.remove_volume(f"{NAME}-data", force=True))


def namespace(kind: str) -> str:
    return str(Path(f"/proc/self/ns/{kind}").readlink())


CGROUP = "cat /sys/fs/cgroup/{0}/{1} 2>/dev/null || cat /sys/fs/cgroup/{2}"


@pytest.mark.parametrize(("name", "script", "expected"), [
    ("list", "tr '\\0' '|' < /proc/1/cmdline", "sh|-c|sleep 600 # a 'b c'|"),
    ("user", "id -un", "nobody"),
    ("number", "id -u", "65534"),
    ("variables", "env | grep -E '^(A|B|D|HERE|ABSENT)=' | sort", "A=1\nB=x=y\nD=\nHERE=the deployer's"),
    ("map", "env | grep -E '^(A|T|HERE|ABSENT)=' | sort", "A=1\nHERE=the deployer's\nT=True"),
    ("files", "echo $A, $B", "from a file, own"),
    ("mounts", "touch /ro/x 2>&1 || echo refused", "touch: cannot touch '/ro/x': Read-only file system\nrefused"),
    ("mounts", "touch /rw/x /named/x && echo written", "written"),
    ("mounts", "grep -c ' /shared .* shared:' /proc/self/mountinfo", "1"),
    ("mounts", "grep -c ' /rw .* shared:' /proc/self/mountinfo || true", "0"),
    ("mounts_of_another", "ls -d /ro /rw /named; touch /rw/y 2>&1 || echo refused",
     "/named\n/ro\n/rw\ntouch: cannot touch '/rw/y': Read-only file system\nrefused"),
    ("no_network", "ls /sys/class/net", "lo"),
    ("named", "hostname; grep -E 'other|six' /etc/hosts", "keyhost\n192.0.2.7\tother\n2001:db8::1\tsix"),
    ("groups", "id -G", "0 4242"),
    ("secure", "grep NoNewPrivs /proc/self/status; mkdir /a 2>&1 || echo refused",
     "NoNewPrivs:\t1\nmkdir: cannot create directory '/a': Operation not permitted\nrefused"),
    ("unmasked", "grep -cE ' /proc/(sys|kcore|keys) ' /proc/self/mountinfo || true", "0"),
    ("limits", "grep -E 'pending|core' /proc/1/limits | sed 's/  */ /g; s/ $//'",
     "Max core file size 0 0 bytes\nMax pending signals 1000 2000 signals"),
    ("small", CGROUP.format("memory", "memory.limit_in_bytes", "memory.max"), str(64 << 20)),
    ("small", CGROUP.format("pids", "pids.max", "pids.max"), "50"),
    ("small", "grep Cpus_allowed_list /proc/self/status", "Cpus_allowed_list:\t0"),
    ("every_cpu", "nproc", str(os.cpu_count())),
    ("open", "test -p /proc/1/fd/0 && echo a pipe", "a pipe"),
    ("list", "readlink /proc/1/fd/0", "/dev/null"),
    ("host", "readlink /proc/self/ns/ipc /proc/self/ns/pid /proc/self/ns/uts",
     "\n".join(map(namespace, ("ipc", "pid", "uts")))),
    ("tools", "readlink /proc/self/ns/cgroup; stat -c %t:%T /dev/tap; : <>/dev/tap && echo open",
     f"{namespace('cgroup')}\na:c8\nopen"),
    ("host_network", "readlink /proc/self/ns/net", namespace("net")),
    ("mounts", "grep -E '^(GIVEN|HERE|ABSENT|nobody)' /tmp/exec | sort", "GIVEN=1\nHERE=the deployer's\nnobody"),
])
def test_from_inside(node: Deployed, name: str, script: str, expected: str) -> None:
    assert node.inside(name, script) == expected


@pytest.mark.parametrize(("name", "place", "expected"), [
    ("words", "Config.Cmd", ["sh", "-c", "'sleep'"]),
    ("words", "State.ExitCode", 1),
    ("small", "HostConfig.Memory", 64 << 20), ("small", "HostConfig.MemorySwap", 128 << 20),
    ("small", "HostConfig.MemorySwappiness", 0), ("small", "HostConfig.CpuShares", 512),
    ("small", "HostConfig.PidsLimit", 50), ("small", "HostConfig.CpusetCpus", "0"),
    ("every_cpu", "HostConfig.CpusetCpus", ""),
    ("again", "HostConfig.RestartPolicy.Name", "always"),
    ("signalled", "Config.StopSignal", "INT"), ("patient", "Config.StopTimeout", 1),
    ("trace", "State.ExitCode", 7), ("closed", "State.ExitCode", 0),
    ("checked", "Config.Healthcheck.Test", ["CMD-SHELL", "test -e /proc/1 && true"]),
    ("checked", "Config.Healthcheck.Interval", 10**9), ("checked", "Config.Healthcheck.Retries", 2),
    ("checked_rarely", "Config.Healthcheck.Interval", 600 * 10**9),
    ("checked_rarely", "Config.Healthcheck.Test", ["CMD", "true"]),
    ("gone", "HostConfig.AutoRemove", True), ("terminal", "Config.Tty", True),
    ("nothing_of_it", "State.Running", True),
])
def test_read_back_from_the_engine(node: Deployed, name: str, place: str, expected: object) -> None:
    found: Any = node.inspect(name)
    for key in place.split("."):
        found = found[key]
    assert found == expected


def test_nothing_that_an_entry_asks_for_looks_as_if_a_hand_had_changed_it(node: Deployed) -> None:
    actions = node.agent.status().actions
    assert inspected(actions, node.agent.plan, node.engine) == {}
    assert listed(actions, node.agent.plan) == {}


def test_namespaces_of_another_container(node: Deployed) -> None:
    for kind, other in (("net", "no_network"), ("ipc", "shares"), ("pid", "shares")):
        script = f"readlink /proc/self/ns/{kind}"
        assert node.inside("joined", script) == node.inside(other, script) != namespace(kind)


def capabilities(node: Deployed, name: str, script: str = "grep CapEff /proc/self/status") -> int:
    return int(node.inside(name, script).split()[1], 16)


def test_capabilities(node: Deployed) -> None:
    bits = capabilities(node, "more")
    assert bits & 1 << 25 and not bits & 1  # SYS_TIME and CHOWN by their numbers in capability.h


def test_a_privileged_exec(node: Deployed) -> None:
    """All capabilities; or, on a machine that may not hand them on, a refusal that says that they were asked for."""
    usual = capabilities(node, "mounts")
    ended = json.loads(node.agent.paths.runs.read_text())["root_exec"]["exit_code"]
    if ended == 0:
        privileged = capabilities(node, "mounts", "cat /tmp/root_exec")
        assert privileged & usual == usual and privileged & ~usual
    else:
        code, said = node.engine.execute(f"{NAME}-mounts", ["true"], privileged=True)
        assert code == 126 and "unable to apply caps" in said


def test_privileged(node: Deployed) -> None:
    """Made and read back, not started: that needs an engine on a machine of its own."""
    plan = node_plan({1: {"c": {"image": IMAGE, "command": SLEEP, "privileged": True}}}, stack=NAME)
    image = node.engine.image_ids([IMAGE])
    made = node.engine.create(f"{NAME}-privileged",
                              *request(build_desired(plan, image, {})["c"], plan, FromNode()))
    assert node.engine.inspect(made)["HostConfig"]["Privileged"] is True


def test_output_and_its_tag(node: Deployed) -> None:
    log = Path(node.inspect("logs")["LogPath"])
    line = json.loads(log.read_text().splitlines()[0])
    assert line["log"] == "hello\n" and line["attrs"] == {"tag": "its-tag"}
    assert "a terminal" in node.engine.logs(f"{NAME}-terminal")


def test_it_is_started_again(node: Deployed) -> None:
    os.kill(node.inspect("again")["State"]["Pid"], signal.SIGKILL)
    assert node.until(lambda: node.inspect("again")["RestartCount"] > 0)


def test_the_engine_checks_it(node: Deployed) -> None:
    assert node.until(lambda: node.inspect("checked")["State"]["Health"]["Status"] == "healthy")


def test_how_it_is_stopped(node: Deployed) -> None:
    node.engine.stop(f"{NAME}-signalled")
    assert (node.folder / "data/signal").read_text() == "interrupted\n"
    began = time.monotonic()
    node.engine.stop(f"{NAME}-patient")
    assert 1 <= time.monotonic() - began < 8 and node.inspect("patient")["State"]["ExitCode"] == 137


def test_what_removes_itself_leaves_nothing_and_what_ran_once_is_not_run_again(node: Deployed) -> None:
    names = {c.name for c in node.agent.observed().values()}
    assert {"gone", "trace", "words"} <= names and "no_trace" not in names
    assert not {a.name for a in node.agent.status().changes} & {"trace", "no_trace", "exec", "root_exec", "words"}
    node.engine.stop(f"{NAME}-gone")
    assert node.until(lambda: "gone" not in node.agent.observed())
    assert [(a.kind, a.name) for a in node.agent.status().changes if a.name == "gone"] == [("create", "gone")]


def test_in_the_order_of_start_order(node: Deployed) -> None:
    created = {name: node.inspect(name)["Created"] for name in ("last", "joined", "mounts", "user")}
    assert max(created["mounts"], created["user"]) < created["joined"] < created["last"]


@pytest.mark.parametrize(("entry", "said"), [
    ({"volumes": ["@/absent:/x"]}, r"c\.volumes: the host has no .*/absent"),
    ({"devices": ["@/absent:/dev/x"]}, r"c\.devices: the host has no .*/absent"),
    ({"env_file": "@/absent"}, r"c\.env_file: the host has no .*/absent"),
    ({"security_opt": ["seccomp=@/absent"]}, r"c\.security_opt: the host has no .*/absent"),
])
def test_what_is_missing_on_the_host_is_an_error_and_makes_nothing(
        tmp_path: Path, entry: dict[str, Any], said: str) -> None:
    made = deployed(tmp_path, {"c": entry}, f"{NAME}-other")
    with pytest.raises(EngineError, match=r"has no .*/absent"):
        made.agent.check()
    with pytest.raises(EngineError, match=said):
        made.agent.containers(1, made.agent.status().actions)
    assert not made.agent.observed() and not (tmp_path / "absent").exists()


def test_an_exit_code_that_was_not_expected_is_an_error(tmp_path: Path) -> None:
    entry = {"detach": False, "command": shell("echo so it is; exit 3"), "exit_codes": [0, 7]}
    made = deployed(tmp_path, {"c": entry}, f"{NAME}-other")
    try:
        with pytest.raises(StepFailed, match="c ended with 3, expected 0 or 7") as caught:
            made.agent.containers(1, made.agent.status().actions)
        assert "so it is" in str(caught.value)
    finally:
        made.remove()


def test_what_the_engine_starts_again_and_again_is_not_waited_for_once_its_cause_is_gone(tmp_path: Path) -> None:
    """Its next attempt would come in its own time, up to a minute later."""
    command = shell("test -e /data/cause-is-gone || exit 1; exec sleep infinity")
    (tmp_path / "data").mkdir()
    container = {"c": {"restart": "always", "command": command, "volumes": ["@/data:/data"]}}
    made = deployed(tmp_path, container, f"{NAME}-other")
    try:
        with suppress(StepFailed):  # where it ended before it was looked at
            made.agent.containers(1, made.agent.status().actions)
        assert made.until(lambda: made.inspect("c")["RestartCount"] >= 4 and made.inspect("c")["State"]["Restarting"])
        (tmp_path / "data/cause-is-gone").touch()
        agent = deployed(tmp_path, container, f"{NAME}-other").agent
        agent.containers(1, agent.status().actions)
        assert made.inspect("c")["State"]["Status"] == "running"
    finally:
        made.remove()


def test_each_key_is_tried_here() -> None:
    ours = {"reload", "health", "drain", "node_drain", "validate"}  # tests/e2e and tests/node/validate have these
    assert set(KEYS) - ours - {"image", "action", "privileged"} <= {key for e in CONTAINERS.values() for key in e}
