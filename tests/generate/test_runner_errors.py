"""A failed Puppet run is told with Puppet's own error lines."""

import pytest

from treadle.errors import GenerateError
from treadle.generate.job import Job
from treadle.generate.runner import Result, require_success
from treadle.plan.nodeplan import PuppetConfig


def result(exit_code, log="", volume="keystone"):
    return Result(Job(PuppetConfig(volume, "m", "i")), exit_code, log, None, None)


@pytest.mark.parametrize(("exit_code", "ok"), [(0, True), (2, True), (1, False), (4, False), (6, False), (-1, False)])
def test_exit_codes_of_puppet(exit_code, ok):
    assert result(exit_code).ok is ok


@pytest.mark.parametrize(("log", "errors"), [
    ("Notice: a\nError: b\nNotice: c\n", ["Error: b"]),
    ("Error: b\n  its second line\nWarning: c\nmore of the warning\nError: d", ["Error: b", "  its second line",
                                                                               "Error: d"]),
    ("Error: b\nNotice: x\nError: b\n", ["Error: b"]),
    ("\x1b[1;31mError: red\x1b[0m\n", ["Error: red"]),
    ("bash: puppet: command not found\n", ["bash: puppet: command not found"]),
    ("\n".join(f"Notice: {n}" for n in range(20)), [f"Notice: {n}" for n in range(10, 20)]),
    ("\n".join(f"Error: {n}" for n in range(60)), [f"Error: {n}" for n in range(40)]),
])
def test_puppets_own_lines(log, errors):
    assert result(1, log).errors == errors


def test_all_failed_volumes_are_named_at_once():
    with pytest.raises(GenerateError) as caught:
        require_success([result(2), result(1, "Error: a", "nova"), result(6, "Error: b", "heat")],
                        lambda volume: f"{volume}_api")
    text = str(caught.value)
    assert "config volume nova (service nova_api): puppet apply ended with 1\n    Error: a" in text
    assert "config volume heat (service heat_api): puppet apply ended with 6\n    Error: b" in text
    assert "keystone" not in text and "nothing was changed" in text


def test_success_says_nothing():
    require_success([result(0), result(2)])
