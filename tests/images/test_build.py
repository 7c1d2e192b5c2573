"""A real build by the real kolla-build: one small image of our own, in a namespace of its own."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from treadle.events import Event, Events
from treadle.images import BuildResult, ImageError, build, catalogue, list_images
from treadle.images.build import LOGS, STATE

pytestmark = pytest.mark.engine

NAMESPACE = f"treadle-test-{os.getpid()}"
REFERENCE = f"{NAMESPACE}/probe:t"
DOCKERFILE = """FROM {{ base_image }}:{{ base_distro_tag }}
{% block labels %}
LABEL name="{{ image_name }}"
{% endblock %}
RUN echo first > /probe
{% block probe_footer %}{% endblock %}
"""


class Project:
    """A folder ``images/`` with one image, which begins with the same Debian as the project's images."""

    def __init__(self, folder: Path) -> None:
        self.root, self.folder, self.heard = folder, folder / "images", list[Event]()
        folder = self.folder
        self.recipe = folder / "docker/probe/Dockerfile.j2"
        self.recipe.parent.mkdir(parents=True)
        self.recipe.write_text(DOCKERFILE)
        base, _, tag = catalogue.load(catalogue.project_folder()).base.rpartition(":")
        (folder / "images.yaml").write_text("images: [{name: probe, for: This test}]\n")
        (folder / "template-overrides.j2").write_text("{% extends parent_template %}\n")
        (folder / "kolla-build.conf").write_text(
            f"[DEFAULT]\nnamespace = {NAMESPACE}\ntag = t\nbase = debian\nbase_image = {base}\nbase_tag = {tag}\n"
            "pull = false\nbuildkit = false\nretries = 0\n")

    def build(self, *overrides: Path, rebuild: bool = False) -> BuildResult:
        return build(events=Events(self.heard.append), overrides=overrides, rebuild=rebuild, folder=self.folder,
                     state=self.root / "state", logs=self.root / "logs")

    def state(self, *overrides: Path) -> str:
        return list_images(folder=self.folder, overrides=overrides, state=self.root / "state")[0].state


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    if os.geteuid() != 0:
        pytest.skip("debootstrap needs root")
    client = docker.from_env()
    if not client.images.list(name=catalogue.load(catalogue.project_folder()).base):
        build(["base"], events=Events(), state=STATE, logs=LOGS)
    project = Project(tmp_path_factory.mktemp("images"))
    assert project.state() == "missing"
    assert project.build().built == ("probe",)
    ends = [event for event in project.heard if event.kind == "image.end"]
    assert [event.subject for event in ends] == ["probe"] and ends[0].data["seconds"] > 0
    yield project
    client.images.remove(REFERENCE, force=True)
    assert not client.images.list(name=f"{NAMESPACE}/probe")


@pytest.fixture
def project(built: Project) -> Project:
    """The image, current."""
    built.recipe.write_text(DOCKERFILE)
    built.build()
    assert built.state() == "built"
    return built


def image_id() -> str:
    return str(docker.from_env().images.get(REFERENCE).id)


def test_a_second_build_does_nothing_and_does_it_quickly(project: Project) -> None:
    before, began = image_id(), time.monotonic()
    assert project.build().built == ()
    assert time.monotonic() - began < 2 and image_id() == before


def test_a_change_that_no_image_uses_builds_nothing(project: Project) -> None:
    before = image_id()
    (project.folder / "notes.txt").write_text("a file of no recipe\n")
    assert project.state() == "recipe may have changed"
    assert project.build().built == () and image_id() == before and project.state() == "built"


def test_a_failed_build_keeps_the_old_image_and_shows_the_end_of_its_log(project: Project) -> None:
    before = image_id()
    project.recipe.write_text(DOCKERFILE.replace("echo first > /probe", "echo about to fail && false"))
    with pytest.raises(ImageError) as caught:
        project.build()
    assert "image probe could not be built" in str(caught.value) and "about to fail" in str(caught.value)
    assert str(project.root / "logs/probe.log") in str(caught.value)
    assert image_id() == before
    assert not docker.from_env().images.list(name=f"{REFERENCE}-previous")
    project.recipe.write_text(DOCKERFILE)
    assert project.build().built == () and image_id() == before


def test_the_users_override_is_part_of_the_recipe_and_a_containers_image_is_kept(project: Project) -> None:
    own, before, client = project.root / "own.j2", image_id(), docker.from_env()
    container = client.containers.create(REFERENCE, ["true"], name=NAMESPACE)
    own.write_text("\n{% block probe_footer %}\nLABEL own=yes\n{% endblock %}\n")
    assert project.build(own).built == ("probe",) and image_id() != before
    assert client.images.get(REFERENCE).labels["own"] == "yes"
    assert client.images.get(before).tags == [f"{REFERENCE}-previous"]
    container.remove()
    assert project.build(own).built == () and project.state() == "recipe may have changed"


def test_rebuild_builds_what_is_current(project: Project) -> None:
    before = image_id()
    assert project.build(rebuild=True).built == ("probe",) and image_id() != before
