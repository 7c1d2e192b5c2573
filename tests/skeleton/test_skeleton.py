"""The skeleton of a service keeps every rule of the services, in a copy of the project's tree."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.skeleton.tree import copy_tree
from treadle.cli.main import main

SERVICES = (("magnum-api", "--kind", "api", "--port", "9511"), ("magnum-conductor", "--kind", "worker"),
            ("my-agent", "--image", "cron", "--command", "sleep infinity"))


@pytest.fixture
def tree(tmp_path):
    return copy_tree(tmp_path / "tree")


def contents(tree):
    return {str(path.relative_to(tree)): path.read_bytes() for path in tree.rglob("*") if path.is_file()}


def new(tree, *words):
    return main(["service", "new", "--templates", str(tree), *words])


def test_new_services_keep_the_rules_of_all_services(tree, capsys):
    before = contents(tree)
    for words in SERVICES:
        assert new(tree, *words) == 0, capsys.readouterr().err
    told = dict(line.split()[::-1] for line in capsys.readouterr().out.splitlines())
    after = contents(tree)
    assert {path for path in after if after[path] != before.get(path)} == set(told)
    assert {path for path, how in told.items() if how == "written"} == set(after) - set(before)
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/services"], cwd=tree,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed and int(passed.group(1)) > 80
    assert not [path for path in told if b"[[ " in after[path] or b"[%" in after[path]]
    assert [line for path, text in after.items() if path in told for line in text.decode().splitlines()
            if len(line) > 120] == []


@pytest.mark.parametrize(("words", "said"), [
    (("keystone",), "is there already"),
    (("Upper-Case",), "cannot be a name"),
    (("magnum", "--kind", "api", "--port", "1"), "does not begin with the project's name"),
    (("magnum-api", "--kind", "api"), "an API listens on a port"),
    (("magnum-api", "--kind", "api", "--port", "70000"), "no port has this number"),
    (("magnum-api", "--kind", "api", "--port", "8776"), "port 8776 is taken"),
    (("my-agent", "--port", "1"), "a daemon has no endpoint"),
])
def test_what_cannot_be_a_service_changes_nothing(tree, capsys, words, said):
    before = contents(tree)
    assert new(tree, *words) == 1
    assert said in capsys.readouterr().err
    assert contents(tree) == before


def test_a_tree_that_is_not_like_ours_is_refused_whole(tree, capsys):
    (tree / "roles_data.yaml").write_text("- {name: Web}\n")
    before = contents(tree)
    assert new(tree, "my-agent") == 1
    err = capsys.readouterr().err
    assert "roles_data.yaml" in err and "has no line 'ServicesDefault:'" in err
    assert contents(tree) == before
