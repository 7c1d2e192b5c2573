"""The folder images/: ours is valid, and each mistake is named."""

import re
from pathlib import Path

import pytest

from treadle.errors import InputError
from treadle.events import silent
from treadle.images import build, catalogue

CONF = "[DEFAULT]\nnamespace = n\ntag = t\nbase_image = debian\nbase_tag = trixie\n"


def written(folder: Path, images: str, conf: str = CONF) -> Path:
    (folder / "images.yaml").write_text(images)
    (folder / "kolla-build.conf").write_text(conf)
    (folder / "template-overrides.j2").write_text("{% block taken %}{% endblock %}")
    return folder


def test_the_projects_own_list() -> None:
    project = catalogue.load(catalogue.project_folder())
    assert project.reference("cron") == "treadle/cron:2025.1"
    assert {"mariadb-server", "keystone-api", "nova-compute", "horizon"} < set(project.wanted([]))
    assert not {"base", "openstack-base", "nova-base"} & set(project.wanted([]))
    assert project.wanted(["cron", "base", "cron"]) == ("cron", "base")


def test_what_the_services_run_in_can_be_built() -> None:
    """Each image that a template names is in the list: a misspelt one would be found by a deploy only."""
    project = catalogue.load(catalogue.project_folder())
    named = {found for file in (project.folder.parent / "docker/services").rglob("*.yaml")
             for found in re.findall(rf"{project.namespace}/([\w-]+):{re.escape(project.tag)}", file.read_text())}
    assert "cinder-volume" in named
    assert named <= {image.name for image in project.images}


WRONG = {
    "not a mapping": ("[]", "images"),
    "empty": ("images: []", "images"),
    "not yaml": ("images: [", "cannot be read"),
    "unknown key": ("images: [{name: a, fro: b}]", "images[0].fro: unknown key (did you mean for?)"),
    "missing key": ("images: [{name: a}]", "images[0].for"),
    "wrong type": ("images: [{name: a, for: b, implied: often}]", "images[0].implied: expected a bool"),
    "wrong type of extra": ("images: [{name: a, for: b, extra: 1}]", "images[0].extra: expected a bool"),
    "empty name": ("images: [{name: '', for: b}]", "images[0].name"),
    "twice": ("images: [{name: a, for: b}, {name: a, for: c}]", "named twice: a"),
}


@pytest.mark.parametrize("text, expected", WRONG.values(), ids=WRONG)
def test_mistakes_in_the_list(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        catalogue.load(written(tmp_path, text))
    assert str(tmp_path / "images.yaml") in str(caught.value) and expected in str(caught.value)


def test_missing_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"kolla-build.conf: \[DEFAULT\] tag"):
        catalogue.load(written(tmp_path, "images: [{name: a, for: b}]", CONF.replace("tag = t\n", "", 1)))


def test_unknown_image_names_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean memcached"):
        build(["memcache"], events=silent())


OVERRIDES = {
    "repeats a block of ours": ("\n{% block taken %}x{% endblock %}", "block taken is overridden in"),
    "not a template": ("fine\n{% blok %}", "own.j2:2: not a Jinja template"),
    "not there": (None, "cannot be read"),
}


@pytest.mark.parametrize("text, expected", OVERRIDES.values(), ids=OVERRIDES)
def test_a_bad_override_is_refused_before_anything_is_built(tmp_path: Path, text: str | None, expected: str) -> None:
    own = tmp_path / "own.j2"
    if text is not None:
        own.write_text(text)
    folder = written(tmp_path, "images: [{name: a, for: b}]")
    with pytest.raises(InputError) as caught:
        build(["a"], events=silent(), overrides=[own], folder=folder, state=tmp_path, logs=tmp_path)
    assert expected in str(caught.value) and str(own) in str(caught.value)


def test_extra_images_are_built_by_name_or_for_a_cloud_that_uses_them(tmp_path: Path) -> None:
    project = catalogue.load(written(tmp_path, (
        "images: [{name: a, for: x}, {name: b-base, for: x, implied: true, extra: true}, "
        "{name: b, for: x, extra: true}, {name: c, for: x}]")))
    assert project.wanted([]) == ("a", "c")
    assert project.wanted(["b"]) == ("b",)
    role_data = [{"docker_config": {"step_1": {"b": {"image": "n/b:t", "volumes": ["/n/c:t"]}}}},
                 {"puppet_config": {"config_image": "n/a:t"}}, {"docker_config": {"step_1": {"d": {"image": "x/c:t"}}}}]
    assert project.used_by(role_data) == ("a", "b")
