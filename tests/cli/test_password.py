"""Passwords are listed without values; what cannot be rotated is refused before anything is changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.support import node_plan
from treadle.cli.main import main
from treadle.rollout.state import StackState

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = StackState(tmp_path / "state", "overcloud")
    made.save_passwords(made.passwords(["AdminPassword", "NovaPassword", "KeystoneFernetKeys"]))
    made.save_plans([node_plan()])
    return made


def run(*words):
    return main(["password", *words, "--state", "state"])


def test_names_are_listed_and_no_value(state, capsys):
    assert run("list", "-f", "json") == 0
    out = capsys.readouterr().out
    rows = {row["Name"]: row["Rotates"] for row in json.loads(out)}
    assert rows == {"AdminPassword": True, "KeystoneFernetKeys": False, "NovaPassword": True,
                    "TreadleFingerprintKey": False}
    values = yaml.safe_load(state.passwords_file.read_text())
    assert values["AdminPassword"] not in out and values["TreadleFingerprintKey"] not in out


@pytest.mark.parametrize(("words", "said"), [
    (["NovaPasswort"], "no generated password is called NovaPasswort (did you mean NovaPassword?)"),
    (["KeystoneFernetKeys"], "KeystoneFernetKeys cannot be rotated: tokens are encrypted with them; cron rotates them"),
    (["NovaPassword", "TreadleFingerprintKey"], "TreadleFingerprintKey cannot be rotated"),
    (["NovaPassword"], "it is not known from which files"),
    (["NovaPassword", "-e", "mine.yaml", "--templates", str(PROJECT), "--check"],
     "mine.yaml:1:22: parameter_defaults.NovaPassword: NovaPassword has its value here"),
])
def test_what_cannot_be_rotated_is_refused(state, capsys, words, said):
    Path("mine.yaml").write_text("parameter_defaults: {NovaPassword: chosen-by-hand}\n")
    before = state.passwords_file.read_bytes()
    assert run("rotate", "--yes", *words) == 1
    assert said in capsys.readouterr().err
    assert state.passwords_file.read_bytes() == before


def test_only_what_was_deployed_has_passwords(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run("rotate", "--yes", "NovaPassword") == 1
    assert "overcloud" in capsys.readouterr().err
