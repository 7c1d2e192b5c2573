"""A container specification as the engine's API wants it."""

import pytest

from tests.support import node_plan
from treadle.instantiate.desired import build_desired
from treadle.instantiate.fromnode import FromNode
from treadle.instantiate.plan import CONFIG_DATA
from treadle.instantiate.request import health_argv, labels, request
from treadle.plan.containers import Healthcheck

NODE = FromNode({"INHERITED": "yes"}, {"A": "from a file", "FILE": "x"}, "0-1", {"seccomp=/p.json": "{}"})


def made(plan_fields=None, node=FromNode({"INHERITED": "yes"}), **entry):  # noqa: B008 (it is frozen)
    plan = node_plan({3: {"c": {"image": "img", **entry}}}, **(plan_fields or {}))
    return request(build_desired(plan, {"img": "sha256:1"}, {})["c"], plan, node)


@pytest.mark.parametrize(("entry", "expected"), [
    ({}, {"Image": "img", "Env": []}),
    ({"command": "a 'b c'"}, {"Cmd": ["a", "'b", "c'"]}),
    ({"command": ["a", "b c"]}, {"Cmd": ["a", "b c"]}),
    ({"user": "root"}, {"User": "root"}),
    ({"hostname": "h"}, {"Hostname": "h"}),
    ({"environment": ["A=1", "INHERITED", "ABSENT"]}, {"Env": ["A=1", "INHERITED=yes"]}),
    ({"environment": {"A": 1}}, {"Env": ["A=1"]}),
    ({"stop_signal": "INT", "stop_grace_period": "1m30s"}, {"StopSignal": "INT", "StopTimeout": 90}),
    ({"stop_grace_period": "500ms"}, {"StopTimeout": 1}),
    ({"tty": True, "interactive": True}, {"Tty": True, "OpenStdin": True}),
    ({"healthcheck": {"test": "curl x", "interval": "10s", "timeout": 5, "retries": 2, "start_period": "1m"}},
     {"Healthcheck": {"Test": ["CMD-SHELL", "curl x"], "Retries": 2, "Interval": 10_000_000_000,
                      "Timeout": 5_000_000_000, "StartPeriod": 60_000_000_000}}),
])
def test_config(entry, expected):
    config, _ = made(**entry)
    assert {key: config[key] for key in expected} == expected


@pytest.mark.parametrize(("entry", "expected"), [
    ({}, {"Binds": []}),
    ({"volumes": ["/var/lib/config-data/puppet-generated/k/:/x:ro", "/dev:/dev", "logs:/var/log"]},
     {"Binds": ["/var/lib/config-data/puppet-generated/k/:/x:ro", "/dev:/dev", "logs:/var/log"]}),
    ({"net": "host", "ipc": "host", "pid": "host", "uts": "host"},
     {"Binds": [], "NetworkMode": "host", "IpcMode": "host", "PidMode": "host", "UTSMode": "host"}),
    ({"privileged": True, "cap_add": ["CHOWN"], "cap_drop": ["ALL"], "security_opt": ["label=x"], "group_add": ["7"]},
     {"Binds": [], "Privileged": True, "CapAdd": ["CHOWN"], "CapDrop": ["ALL"], "SecurityOpt": ["label=x"],
      "GroupAdd": ["7"]}),
    ({"cgroupns": "host", "devices": ["/dev/kvm", "/dev/a:/dev/b:r"]},
     {"Binds": [], "CgroupnsMode": "host", "Devices": [
         {"PathOnHost": "/dev/kvm", "PathInContainer": "/dev/kvm", "CgroupPermissions": "rwm"},
         {"PathOnHost": "/dev/a", "PathInContainer": "/dev/b", "CgroupPermissions": "r"}]}),
    ({"restart": "always"}, {"Binds": [], "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}}),
    ({"restart": "on-failure:3"}, {"Binds": [], "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}),
    ({"ulimit": ["nofile=9", "nproc=1:2"]},
     {"Binds": [], "Ulimits": [{"Name": "nofile", "Soft": 9, "Hard": 9}, {"Name": "nproc", "Soft": 1, "Hard": 2}]}),
    ({"mem_limit": "1g", "memswap_limit": -1, "cpu_shares": 5, "cpuset_cpus": "0", "pids_limit": 9},
     {"Binds": [], "Memory": 1 << 30, "MemorySwap": -1, "CpuShares": 5, "CpusetCpus": "0", "PidsLimit": 9}),
    ({"log_tag": "t"}, {"Binds": [], "LogConfig": {"Type": "", "Config": {"tag": "t"}}}),
    ({"mem_swappiness": 0, "pids_limit": 0}, {"Binds": [], "MemorySwappiness": 0, "PidsLimit": 0}),
    ({"cpuset_cpus": "all"}, {"Binds": []}),
    ({"remove": True}, {"Binds": [], "AutoRemove": True}),
    ({"remove": True, "detach": False}, {"Binds": []}),
    ({"security_opt": "label=disable"}, {"Binds": [], "SecurityOpt": ["label=disable"]}),
    ({"security_opt": ["systempaths=unconfined", "label=disable"]},
     {"Binds": [], "SecurityOpt": ["label=disable"], "MaskedPaths": [], "ReadonlyPaths": []}),
    ({"volumes_from": ["other"], "extra_hosts": ["h:1.2.3.4"]},
     {"Binds": [], "VolumesFrom": ["other"], "ExtraHosts": ["h:1.2.3.4"]}),
])
def test_host_config(entry, expected):
    assert made(**entry)[1] == expected


def test_what_it_takes_over_from_its_node():
    """env_files give what the entry's own environment does not; isolated CPUs are kept free; a profile is its text."""
    config, host = made(None, NODE, environment=["A=1", "INHERITED"], security_opt=["seccomp=/p.json"])
    assert config["Env"] == ["A=1", "FILE=x", "INHERITED=yes"]
    assert host["CpusetCpus"] == "0-1" and host["SecurityOpt"] == ["seccomp={}"]
    assert "CpusetCpus" not in made(None, NODE, cpuset_cpus="all")[1]
    assert made(None, NODE, cpuset_cpus="1")[1]["CpusetCpus"] == "1"


def test_nobody_writes_to_a_one_shot():
    assert "OpenStdin" not in made(interactive=True, detach=False)[0]


def test_under_another_root_and_prefix():
    """Two clouds on one machine: owned paths move, the host's own stay; names of containers get the prefix."""
    _, host = made({"root": "/srv/one", "container_prefix": "one-"}, net="container:db", volumes_from=["db:ro"],
                   ipc="container:db", pid="container:db", uts="host",
                   volumes=["/var/lib/mysql:/var/lib/mysql", "data:/data", "/dev/log:/dev/log",
                            "/etc/localtime:/etc/localtime:ro"])
    assert host == {"NetworkMode": "container:one-db", "IpcMode": "container:one-db", "PidMode": "container:one-db",
                    "UTSMode": "host", "VolumesFrom": ["one-db:ro"],
                    "Binds": ["/srv/one/var/lib/mysql:/var/lib/mysql", "one-data:/data", "/dev/log:/dev/log",
                              "/etc/localtime:/etc/localtime:ro"]}


def test_labels_are_paunchs_and_ours():
    plan = node_plan({3: {"c": {"image": "img", "user": "root", "start_order": 4}}})
    item = build_desired(plan, {"img": "sha256:1"}, {})["c"]
    assert labels(item, plan) == {
        "config_id": "tripleo_step3", "container_name": "c", "managed_by": "treadle-Controller",
        CONFIG_DATA: '{"user":"root"}', "treadle.stack": "test", "treadle.node": "node-0", "treadle.name": "c",
        "treadle.step": "3", "treadle.spec": item.spec, "treadle.config": item.config}


@pytest.mark.parametrize(("test", "argv"), [
    ("a | b", ["/bin/sh", "-c", "a | b"]), (["CMD", "a", "b"], ["a", "b"]), (["a", "b"], ["a", "b"]),
    (["CMD-SHELL", "a | b"], ["/bin/sh", "-c", "a | b"]),
])
def test_forms_of_a_health_check(test, argv):
    assert health_argv(Healthcheck(test)) == argv
