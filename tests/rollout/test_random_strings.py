"""Random strings: the same as long as the resource is the same."""

import json
import stat

import pytest

from treadle.errors import InputError
from treadle.heat import RandomRequest
from treadle.rollout.random_strings import RandomStrings
from treadle.rollout.state import StackState

LETTERS = (("abcdefgh", 1),)
FIRST = RandomRequest("overcloud/a", "", 20, LETTERS)


@pytest.fixture
def state(tmp_path):
    return StackState(tmp_path / "state", "overcloud")


def asked(state, *requests):
    """The strings of one deploy that asks for ``requests``."""
    strings = state.random_strings()
    found = [strings(request) for request in requests]
    state.save_random_strings(strings)
    return found


@pytest.mark.parametrize(("then", "same"), [
    (FIRST, True),
    (RandomRequest("overcloud/a", "salt", 20, LETTERS), False),
    (RandomRequest("overcloud/a", "", 21, LETTERS), False),
    (RandomRequest("overcloud/a", "", 20, (("abcdefgh", 2),)), False),
    (RandomRequest("overcloud/a", "", 20, (("abcdefghi", 1),)), False),
    (RandomRequest("overcloud/b", "", 20, LETTERS), False),
])
def test_what_makes_a_new_string(state, then, same):
    [first] = asked(state, FIRST)
    [second] = asked(state, then)
    assert (second == first) is same
    assert len(second) == then.length
    kept = json.loads((state.path / "random-strings.json").read_text())
    assert list(kept.values()) == [second], "the old one is dropped"


def test_they_are_kept_for_their_owner_alone_and_not_before(state):
    strings = state.random_strings()
    value = strings(FIRST)
    assert strings(FIRST) == value and not state.folder.exists()
    state.save_random_strings(strings)
    file = state.path / "random-strings.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and stat.S_IMODE(state.path.stat().st_mode) == 0o700
    written = file.stat().st_ino
    assert asked(state, FIRST) == [value]
    assert file.stat().st_ino == written


def test_a_stack_without_any_has_no_file(state):
    assert asked(state) == []
    assert not state.folder.exists()


def test_a_damaged_file_is_named_and_not_replaced(state):
    state.path.mkdir(parents=True)
    (state.path / "random-strings.json").write_text("[1]")
    with pytest.raises(InputError, match=r"random-strings\.json: is damaged"):
        state.random_strings()
    assert (state.path / "random-strings.json").read_text() == "[1]"


def test_names_of_secrets_are_plain_and_do_not_meet():
    strings = RandomStrings({})
    values = [strings(RandomRequest(key, salt, 20, LETTERS)) for key, salt in
              (("overcloud/a b", ""), ("overcloud/a:b", ""), ("overcloud/a b", "salt"))]
    assert sorted(strings.secrets) == ["overcloud/a_b", "overcloud/a_b.2", "overcloud/a_b.3"]
    assert sorted(strings.secrets.values()) == sorted(values)
