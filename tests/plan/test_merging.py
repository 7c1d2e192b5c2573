"""The deep merge is yaql's: maps deeply, lists distinct, of anything else the second wins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.plan.merging import distinct, merge_with

leaves = st.one_of(st.integers(0, 3), st.text(max_size=2), st.none())
documents = st.dictionaries(st.sampled_from("abc"), st.recursive(
    leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner))))


@pytest.mark.parametrize(("first", "second", "merged"), [
    ({"a": 1}, {"a": 2}, {"a": 2}),
    ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
    ({"a": [1, 2]}, {"a": [2, 3]}, {"a": [1, 2, 3]}),
    ({"a": [1]}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ({"a": {"b": 1}}, {"a": None}, {"a": None}),
])
def test_merge_with(first, second, merged):
    assert merge_with(first, second) == merged


@given(documents, documents)
def test_keys_of_both_are_there_and_nothing_given_is_altered(first, second):
    before = repr((first, second))
    assert merge_with(first, second).keys() == first.keys() | second.keys()
    assert repr((first, second)) == before


@given(st.lists(st.one_of(leaves, st.lists(leaves, max_size=1))))
def test_distinct_keeps_the_first_of_each(items):
    found = distinct(items)
    assert all(item in found for item in items)
    assert all(found.count(item) == 1 for item in found)
