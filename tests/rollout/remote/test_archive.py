"""The archive is whole: it runs with a Python that has nothing else."""

import json
import os
import subprocess
import sys
import zipfile

import msgspec

from tests.support import node_plan
from tests.test_layering import COMMON, ORDER
from treadle.node.wire import CHANGING, Hello, Request, verbs
from treadle.rollout.remote import boot
from treadle.rollout.remote.agent import RemoteAgent
from treadle.rollout.remote.archive import MODULES, PACKAGES, archive


def test_it_holds_what_stands_before_the_rollout_and_no_more():
    before = ORDER[ORDER.index("plan"):ORDER.index("rollout")]
    assert set(PACKAGES) == set(before) - {"history"}
    assert set(MODULES) == {"__init__", *COMMON}


def test_same_files_same_bytes_and_nothing_of_the_deployer(tmp_path):
    one, two = archive(tmp_path / "a"), archive(tmp_path / "b")
    assert one == two and archive(tmp_path / "a") == one and len(list((tmp_path / "a").iterdir())) == 1
    with zipfile.ZipFile(next((tmp_path / "a").iterdir())) as packed:
        names = packed.namelist()
    stray = ("treadle/cli", "treadle/rollout", "treadle/heat", "/", "..")
    assert not [name for name in names if name.startswith(stray)]
    assert [name for name in names if name.endswith(".so")] == [
        name for name in names if name.startswith("msgspec/") and ".so" in name] != []


def test_it_serves_a_deployer_until_that_is_gone(tmp_path):
    archive(tmp_path)
    [file] = tmp_path.iterdir()
    plan = node_plan(root=str(tmp_path / "root"), secrets={"P": "a-long-secret"})
    lines = [Hello(plan), Request("missing", {"wanted": msgspec.Raw(b'["/", "/no/such/folder"]')}),
             Request("make", {"wanted": msgspec.Raw(json.dumps([f"{plan.root}/var/lib/a"]).encode())}),
             Request("no_such_verb"), Request("deployed")]
    given = b"\n".join(msgspec.json.encode(line) for line in lines) + b"\n"
    done = subprocess.run([sys.executable, "-I", "-S", str(file)], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    ready, *told = [json.loads(line) for line in done.stdout.splitlines()]
    assert ready == {"ready": True}
    assert [one.get("result") for one in told[:2]] == [["/no/such/folder"], [f"{plan.root}/var/lib/a"]]
    assert [one["failed"]["kind"] for one in told[2:]] == ["StepFailed", "InputError"]
    assert (tmp_path / "root/var/lib/a").is_dir()
    assert not subprocess.run(["pgrep", "-f", str(file)], capture_output=True, check=False).stdout


def test_the_version_before_stays_on_a_node_and_older_ones_go(tmp_path, monkeypatch):
    monkeypatch.setattr(boot, "FOLDER", str(tmp_path))

    def used(name, when):
        path = tmp_path / f"{name}.pyz"
        path.touch()
        (tmp_path / name).mkdir(exist_ok=True)
        boot.tidy(str(path))
        os.utime(path, (when, when))
        return sorted(one.name for one in tmp_path.iterdir())

    assert used("a", 1) == ["a", "a.pyz"]
    assert used("b", 2) == used("b", 2) == ["a", "a.pyz", "b", "b.pyz"]
    assert used("c", 3) == ["b", "b.pyz", "c", "c.pyz"]
    assert used("b", 4) == ["b", "b.pyz", "c", "c.pyz"]
    assert used("d", 5) == ["b", "b.pyz", "d", "d.pyz"]


def test_every_verb_has_its_message():
    own = {name for name in vars(RemoteAgent) if not name.startswith("_")}
    assert own == verbs() and verbs() > CHANGING
