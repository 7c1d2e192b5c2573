"""Laws that hold for any data."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from treadle.heat import deep_update, evaluate
from treadle.heat.faults import Fault
from treadle.heat.yamlload import load

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-10**9, 10**9) | TEXT
DATA = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
                    max_leaves=12)
MAPS = st.dictionaries(TEXT, DATA, max_size=5)


def given_as(parameter: Any, snippet: Any) -> Any:
    """The value of ``snippet`` when the parameter p is ``parameter``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.yaml")
        path.write_text(json.dumps({"heat_template_version": "queens", "parameters": {"p": {"type": "json"}},
                                    "outputs": {"o": {"value": snippet}}}))
        return evaluate(path, (), {"p": parameter})["o"]


@given(st.lists(MAPS, max_size=4))
def test_map_merge_is_update(maps: list[dict[str, Any]]) -> None:
    expected: dict[str, Any] = {}
    for part in maps:
        expected.update(part)
    before = copy.deepcopy(maps)
    assert given_as(maps, {"map_merge": {"get_param": "p"}}) == expected
    assert maps == before


def _merge(*maps: Any) -> Any:
    merged: Any = {}
    for part in maps:
        merged = deep_update(merged, part)
    return merged


@given(MAPS, MAPS)
def test_deep_update_keeps_both_and_changes_neither(first: dict[str, Any], second: dict[str, Any]) -> None:
    before = copy.deepcopy((first, second))
    try:
        merged = deep_update(first, second)
    except Fault:
        return
    finally:
        assert (first, second) == before
    assert set(merged) == set(first) | set(second)
    for key, value in second.items():
        if not isinstance(value, dict) and not (value is None and isinstance(first.get(key), dict)):
            assert merged[key] == value


@given(MAPS)
def test_deep_update_with_itself_or_nothing_changes_nothing(data: dict[str, Any]) -> None:
    assert _merge(data, data) == _merge(data)
    assert _merge(data, {}) == _merge({}, data) == data


@given(st.lists(TEXT.filter(lambda word: "," not in word), min_size=1, max_size=6))
def test_splitting_undoes_joining(words: list[str]) -> None:
    joined = {"list_join": [",", {"get_param": "p"}]}
    assert given_as(words, {"str_split": [",", joined]}) == words


@given(st.lists(st.lists(DATA, max_size=4), max_size=4))
def test_unique_concatenation_has_every_element_once(lists: list[list[Any]]) -> None:
    unique = given_as(lists, {"list_concat_unique": {"get_param": "p"}})
    every = given_as(lists, {"list_concat": {"get_param": "p"}})
    assert all(item in unique for item in every)
    assert all(item not in unique[:at] for at, item in enumerate(unique))


@given(TEXT, st.dictionaries(TEXT.filter(bool), TEXT, max_size=4))
def test_replacing_never_looks_at_what_it_put_in(text: str, params: dict[str, str]) -> None:
    once = given_as({"t": text, "p": params}, {"str_replace": {
        "template": {"get_param": ["p", "t"]}, "params": {"get_param": ["p", "p"]}}})
    if not any(key in text for key in params):
        assert once == text
    if all(key == value for key, value in params.items()):
        assert once == text


@settings(max_examples=60)
@given(DATA)
def test_data_passes_through_unchanged_and_twice_the_same(data: Any) -> None:
    snippet = {"get_param": "p"}
    # Heat reads a string that is given for a json parameter as JSON, and null as not given.
    wrapped = {"data": data}
    assert given_as(wrapped, snippet) == wrapped
    assert given_as(wrapped, snippet) == given_as(wrapped, snippet)


@given(DATA)
def test_yaml_is_read_as_pyyaml_reads_it(data: Any) -> None:
    text = yaml.safe_dump(data, allow_unicode=True)
    assert load(text, "f") == (data, [])
