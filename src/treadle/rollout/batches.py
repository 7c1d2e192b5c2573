"""In which batches nodes are walked: ``1,10%,50%`` is one node, then a tenth of them, then half of them at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from treadle.errors import InputError

T = TypeVar("T")
_SIZE = re.compile(r"([1-9]\d*)(%?)")


def batches(nodes: Sequence[T], sizes: str) -> list[list[T]]:
    """``nodes`` in their order, cut into batches; the last size holds for all that follow. A percentage is of all
    nodes, rounded down, one node at least (as Ansible's ``serial``). Raises InputError for sizes that are none."""
    left, found = list(nodes), list[list[T]]()
    counts = [_count(size.strip(), len(left)) for size in sizes.split(",")]
    while left:
        count = counts[min(len(found), len(counts) - 1)]
        found.append(left[:count])
        del left[:count]
    return found


def _count(size: str, nodes: int) -> int:
    match = _SIZE.fullmatch(size)
    if not match or (match.group(2) and int(match.group(1)) > 100):
        raise InputError(f"{size or 'nothing'} is no size of a batch", key="--batch",
                         hint="give numbers of nodes or percentages of them, such as 1,10%,50%")
    number = int(match.group(1))
    return max(1, nodes * number // 100) if match.group(2) else number
