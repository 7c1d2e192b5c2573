"""House rules that a machine can hold: lint, types, length of files, nothing left for later."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
FOLDERS = ("src", "tools", "bin", "tests", "puppet", "docker", "images", "update_tasks", "common")
LONGEST = 300
#: Text that others wrote, and tables that are data.
NOT_OURS = ("images/sources", "tests/heat/parity", ".egg-info", "__pycache__")
#: What the checker of types says of tests: that they call what is there, and as it is. Tests need no annotations.
TOO_STRICT = ("arg-type", "attr-defined", "union-attr", "var-annotated", "func-returns-value", "assignment",
              "method-assign", "dict-item", "call-overload", "list-item")
CALLS = ["mypy", "--config-file=", "--check-untyped-defs", "--ignore-missing-imports",
         *(f"--disable-error-code={code}" for code in TOO_STRICT), "tests", "benchmarks"]
LATER = re.compile(rb"\b(TO" rb"DO|FIX" rb"ME|X" rb"XX)\b")


def ours(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((PROJECT / folder).rglob("*")):
            name = path.relative_to(PROJECT).as_posix()
            if path.is_file() and not any(part in name for part in NOT_OURS):
                yield path


@pytest.mark.parametrize("tool", [["ruff", "check", "."], ["mypy"], CALLS],
                         ids=["ruff", "mypy", "calls"])
def test_a_checker_has_nothing_to_say(tool):
    done = subprocess.run([sys.executable, "-m", *tool], cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(done.stdout + done.stderr, pytrace=False)


def test_no_source_file_is_too_long():
    lengths = {path.relative_to(PROJECT).as_posix(): len(path.read_bytes().splitlines())
               for path in ours("src", "tools", "bin") if path.suffix in (".py", ".sh", ".rb", "")}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_nothing_is_left_for_later():
    assert [str(path) for path in ours(*FOLDERS) if LATER.search(path.read_bytes())] == []


@pytest.mark.parametrize("text", ["# TO" "DO: x", "FIX" "ME", "raise X" "XX"])
def test_the_search_finds(text):
    assert LATER.search(text.encode())


def test_every_public_module_says_what_it_is():
    silent = [str(path) for path in ours("src", "tools") if path.suffix == ".py"
              and not path.read_text().removeprefix("#!/usr/bin/env python3\n").startswith('"""')]
    assert silent == []
