"""Environments that only tests use: made from exact versions, made once, made anew when the versions change."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
LIBRARIES = '. "$0/bin/lib/say.sh"; . "$0/bin/lib/venvs.sh"; '
#: Stands in for an interpreter whose venv module and pip succeed, and writes down each call.
PYTHON = """#!/bin/sh
case "$*" in
    --version) echo Python 3.11.0 ;;
    '-m venv --clear '*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python"; echo "venv $4" >>{calls} ;;
    *) echo "$*" >>{calls}; case "$*" in *broken.txt) echo 'no such version' >&2; exit 7 ;; esac ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "tests/requirements").mkdir(parents=True)
    (tmp_path / "tests/requirements/one.txt").write_text("a==1\n")
    (tmp_path / "tests/requirements/two.txt").write_text("b==1\n")
    python = tmp_path / "python"
    python.write_text(PYTHON.format(calls=tmp_path / "calls"))
    python.chmod(0o755)
    return tmp_path


def make(checkout: Path) -> subprocess.CompletedProcess[str]:
    script = f'{LIBRARIES} part environments - make_test_venvs "{checkout}" "{checkout}/python"'
    return subprocess.run(["bash", "-euo", "pipefail", "-c", script, CHECKOUT], capture_output=True, text=True,
                          check=False)


def calls(checkout: Path) -> list[str]:
    path = checkout / "calls"
    found = path.read_text().splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return sorted(line.partition(" ")[0] + " " + line.rpartition("/")[2] for line in found)


def test_every_requirements_file_is_an_environment_made_once(checkout: Path) -> None:
    assert make(checkout).returncode == 0
    assert calls(checkout) == ["-m one.txt", "-m two.txt", "venv one", "venv two"]
    assert make(checkout).returncode == 0
    assert calls(checkout) == []
    (checkout / "tests/requirements/two.txt").write_text("b==2\n")
    assert make(checkout).returncode == 0
    assert calls(checkout) == ["-m two.txt", "venv two"]


def test_one_that_cannot_be_made_is_told_and_tried_again(checkout: Path) -> None:
    (checkout / "tests/requirements/two.txt").rename(checkout / "tests/requirements/broken.txt")
    done = make(checkout)
    assert done.returncode == 1
    assert ".venvs/broken could not be made" in done.stderr
    assert "no such version" in done.stderr
    assert calls(checkout) == ["-m broken.txt", "-m one.txt", "venv broken", "venv one"]
    assert make(checkout).returncode == 1
    assert calls(checkout) == ["-m broken.txt", "venv broken"]


@pytest.mark.parametrize("path", sorted((CHECKOUT / "tests/requirements").glob("*.txt")), ids=lambda path: path.stem)
def test_requirements_name_versions_and_nothing_of_a_machine(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert lines
    assert all(line.count("==") == 1 and not set(line) & set("/@: ") for line in lines)
