"""An entry of docker_config: typed, checked, with unknown keys refused by name."""

import pytest

from treadle.errors import PlanError
from treadle.plan.containers import KEYS, parse_container, spec_of


def parsed(**entry):
    return parse_container("c", {"image": "i", **entry}, "docker_config.step_1")


@pytest.mark.parametrize(("given", "field", "value"), [
    ({"command": "a  'b c'"}, "argv", ["a", "'b", "c'"]),
    ({"command": ["a", "b c", ""]}, "argv", ["a", "b c"]),
    ({"command": ["sleep", 5]}, "argv", ["sleep", "5"]),
    ({"detach": "false"}, "detach", False),
    ({"detach": False}, "one_shot", True),
    ({}, "one_shot", False),
    ({"start_order": "3"}, "start_order", 3),
    ({"exit_codes": [0, "2"]}, "exit_codes", [0, 2]),
    ({"volumes": ["/a:/a", "", None]}, "volumes", ["/a:/a"]),
    ({"ulimit": ["nofile=1024", ""]}, "ulimit", ["nofile=1024"]),
    ({"privileged": None}, "privileged", False),
    ({"user": ""}, "user", ""),
    ({"user": 0}, "user", "0"),
    ({"cpuset_cpus": 0}, "cpuset_cpus", "0"),
    ({"stop_signal": 15}, "stop_signal", "15"),
    ({"group_add": [7]}, "group_add", ["7"]),
    ({"env_file": "/a"}, "env_file", "/a"),
    ({"security_opt": "label=disable"}, "security_opt", "label=disable"),
    ({"action": "exec", "command": ["target", "true"]}, "target", "target"),
    ({"action": "exec", "command": "target true"}, "target", "target"),
    ({"action": "exec", "command": ["target", "true"], "detach": False}, "one_shot", False),
    ({"mem_limit": "1g"}, "mem_limit", "1g"),
    ({"mem_swappiness": 0}, "mem_swappiness", 0),
])
def test_values(given, field, value):
    assert getattr(parsed(**given), field) == value


@pytest.mark.parametrize(("environment", "expected"), [
    (["A=1", "B=x=y", "C", "", "D="], {"A": "1", "B": "x=y", "C": None, "D": ""}),
    ({"A": 1, "B": None, "C": True, "D": ""}, {"A": "1", "B": None, "C": "True", "D": None}),
])
def test_environment_in_both_forms(environment, expected):
    assert parsed(environment=environment).environ() == expected


@pytest.mark.parametrize(("given", "interval"), [
    ({"healthcheck": {"test": "x"}}, 30),
    ({"healthcheck": {"test": "x", "interval": None}, "check_interval": 600}, 600),
    ({"healthcheck": {"test": "x", "interval": "5s"}, "check_interval": 600}, "5s"),
])
def test_how_often_it_is_checked(given, interval):
    assert parsed(**given).healthcheck.interval == interval


@pytest.mark.parametrize(("entry", "said"), [
    ({"image": "i", "volume": []}, r"step_1\.c\.volume: .*did you mean volumes\?"),
    ({"image": "i", "volumes": "a:b"}, r"step_1\.c\.volumes: expected a list, got text"),
    ({"image": "i", "volumes": [["/a:/a"]]}, r"step_1\.c\.volumes\[0\]: expected text, got a list"),
    ({"image": "i", "start_order": "first"}, r"step_1\.c\.start_order: expected a number, got text"),
    ({"image": "i", "detach": "never"}, r"step_1\.c\.detach: expected true or false, got text"),
    ({"image": "i", "net": ["host"]}, r"step_1\.c\.net: expected text, got a list"),
    ({"image": "i", "restart": False}, r"step_1\.c\.restart: expected text, got true or false\n.*put it in quotes"),
    ({"image": "i", "healthcheck": "x"}, r"step_1\.c\.healthcheck: expected a map, got text"),
    ({"image": "i", "healthcheck": {"test": "x", "retries": "x"}},
     r"step_1\.c\.healthcheck\.retries: expected a number, got text"),
    ({"image": "i", "action": "walk"}, r"step_1\.c\.action: expected run or exec, got walk"),
    ({"image": "i", "healthcheck": {"test": "x", "intervall": 3}},
     r"step_1\.c\.healthcheck\.intervall: healthcheck has no key intervall \(did you mean interval\?\)"),
    ({"image": "i", "healthcheck": {"interval": 3}}, r"step_1\.c\.healthcheck: healthcheck needs test"),
    ({"command": "a"}, r"step_1\.c\.image: a container needs an image"),
    ({"action": "exec"}, r"step_1\.c\.command: an exec needs a command"),
    (None, r"step_1\.c: expected a map of container keys"),
    (["image"], r"step_1\.c: expected a map of container keys"),
])
def test_what_may_not_be_is_named(entry, said):
    with pytest.raises(PlanError, match=said):
        parse_container("c", entry, "docker_config.step_1")


@pytest.mark.parametrize("name", ["", "a b", "-a", "a/b", "a:b"])
def test_names_that_no_engine_takes(name):
    with pytest.raises(PlanError, match="a container's name is of"):
        parse_container(name, {"image": "i"}, "docker_config.step_1")


@pytest.mark.parametrize(("change", "counts"), [
    ({"image": "other"}, False), ({"start_order": 9}, False), ({"exit_codes": [0, 1]}, False),
    ({"config_volume": "v"}, False), ({"check_interval": 5}, False), ({"depends_on": ["a.service"]}, False),
    ({"systemd_exec_flags": {"LimitNOFILE": 5}}, False),
    ({"healthcheck": {"test": "x"}, "check_interval": 5}, True), ({"detach": True}, False),
    ({"command": "x"}, True), ({"user": "0"}, True), ({"volumes": ["/a:/a"]}, True), ({"environment": ["A=1"]}, True),
    ({"privileged": True}, True), ({"restart": "always"}, True), ({"healthcheck": {"test": "x"}}, True),
    ({"stop_signal": "INT"}, True), ({"validate": [{"command": "x"}]}, False),
])
def test_what_the_spec_covers(change, counts):
    assert (spec_of(parsed(**change)) != spec_of(parsed())) is counts


def test_every_key_of_paunch_is_known():
    paunch = """image command detach env_file environment remove interactive tty net ipc pid uts ulimit healthcheck
        privileged restart user volumes volumes_from log_tag security_opt start_order action exit_codes group_add
        cpu_shares mem_limit memswap_limit mem_swappiness hostname extra_hosts cpuset_cpus cap_add cap_drop stop_signal
        stop_grace_period pids_limit check_interval depends_on systemd_exec_flags"""
    assert set(paunch.split()) <= set(KEYS)
