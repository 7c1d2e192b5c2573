"""What a hand changed in a container, seen in what the engine says of it; and what follows for the plan."""

from dataclasses import replace

import pytest

from tests.support import node_plan, observed
from treadle.instantiate.byhand import heeding, inspected_changes, listed_changes
from treadle.instantiate.desired import Desired
from treadle.instantiate.fromnode import FromNode
from treadle.instantiate.plan import Action, Kind
from treadle.instantiate.request import request
from treadle.plan.containers import parse_container

PLAN = node_plan(container_prefix="a-", root="/root")
FULL = {"image": "img", "command": "run it", "user": "u", "net": "host", "volumes": ["/var/lib/x:/x:ro", "/dev:/dev"],
        "environment": {"A": "1", "B": None}, "mem_limit": "64m", "ulimit": ["nofile=10:20"], "restart": "on-failure:3",
        "cap_add": ["NET_ADMIN"], "privileged": True, "stop_grace_period": 20, "cpu_shares": 5, "pids_limit": 9,
        "stop_signal": "SIGINT", "group_add": ["g"], "extra_hosts": ["h:192.0.2.1"], "pid": "host", "hostname": "h",
        "devices": ["/dev/net/tun"]}


def desired(**entry):
    return Desired("c", 3, parse_container("c", entry or {"image": "img"}, ""), "sha256:one", "s", "c")


def said(item, *, config=None, **host):
    """What ``inspect`` says of a container that was made as ``item`` wants it, with some of it changed."""
    asked, asked_host = request(item, PLAN, FromNode({"B": "deployers"}))
    defaults = {"Memory": 0, "MemorySwap": 0, "CpuShares": 0, "PidsLimit": None, "Binds": None, "Privileged": False,
                "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "NanoCpus": 0, "CpuQuota": 0}
    env = ["PATH=/bin", *asked["Env"]]
    caps = [f"CAP_{name}" for name in asked_host.get("CapAdd", [])]
    found = {**defaults, **asked_host, **({"CapAdd": caps} if caps else {}), **host}
    if "Memory" in asked_host and "MemorySwap" not in asked_host:
        found["MemorySwap"] = 2 * found["Memory"]
    return {"Config": {**asked, "Env": env, "Hostname": asked.get("Hostname", "f00"), **(config or {})},
            "HostConfig": found}


TABLE = {
    "bare, as it was made": ({}, {}, []),
    "full, as it was made": (FULL, {}, []),
    "memory": ({}, {"Memory": 1024, "MemorySwap": 2048}, ["mem_limit (unset) → 1024"]),
    "less memory": (FULL, {"Memory": 1024}, ["mem_limit 67108864 → 1024"]),
    "no limit any more": (FULL, {"Memory": 0}, ["mem_limit 67108864 → (unset)"]),
    "swap is the engine's own where only memory is given": (FULL, {"MemorySwap": 3}, []),
    "swap": ({"image": "i", "mem_limit": "8m", "memswap_limit": "9m"}, {"MemorySwap": 9},
             ["memswap_limit 9437184 → 9"]),
    "cpu": ({}, {"CpuShares": 100, "NanoCpus": 5, "CpusetCpus": "0"},
            ["cpu_shares (unset) → 100", "cpus (unset) → 5", "cpuset_cpus (unset) → 0"]),
    "processes": (FULL, {"PidsLimit": 100}, ["pids_limit 9 → 100"]),
    "unlimited processes are no limit": ({}, {"PidsLimit": -1}, []),
    "restart": (FULL, {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}}, ["restart on-failure:3 → always"]),
    "restart count": (FULL, {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 1}},
                      ["restart on-failure:3 → on-failure:1"]),
    "mounts of a copy": (FULL, {"Binds": ["/root/var/lib/x:/x:ro", "/:/host"]},
                         ["volumes + /:/host", "volumes - /dev:/dev"]),
    "a mount where there was none": ({}, {"Binds": ["/:/host"]}, ["volumes + /:/host"]),
    "a device": (FULL, {"Devices": []}, ["devices - /dev/net/tun:/dev/net/tun:rwm"]),
    "privileged": ({}, {"Privileged": True}, ["privileged (unset) → True"]),
    "capability": (FULL, {"CapAdd": ["CAP_SYS_ADMIN"]}, ["cap_add + SYS_ADMIN", "cap_add - NET_ADMIN"]),
    "limits": (FULL, {"Ulimits": [{"Name": "nofile", "Soft": 10, "Hard": 99}]},
               ["ulimit + nofile=10:99", "ulimit - nofile=10:20"]),
    "command": (FULL, {"config": {"Cmd": ["sleep"]}}, ["command run it → sleep"]),
    "user": (FULL, {"config": {"User": "root"}}, ["user u → root"]),
    "environment": (FULL, {"config": {"Env": ["A=2", "B=other"]}}, ["environment A 1 → 2"]),
    "environment gone": (FULL, {"config": {"Env": []}}, ["environment A 1 → (unset)"]),
    "time to stop": (FULL, {"config": {"StopTimeout": 1}}, ["stop_grace_period 20 → 1"]),
}


@pytest.mark.parametrize(("entry", "changed", "words"), TABLE.values(), ids=TABLE.keys())
def test_inspected(entry, changed, words):
    item = desired(**entry)
    assert inspected_changes(item, request(item, PLAN, FromNode()), said(item, **changed)) == words


LISTED = {
    "as it was made": ("a-c", ("bridge",), {}, []),
    "renamed": ("mine", ("bridge",), {}, ["name a-c → mine"]),
    "connected": ("a-c", ("bridge", "other"), {}, ["networks + other"]),
    "disconnected and connected": ("a-c", ("other",), {}, ["networks + other", "networks - bridge"]),
    "host": ("a-c", ("host",), {"net": "host"}, []),
    "its own network": ("a-c", ("mine",), {"net": "mine"}, []),
    "another's network": ("a-c", (), {"net": "container:b"}, []),
    "not told": ("a-c", (), {}, []),
}


@pytest.mark.parametrize(("name", "networks", "entry", "words"), LISTED.values(), ids=LISTED.keys())
def test_listed(name, networks, entry, words):
    there = replace(observed("c"), engine_name=name, networks=networks)
    assert listed_changes(desired(image="img", **entry), there, PLAN) == words


STOPPED = "stopped by me"
EXEC = {"action": "exec", "command": ["c", "true"]}
HEEDED = {
    "changed by hand": (Action(Kind.NONE, "c", 3, (), desired(), observed("c")), Kind.RECREATE, ["by hand: w"], ""),
    "changed and stopped": (Action(Kind.START, "c", 3, ("it is exited",), desired(), observed("c", "exited")),
                            Kind.RECREATE, ["by hand: w", "it is exited"], ""),
    "changed and recreated anyway": (Action(Kind.RECREATE, "c", 3, ("spec: x",), desired(), observed("c")),
                                     Kind.RECREATE, ["by hand: w", "spec: x"], ""),
    "a one-shot that has run": (Action(Kind.NONE, "c", 3, (), desired(image="i", detach=False), observed("c")),
                                Kind.NONE, [], ""),
    "one to be removed": (Action(Kind.REMOVE, "c", 3, ("unwanted",), None, observed("c")), Kind.REMOVE,
                          ["unwanted"], ""),
}


@pytest.mark.parametrize(("action", "kind", "reasons", "held"), HEEDED.values(), ids=HEEDED.keys())
def test_what_a_hand_changed_is_made_anew(action, kind, reasons, held):
    [found] = heeding([action], {}, {"c": ["w"]})
    assert (found.kind, list(found.reasons), found.held) == (kind, reasons, held)


HOLDING = {
    "exited": (Action(Kind.START, "c", 3, ("it is exited",), desired(), observed("c", "exited")), Kind.NONE, [],
               STOPPED),
    "gone": (Action(Kind.CREATE, "c", 3, ("not there",), desired()), Kind.NONE, [], STOPPED),
    "new specification": (Action(Kind.RECREATE, "c", 3, ("spec: x",), desired(), observed("c", "exited")),
                          Kind.NONE, [], STOPPED),
    "running": (Action(Kind.NONE, "c", 3, (), desired(), observed("c")), Kind.STOP,
                [f"it is running, but {STOPPED}"], STOPPED),
    "not wanted any more": (Action(Kind.REMOVE, "c", 3, ("unwanted",), None, observed("c")), Kind.REMOVE,
                            ["unwanted"], ""),
    "an exec in it": (Action(Kind.EXEC, "e", 3, ("not run yet",), Desired("e", 3, parse_container("e", EXEC, ""), "",
                                                                          "", "")),
                      Kind.NONE, [], f"waits for c, which is {STOPPED}"),
    "an exec in it that has run": (Action(Kind.NONE, "e", 3, (), Desired("e", 3, parse_container("e", EXEC, ""), "",
                                                                        "", "")), Kind.NONE, [], ""),
    "another": (Action(Kind.START, "d", 3, ("it is exited",), replace(desired(), name="d"), observed("d", "exited")),
                Kind.START, ["it is exited"], ""),
}


@pytest.mark.parametrize(("action", "kind", "reasons", "held"), HOLDING.values(), ids=HOLDING.keys())
def test_what_was_stopped_on_purpose_stays_so(action, kind, reasons, held):
    [found] = heeding([action], {"c": STOPPED}, {})
    assert (found.kind, list(found.reasons), found.held) == (kind, reasons, held)
