"""How much a file may hold and an evaluation produce, so that a small input cannot fill the machine.

The limits are far above what clouds need: TripleO's largest template has 14,000 signs, and its overcloud of five
roles makes about 1,000 resources and 2 MB of long strings and lists.
"""

from __future__ import annotations

from typing import Any

from treadle.heat.faults import Fault

#: Bytes of a file, and lines, commas and colons of a YAML document: what its parsing time grows with.
MAX_FILE = 16 * 2**20
MAX_SIGNS = 500_000
#: Values of a document once its aliases are followed, and of an output; of a value that becomes JSON in a text.
MAX_VALUES = 2_000_000
MAX_JSON_VALUES = 300_000
#: Resources of all stacks of one evaluation.
MAX_RESOURCES = 50_000
#: Characters and eight-byte elements that functions may produce: for each evaluation, and more for each resource.
PRODUCED = 64 * 2**20
PRODUCED_BY_RESOURCE = 20_000
#: What is smaller than this is not counted.
SMALL = 2048
ELEMENT = 8


class Budget:
    """What one evaluation used up so far."""

    def __init__(self) -> None:
        self._produced = 0
        self._resources = 0

    def produce(self, size: int) -> None:
        """Fault when ``size`` more characters (or eighths of list elements) are too many; asked before they are
        made."""
        self._produced += size
        if self._produced > PRODUCED + PRODUCED_BY_RESOURCE * self._resources:
            raise Fault(f"the functions of the templates produce more than {PRODUCED // 2**20} MB of text and lists",
                        "does a value double itself from resource to resource?")

    def add_resources(self, count: int) -> None:
        """Fault when ``count`` more resources are too many."""
        self._resources += count
        if self._resources > MAX_RESOURCES:
            raise Fault(f"more than {MAX_RESOURCES} resources", "does a group's count say what was meant?")


def check_size(value: Any, most: int = MAX_VALUES) -> None:
    """Fault when ``value``, written out, has more than ``most`` elements: a list that holds another twice, which
    holds another twice, takes little room and has no end for whoever walks it."""
    if isinstance(value, dict | list | tuple) and _size(value, {}) > most:
        raise Fault(f"the value has more than {most} elements when it is written out",
                    "does it hold itself several times, from resource to resource?")


def _size(value: Any, known: dict[int, int]) -> int:
    """Elements of a map or a list, those inside included; each object is walked once, however often it is held."""
    if id(value) not in known:
        parts = value.values() if isinstance(value, dict) else value
        known[id(value)] = len(value) + sum(_size(part, known) for part in parts
                                            if isinstance(part, dict | list | tuple))
    return known[id(value)]
