"""Damaged input gives outputs or an error of ours, soon: never another exception, never a wait.

Our templates and the parity table's are damaged as text and as data. The same damage in every run; to look further:
``TREADLE_FUZZ_SECONDS=600 pytest tests/heat/test_fuzz.py``, which also begins at another place each time."""

from __future__ import annotations

import os
import random
import string
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.heat.parity_table import cases, write
from tests.heat.test_own_templates import REGISTRY, secrets, tree  # noqa: F401 (a fixture)
from treadle.errors import TreadleError
from treadle.heat import Files, evaluate

WANTED = os.environ.get("TREADLE_FUZZ_SECONDS")
SECONDS = float(WANTED or 12)
ROUNDS = 10**9 if WANTED else 2500
SEED = int(time.time()) if WANTED else 7
#: For one input; a processor's seconds, which a busy machine does not lengthen.
LONGEST = 1.0
WORDS = ["[", "]", "{", "}", ":", ": ", "- ", "&a ", "*a ", "<<: ", "!!x ", "|\n", ">-\n", "#", "'", '"', "\t", "\n",
         "  ", "%", "0x", "1e999", "~", "null", "yes", "get_param", "get_attr", "if", "repeat", "yaql", "type", "Ref",
         "resources:\n", "conditions:\n", "\x00", "\ud7ff", "\u2028", "é", "--- ", "...\n", "? ", "-1", "9" * 30, "''"]
VALUES: list[Any] = [None, True, False, 0, -1, 2**70, 1.5, "", "a", "OS::Heat::None", [], {}, [None], [[[]]],
                     {"": None}, {"get_param": "p"}, {"get_attr": ["r", "value"]}, {"if": [True, 1, 2]},
                     {"yaql": {"expression": "$"}}, {"get_file": "root.yaml"},
                     {"str_replace": {"template": "a", "params": {"a": 1}}},
                     {"repeat": {"template": "%a%", "for_each": {"%a%": ["x", "y"]}}}, {"get_resource": "r"},
                     {"equals": [1, 1]}, {"list_join": [",", ["a"]]}, {"map_merge": [{}]}, "root.yaml", "n.yaml"]


def damaged_text(text: str, chance: random.Random) -> str:
    """A few pieces cut, doubled, swapped or put in."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(text))
        length = chance.choice([1, 1, 2, 5, 30])
        kind = chance.randint(0, 4)
        if kind == 0:
            text = text[:at] + text[at + length:]
        elif kind == 1:
            text = text[:at] + chance.choice(WORDS) + text[at:]
        elif kind == 2:
            text = text[:at] + chance.choice(string.printable) + text[at + 1:]
        elif kind == 3:
            text = text[:at] + text[at:at + length] * chance.choice([2, 3]) + text[at + length:]
        else:
            lines = text.splitlines(keepends=True)
            if lines:
                lines.insert(chance.randrange(len(lines)), chance.choice(lines))
            text = "".join(lines)
    return text


def damaged_data(data: Any, chance: random.Random) -> Any:
    """One place of the document replaced, left out, renamed or wrapped."""
    if isinstance(data, dict) and data and chance.random() < 0.9:
        key = chance.choice(list(data))
        kind = chance.random()
        if kind < 0.06:
            return {name: item for name, item in data.items() if name != key}
        if kind < 0.12:
            return {chance.choice(list(data)) if name != key else chance.choice(WORDS): item
                    for name, item in data.items()}
        return {**data, key: damaged_data(data[key], chance)}
    if isinstance(data, list) and data and chance.random() < 0.85:
        at = chance.randrange(len(data))
        return [*data[:at], damaged_data(data[at], chance), *data[at + 1:]]
    return chance.choice([chance.choice(VALUES), [data], {"get_param": data}, {"get_attr": [data, data]}, [data, data]])


def once(run: Callable[[], Any], folder: Path) -> None:
    """Outputs or an error that says something, soon."""
    began = time.process_time()
    try:
        assert isinstance(run(), dict)
    except TreadleError as error:
        assert error.message
        assert error.source is not None or error.key
    except Exception as error:
        kept = "\n".join(f"== {path.name}\n{path.read_bytes()!r}" for path in sorted(folder.rglob("*.yaml"))[:6])
        pytest.fail(f"{type(error).__name__}: {error}\n{kept[:4000]}")
    taken = time.process_time() - began
    assert taken < LONGEST, "\n".join(f"== {path.name}\n{path.read_text()}" for path in folder.rglob("*.yaml"))[:4000]


def spent(began: float) -> bool:
    return time.monotonic() - began > SECONDS / 3


@pytest.mark.parametrize("way", ["text", "data"])
def test_damaged_cases(way: str, tmp_path: Path) -> None:
    table, chance, began = list(cases()), random.Random(f"{SEED} {way}"), time.monotonic()
    for number in range(ROUNDS):
        if spent(began):
            break
        _, case = chance.choice(table)
        folder = tmp_path / str(number % 50)
        folder.mkdir(exist_ok=True)
        template, environments = write(case, folder)
        victim = chance.choice([template, template, template, *environments])
        text = victim.read_text()
        changed = damaged_text(text, chance) if way == "text" else \
            yaml.safe_dump(damaged_data(yaml.safe_load(text), chance), sort_keys=False, allow_unicode=True)
        victim.write_bytes(changed.encode("utf-8", "surrogatepass"))
        once(partial(evaluate, template, environments, case.get("given"), case.get("defaults"),
                     files=Files()), folder)
    assert number > 100


def test_damaged_templates_of_ours(tree: Path) -> None:  # noqa: F811
    """The whole cloud, each time with one of its files damaged."""
    chance, began, given, files = random.Random(SEED), time.monotonic(), secrets(tree), Files()
    own = sorted(path for path in tree.rglob("*.yaml") if not path.name.endswith((".j2.yaml", "_data.yaml")))
    evaluation = partial(evaluate, tree / "overcloud.yaml", [tree / REGISTRY], None, given, files=files)
    outputs = evaluation()
    done = 0
    while done < ROUNDS and not spent(began):
        done += 1
        victim = chance.choice(own)
        text = victim.read_text()
        victim.write_bytes(damaged_text(text, chance).encode("utf-8", "surrogatepass"))
        once(evaluation, victim.parent)
        victim.write_text(text)
    assert evaluation() == outputs
    assert done > 20
