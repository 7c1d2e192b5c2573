"""What the engine lists, read; what it refuses, told. Nothing here needs one."""

import pytest

from tests.support import observed
from treadle.engine import NAME, Engine, canonical
from treadle.errors import EngineError


@pytest.mark.parametrize(("state", "status", "running", "health", "code"), [
    ("running", "Up 2 minutes", True, "", None),
    ("running", "Up 2 minutes (healthy)", True, "healthy", None),
    ("running", "Up 2 minutes (unhealthy)", True, "unhealthy", None),
    ("running", "Up 2 seconds (health: starting)", True, "starting", None),
    ("exited", "Exited (0) 3 hours ago", False, "", 0),
    ("exited", "Exited (137) Less than a second ago", False, "", 137),
    ("created", "Created", False, "", None),
    ("restarting", "Restarting (1) 2 seconds ago", False, "", None),
    ("dead", "Dead", False, "", None),
])
def test_observed(state, status, running, health, code):
    found = observed("c", state, status)
    assert (found.running, found.health, found.exit_code) == (running, health, code)


def test_the_logical_name_is_in_a_label():
    assert observed("prefix-c", **{NAME: "c"}).name == "c"


def test_no_engine_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(EngineError, match="no container engine answers") as caught:
        Engine(f"unix://{tmp_path}/no.sock").containers({})
    assert "bin/standalone" in str(caught.value)


@pytest.mark.parametrize(("one", "other", "same"), [
    ({"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1}, True), ([1, 2], [2, 1], False), ({"a": None}, {}, False),
])
def test_canonical(one, other, same):
    assert (canonical(one) == canonical(other)) is same
