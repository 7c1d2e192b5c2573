"""What the journal says of a rolling update: whose turn was when."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

#: Events of a node in work.
WORK = ("action.", "host_prep.", "propagate.", "tasks.")


def turns(journal: Sequence[dict[str, Any]]) -> list[tuple[str, float, float]]:
    """(node, when its turn began, when it ended) of each update of a node."""
    edges = [entry for entry in journal if entry["kind"].startswith("update.")]
    assert [entry["kind"] == "update.begin" for entry in edges] == [True, False] * (len(edges) // 2)
    return [(begin["subject"], begin["time"], end["time"]) for begin, end in zip(edges[::2], edges[1::2], strict=True)]


def one_at_a_time(journal: Sequence[dict[str, Any]]) -> list[tuple[str, float, float]]:
    """The turns. No two of them were at once, and each node was worked at in its own turn alone."""
    taken = turns(journal)
    assert all(end <= begin for (_, _, end), (_, begin, _) in pairwise(taken))
    began = taken[0][1]
    for entry in journal:
        if entry["kind"].startswith(WORK) and entry["time"] >= began:
            assert any(begin <= entry["time"] <= end for node, begin, end in taken if node == entry["node"]), entry
    return taken
