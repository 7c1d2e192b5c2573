"""An entry of docker_config: typed, checked, with unknown keys refused by name."""

import pytest

from treadle.errors import PlanError
from treadle.plan.containers import KEYS, parse_container, spec_of


def parsed(**entry):
    return parse_container("c", {"image": "i", **entry}, "docker_config.step_1")


@pytest.mark.parametrize(("given", "field", "value"), [
    ({"command": "a 'b c'"}, "argv", ["a", "b c"]),
    ({"command": ["a", "b c", ""]}, "argv", ["a", "b c"]),
    ({"detach": "false"}, "detach", False),
    ({"detach": False}, "one_shot", True),
    ({}, "one_shot", False),
    ({"start_order": "3"}, "start_order", 3),
    ({"exit_codes": [0, "2"]}, "exit_codes", [0, 2]),
    ({"volumes": ["/a:/a", "", None]}, "volumes", ["/a:/a"]),
    ({"ulimit": ["nofile=1024", ""]}, "ulimit", ["nofile=1024"]),
    ({"privileged": None}, "privileged", False),
    ({"user": ""}, "user", ""),
    ({"env_file": "/a"}, "env_file", "/a"),
    ({"action": "exec", "command": ["target", "true"]}, "target", "target"),
    ({"action": "exec", "command": ["target", "true"], "detach": False}, "one_shot", False),
    ({"mem_limit": "1g"}, "mem_limit", "1g"),
])
def test_values(given, field, value):
    assert getattr(parsed(**given), field) == value


@pytest.mark.parametrize(("environment", "expected"), [
    (["A=1", "B=x=y", "C", "", "D="], {"A": "1", "B": "x=y", "C": None, "D": ""}),
    ({"A": 1, "B": None, "C": True}, {"A": "1", "B": None, "C": "True"}),
])
def test_environment_in_both_forms(environment, expected):
    assert parsed(environment=environment).environ() == expected


@pytest.mark.parametrize(("entry", "said"), [
    ({"image": "i", "volume": []}, r"step_1\.c\.volume: .*did you mean volumes\?"),
    ({"image": "i", "volumes": "a:b"}, r"step_1\.c: .*volumes"),
    ({"image": "i", "start_order": "first"}, r"step_1\.c: .*start_order"),
    ({"image": "i", "action": "walk"}, r"step_1\.c: .*action"),
    ({"image": "i", "healthcheck": {"test": "x", "every": 3}}, r"step_1\.c: .*every"),
    ({"command": "a"}, r"step_1\.c\.image: a container needs an image"),
    ({"action": "exec"}, r"step_1\.c\.command: an exec needs a command"),
    (None, r"step_1\.c: expected a map of container keys"),
    (["image"], r"step_1\.c: expected a map of container keys"),
])
def test_what_may_not_be_is_named(entry, said):
    with pytest.raises(PlanError, match=said):
        parse_container("c", entry, "docker_config.step_1")


@pytest.mark.parametrize(("change", "counts"), [
    ({"image": "other"}, False), ({"start_order": 9}, False), ({"exit_codes": [0, 1]}, False),
    ({"config_volume": "v"}, False), ({"check_interval": 5}, False), ({"detach": True}, False),
    ({"command": "x"}, True), ({"user": "0"}, True), ({"volumes": ["/a:/a"]}, True), ({"environment": ["A=1"]}, True),
    ({"privileged": True}, True), ({"restart": "always"}, True), ({"healthcheck": {"test": "x"}}, True),
    ({"stop_signal": "INT"}, True),
])
def test_what_the_spec_covers(change, counts):
    assert (spec_of(parsed(**change)) != spec_of(parsed())) is counts


def test_every_key_of_paunch_is_known():
    paunch = """image command detach env_file environment remove interactive tty net ipc pid uts ulimit healthcheck
        privileged restart user volumes volumes_from log_tag security_opt start_order action exit_codes group_add
        cpu_shares mem_limit memswap_limit mem_swappiness hostname extra_hosts cpuset_cpus cap_add cap_drop stop_signal
        stop_grace_period pids_limit check_interval"""
    assert set(paunch.split()) <= set(KEYS)
