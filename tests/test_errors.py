"""An error names file, line and key, what was expected, and what to do."""

from pathlib import Path

import pytest

from treadle.errors import InputError, Source, TreadleError, nearest


@pytest.mark.parametrize(("error", "text"), [
    (TreadleError("is wrong"), "is wrong"),
    (TreadleError("is wrong", source="a.yaml"), "a.yaml: is wrong"),
    (TreadleError("is wrong", source=Path("/x/a.yaml"), key="b.c"), "/x/a.yaml: b.c: is wrong"),
    (TreadleError("is wrong", source=Source("a.yaml", 3), key="b.c"), "a.yaml:3: b.c: is wrong"),
    (TreadleError("is wrong", source=Source("a.yaml", 3, 7)), "a.yaml:3:7: is wrong"),
    (TreadleError("is wrong", source=Source("a.yaml", 0, 7)), "a.yaml: is wrong"),
    (InputError("is wrong", key="--nodes", hint="do this"), "--nodes: is wrong\n  do this"),
])
def test_text(error, text):
    assert str(error) == text


@pytest.mark.parametrize(("name", "known", "said"), [
    ("volume", ["volumes", "user"], " (did you mean volumes?)"), ("zzz", ["volumes"], ""), (3, ["volumes"], ""),
    ("a", [], ""), ("step_1", ["step_2", "step_1 "], " (did you mean step_1 ?)"),
])
def test_nearest(name, known, said):
    assert nearest(name, known) == said
