"""A container specification as the engine's API wants it."""

import pytest

from tests.support import node_plan
from treadle.errors import PlanError
from treadle.instantiate.desired import build_desired
from treadle.instantiate.plan import CONFIG_DATA
from treadle.instantiate.request import health_argv, labels, request, seconds, size
from treadle.plan.containers import Healthcheck


def made(plan_fields=None, **entry):
    plan = node_plan({3: {"c": {"image": "img", **entry}}}, **(plan_fields or {}))
    return request(build_desired(plan, {"img": "sha256:1"}, {})["c"], plan, {"INHERITED": "yes"})


@pytest.mark.parametrize(("entry", "expected"), [
    ({}, {"Image": "img", "Env": []}),
    ({"command": "a 'b c'"}, {"Cmd": ["a", "b c"]}),
    ({"user": "root"}, {"User": "root"}),
    ({"hostname": "h"}, {"Hostname": "h"}),
    ({"environment": ["A=1", "INHERITED", "ABSENT"]}, {"Env": ["A=1", "INHERITED=yes"]}),
    ({"environment": {"A": 1}}, {"Env": ["A=1"]}),
    ({"stop_signal": "INT", "stop_grace_period": "1m30s"}, {"StopSignal": "INT", "StopTimeout": 90}),
    ({"tty": True, "interactive": True}, {"Tty": True, "OpenStdin": True}),
    ({"healthcheck": {"test": "curl x", "interval": "10s", "timeout": 5, "retries": 2, "start_period": "1m"}},
     {"Healthcheck": {"Test": ["CMD", "/bin/sh", "-c", "curl x"], "Retries": 2, "Interval": 10_000_000_000,
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
    ({"privileged": True, "cap_add": ["A"], "cap_drop": ["B"], "security_opt": ["C"], "group_add": ["7"]},
     {"Binds": [], "Privileged": True, "CapAdd": ["A"], "CapDrop": ["B"], "SecurityOpt": ["C"], "GroupAdd": ["7"]}),
    ({"restart": "always"}, {"Binds": [], "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}}),
    ({"restart": "on-failure:3"}, {"Binds": [], "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}),
    ({"ulimit": ["nofile=9", "nproc=1:2"]},
     {"Binds": [], "Ulimits": [{"Name": "nofile", "Soft": 9, "Hard": 9}, {"Name": "nproc", "Soft": 1, "Hard": 2}]}),
    ({"mem_limit": "1g", "memswap_limit": -1, "cpu_shares": 5, "cpuset_cpus": "0", "pids_limit": 9},
     {"Binds": [], "Memory": 1 << 30, "MemorySwap": -1, "CpuShares": 5, "CpusetCpus": "0", "PidsLimit": 9}),
    ({"log_tag": "t"}, {"Binds": [], "LogConfig": {"Type": "json-file", "Config": {"tag": "t"}}}),
    ({"volumes_from": ["other"], "extra_hosts": ["h:1.2.3.4"]},
     {"Binds": [], "VolumesFrom": ["other"], "ExtraHosts": ["h:1.2.3.4"]}),
])
def test_host_config(entry, expected):
    assert made(**entry)[1] == expected


def test_under_another_root_and_prefix():
    """Two clouds on one machine: owned paths move, the host's own stay; names of containers get the prefix."""
    _, host = made({"root": "/srv/one", "container_prefix": "one-"}, net="container:db", volumes_from=["db"],
                   volumes=["/var/lib/mysql:/var/lib/mysql", "/dev/log:/dev/log", "/etc/localtime:/etc/localtime:ro"])
    assert host == {"NetworkMode": "container:one-db", "VolumesFrom": ["one-db"],
                    "Binds": ["/srv/one/var/lib/mysql:/var/lib/mysql", "/dev/log:/dev/log",
                              "/etc/localtime:/etc/localtime:ro"]}


def test_labels_are_paunchs_and_ours():
    plan = node_plan({3: {"c": {"image": "img", "user": "root", "start_order": 4}}})
    item = build_desired(plan, {"img": "sha256:1"}, {})["c"]
    assert labels(item, plan) == {
        "config_id": "tripleo_step3", "container_name": "c", "managed_by": "treadle-Controller",
        CONFIG_DATA: '{"user":"root"}', "treadle.stack": "test", "treadle.node": "node-0", "treadle.name": "c",
        "treadle.step": "3", "treadle.spec": item.spec, "treadle.config": item.config}


@pytest.mark.parametrize(("value", "expected"), [(10, 10), ("10", 10), ("10s", 10), ("1m30s", 90), ("500ms", 0.5),
                                                 ("1h", 3600), ("1.5s", 1.5)])
def test_seconds(value, expected):
    assert seconds(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(7, 7), ("7", 7), ("7b", 7), ("1k", 1024), ("2m", 2 << 20),
                                                 ("1g", 1 << 30), ("1GB", 1 << 30), (-1, -1)])
def test_size(value, expected):
    assert size(value) == expected


@pytest.mark.parametrize(("entry", "said"), [
    ({"healthcheck": {"test": "x", "interval": "soon"}}, r"step_3\.c\.healthcheck: expected a time .* got 'soon'"),
    ({"stop_grace_period": "-1"}, r"step_3\.c\.stop_grace_period: expected a time"),
    ({"mem_limit": "much"}, r"step_3\.c: expected a size .* got 'much'"),
    ({"ulimit": ["nofile"]}, r"step_3\.c\.ulimit: expected a limit .* got 'nofile'"),
])
def test_what_may_not_be_is_named(entry, said):
    with pytest.raises(PlanError, match=said):
        made(**entry)


@pytest.mark.parametrize(("test", "argv"), [
    ("a | b", ["/bin/sh", "-c", "a | b"]), (["CMD", "a", "b"], ["a", "b"]), (["a", "b"], ["a", "b"]),
    (["CMD-SHELL", "a | b"], ["/bin/sh", "-c", "a | b"]),
])
def test_forms_of_a_health_check(test, argv):
    assert health_argv(Healthcheck(test)) == argv
