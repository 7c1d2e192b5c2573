"""What Puppet was run with: the same input is known, any other is not."""

import pytest

from treadle.generate.job import from_layers
from treadle.node.records import PuppetRuns


def etc(**layer):
    return from_layers({"top": layer}, ["top"])


@pytest.mark.parametrize(("prefix", "fixed", "then", "known"), [
    ("host:", "f", etc(a=1), True),
    ("host:2", "f", etc(a=1), True),
    ("host:", "f", etc(a=1, other=2), True),
    ("host:", "f", etc(a=2), False),
    ("host:", "g", etc(a=1), False),
    ("task:", "f", etc(a=1), False),
])
def test_known_when_and_only_when_the_input_is_the_same(tmp_path, prefix, fixed, then, known):
    path = tmp_path / "state/runs.json"
    PuppetRuns.read(path).add(path, "host:2", "f", etc(a=1), {"a", "absent"})
    assert PuppetRuns.read(path).known(prefix, fixed, then) is known


def test_without_a_record_of_lookups_nothing_is_remembered(tmp_path):
    runs = PuppetRuns()
    runs.add(tmp_path / "runs.json", "host:2", "f", etc(), None)
    assert runs.runs == {} and not (tmp_path / "runs.json").exists()
