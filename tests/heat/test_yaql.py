"""Native forms of yaql give what the yaql library gives, or leave it to the library."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.heat import yaql_table
from treadle.heat.faults import Fault
from treadle.heat.functions.query import compiled
from treadle.heat.limits import runaway
from treadle.heat.yaqlnative import native

ALL = [*yaql_table.NATIVE, *yaql_table.PARTLY, *yaql_table.LEFT]


def cases(table: list[tuple[str, list[Any]]]) -> Any:
    return pytest.mark.parametrize(("expression", "data"), table, ids=[case[0] for case in table])


def by_library(expression: str, data: Any) -> str | None:
    """Its value, strictly: 1 is not true, and the order of keys counts. None for an error."""
    kind, value = runaway.answered(("yaql", expression, data))
    return repr(value) if kind == "value" else None


def natively(expression: str, data: Any) -> str | None:
    """The value; None where the library is to decide."""
    form = native(expression)
    if form is None:
        return None
    try:
        return repr(form(data))
    except Exception:
        return None


@cases(ALL)
def test_a_native_form_gives_nothing_else_than_the_library(expression, data):
    wrong = [(one, found, wanted) for one in data
             if (found := natively(expression, one)) not in (None, wanted := by_library(expression, one))]
    assert wrong == []


@cases(yaql_table.NATIVE)
def test_what_is_common_is_native_for_all_data(expression, data):
    assert [one for one in data if natively(expression, one) is None and by_library(expression, one) is not None] == []


@cases(yaql_table.PARTLY)
def test_what_is_partly_native_is_so_for_some_data(expression, data):
    assert any(natively(expression, one) is not None for one in data)


@cases(yaql_table.LEFT)
def test_what_has_no_native_form_is_left_to_the_library(expression, data):
    for one in data:
        wanted = by_library(expression, one)
        try:
            assert repr(compiled(expression)(one)) == wanted
        except Fault:
            assert wanted is None


@pytest.mark.parametrize(("expression", "data"), [
    ("$.data", [0] * 9001), ("$.data.x", {"x": {str(n): 0 for n in range(9001)}}), ("$.data.where(true)", [0] * 9001),
    ("$.data[0]", [0] * 120_000), ("range(9001)", None), ("$.data + $.data", [0] * 5000), ("$.data + $.data",
    "x" * 500_000),
    ("$.data.toUpper()", "x" * 900_001), ("$.data.reduce($1 + $2)", ["x" * 1000] * 950),
    ("[$.data, $.data, $.data]", "x" * 400_000), ("$.data.join('')", ["x" * 1000] * 950),
    ("$.data.select($ + $)", [list(range(4600))]), ("$.data.flatten()", [[0] * 5000, [0] * 5000]),
])
def test_what_the_library_refuses_for_its_size_is_not_accepted(expression, data):
    assert natively(expression, data) in (None, by_library(expression, data))


@pytest.mark.parametrize(("expression", "data"), [
    ("$.data", [0] * 9000), ("$.data.where($ = 0).len()", [0] * 9000), ("range(9000)", None),
    ("$.data + $.data", "x" * 40_000), ("$.data.reduce($1 + $2)", ["x" * 10] * 900),
])
def test_what_is_just_small_enough_is_native(expression, data):
    assert natively(expression, data) == by_library(expression, data) != None  # noqa: E711


def test_input_is_neither_changed_nor_copied():
    data = {"a": {"b": [1, {"c": 2}]}}
    form = native("$.data.a")
    assert form is not None and form(data) is data["a"]
    merge = native("$.data.mergeWith({a => {b => [3], d => 1}})")
    assert merge is not None and merge(data) == {"a": {"b": [1, {"c": 2}, 3], "d": 1}}
    assert data == {"a": {"b": [1, {"c": 2}]}}


def test_a_set_has_one_order_in_every_process():
    data = ["b", "a", "c", None, 2, 1]
    assert compiled("$.data.toSet()")(data) == compiled("$.data.toSet().union(set())")(data) == [None, 1, 2, "a", "b",
    "c"]


def test_the_library_is_not_loaded_for_what_is_native():
    program = ("import sys; from treadle.heat.functions.query import compiled;"
               "assert compiled('$.data.where($ != null).select($.a)')([{'a': 1}]) == [1];"
               "print('yaql' in sys.modules, 'subprocess' in sys.modules)")
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.split()[0] == "False"


@pytest.mark.parametrize(("expression", "data", "words"), [
    ("$.data.nope", {}, "KeyError: 'nope'"), ("$.data[5]", [], "IndexError"), ("$.data +", None, "not valid"),
    ("$.data.where($)", None, "NoMatchingMethodException"), ("nope()", None, "NoFunctionRegisteredException"),
    ("$.data.first()", [], "StopIteration"),
])
def test_an_error_is_in_the_words_of_the_library(expression, data, words):
    with pytest.raises(Fault, match=words) as caught:
        compiled(expression)(data)
    assert caught.value.path == ("expression",)
