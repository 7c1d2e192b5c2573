"""The shared files of update_tasks/, run by real Ansible, with an engine's command that notes what it is asked."""

from pathlib import Path

import pytest
import yaml

from tests.support import Heard, node_plan
from treadle.plan.taskfiles import inlined
from treadle.rollout import tasks
from treadle.rollout.tasks import Phase, TasksFailed

PROJECT = Path(__file__).parents[2]
FILES = {str(path.relative_to(PROJECT)): yaml.safe_load(path.read_text())
         for path in (PROJECT / "update_tasks").glob("*.yaml")}
IMAGES = ["192.0.2.1:8787/treadle/keystone:2025.2", "localhost/mine:1", "registry.example.org/a/b", "plain",
          "treadle/cron:2025.2", "192.0.2.1:8787/treadle/mariadb:2025.2", "192.0.2.1:8787/treadle/mariadb:pcmklatest"]


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """The words that docker was called with, a line a call."""
    docker, log = tmp_path / "bin/docker", tmp_path / "asked"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\necho "$*" >>{log}\ncase "$*" in\n*refused*) echo "no such image" >&2; exit 1;;\n'
                      '*b) echo Downloaded newer image;;\nesac\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:/usr/bin:/bin")
    return lambda: log.read_text().splitlines()


def run(name, images, heard):
    plan = node_plan({1: {f"c{at}": {"image": image} for at, image in enumerate(images)}})
    given = inlined([{"import_tasks": f"update_tasks/{name}.yaml", "when": "step|int == 2"}], FILES, "here")
    return tasks.run([Phase("update_tasks", given, [plan], {"step": 2})], lambda _: None, heard.events())


def test_images_of_registries_are_pulled_and_the_one_of_pacemaker_is_tagged(asked):
    heard = Heard()
    run("images", IMAGES, heard)
    assert asked() == ["pull 192.0.2.1:8787/treadle/keystone:2025.2", "pull 192.0.2.1:8787/treadle/mariadb:2025.2",
                       "pull localhost/mine:1", "pull registry.example.org/a/b",
                       "tag 192.0.2.1:8787/treadle/mariadb:2025.2 192.0.2.1:8787/treadle/mariadb:pcmklatest"]
    assert [event.data["changed"] for event in heard if event.kind == "tasks.task"] == [True, True]


def test_images_without_a_registry_have_to_be_there(asked):
    run("checks", IMAGES, Heard())
    assert asked() == ["version", "image inspect --format there plain treadle/cron:2025.2"]
    with pytest.raises(TasksFailed, match=r"Images whose name says no registry are there.*no such image"):
        run("checks", ["refused:1"], Heard())
