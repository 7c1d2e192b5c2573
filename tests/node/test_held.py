"""Which generation a node holds and runs, after each way to change it."""

import pytest

from treadle.node.held import Held


@pytest.mark.parametrize(("steps", "generation", "services", "base", "runs"), [
    ([], "", (), "", ""),
    ([("a",)], "a", (), "", ""),
    ([("a",), None], "a", (), "", "a"),
    ([("a",), None, ("b",)], "b", (), "", ""),
    ([("a",), None, ("b", "x")], "b", ("x",), "a", ""),
    ([("a",), None, ("b", "x"), None], "b", ("x",), "a", ""),
    ([("a",), None, ("b", "x"), ("b", "w")], "b", ("w", "x"), "a", ""),
    ([("a",), None, ("b", "x"), ("c", "w")], "c", ("w",), "a", ""),
    ([("a",), None, ("b", "x"), ("b",), None], "b", (), "", "b"),
    ([("a",), None, ("a", "x")], "a", (), "", "a"),
])
def test_held(tmp_path, steps, generation, services, base, runs):
    path = tmp_path / "generations.json"
    for step in steps:
        held = Held.read(path)
        (held.done() if step is None else held.propagated(step[0], step[1:])).write(path)
    held = Held.read(path)
    assert (held.generation, held.services, held.base, held.runs) == (generation, services, base, runs)
