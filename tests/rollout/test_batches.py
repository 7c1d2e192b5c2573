"""Sizes of batches in, batches out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.errors import InputError
from treadle.rollout.batches import batches


@pytest.mark.parametrize(("nodes", "sizes", "counts"), [
    (3, "1", [1, 1, 1]), (3, "100%", [3]), (5, "2", [2, 2, 1]), (0, "1", []), (1, "50%", [1]), (3, "7", [3]),
    (100, "1,10%,50%", [1, 10, 50, 39]), (20, "1, 10%, 50%", [1, 2, 10, 7]), (5, "10%", [1, 1, 1, 1, 1]),
])
def test_batches(nodes, sizes, counts):
    assert [len(batch) for batch in batches(range(nodes), sizes)] == counts


@pytest.mark.parametrize("sizes", ["", "0", "1,", "x", "-1", "101%", "1.5", "0%", "10 %"])
def test_what_is_no_size(sizes):
    with pytest.raises(InputError, match=r"--batch: .* is no size of a batch"):
        batches([1], sizes)


@given(st.lists(st.integers(), max_size=300), st.lists(st.one_of(
    st.integers(1, 400).map(str), st.integers(1, 100).map("{}%".format)), min_size=1, max_size=4))
def test_each_node_is_in_one_batch_in_its_order(nodes, sizes):
    found = batches(nodes, ",".join(sizes))
    assert [node for batch in found for node in batch] == nodes and all(found)
