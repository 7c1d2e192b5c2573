"""Which images a cloud of environment files uses, for building them and for naming them."""

import argparse
from pathlib import Path

import pytest
import yaml

from treadle.cli.image import of_cloud
from treadle.cli.main import main
from treadle.errors import InputError, TemplateError

PROJECT = Path(__file__).resolve().parents[2]


def asked(*environments: Path | str, templates: str | None = None) -> set[str]:
    return set(of_cloud(argparse.Namespace(environments=[str(PROJECT / file) for file in environments],
                                           templates=templates, roles_file=None, networks_file=None)))


def test_without_files_no_cloud_is_evaluated():
    assert asked() == set()


def test_a_cloud_needs_the_images_of_its_services_and_no_others():
    small = asked("environments/identity-and-volumes.yaml")
    assert {"keystone-api", "mariadb-server", "cinder-volume"} <= small
    assert small & {"nova-api", "horizon", "cron"} == set()
    assert asked("environments/identity-and-volumes.yaml", "environments/services/logrotate-crond.yaml") - small == {
        "cron"}


def test_the_extra_images_of_a_service_come_with_its_environment_file():
    redis = asked("environments/identity-and-volumes.yaml", "environments/services/redis.yaml")
    assert redis - asked("environments/identity-and-volumes.yaml") == {"valkey-server"}


def test_a_parameter_that_no_template_knows_is_refused_as_in_a_deploy(tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text("parameter_defaults: {DockerKeystoneImagee: x}\n")
    with pytest.raises(TemplateError, match="DockerKeystoneImage"):
        asked(file)


def test_a_cloud_of_other_images_is_named(tmp_path):
    file = tmp_path / "own.yaml"
    file.write_text("parameter_defaults: {StandaloneServices: []}\n")
    with pytest.raises(InputError, match="uses none of the images"):
        asked(file)


def prepared(capsys, *words):
    assert main(["container", "image", "prepare", *words]) == 0
    said = capsys.readouterr().out
    return yaml.safe_load(said)["parameter_defaults"] if said else {}


def test_an_environment_file_names_every_image_of_a_cloud(capsys, tmp_path):
    small = ["-e", str(PROJECT / "environments/identity-and-volumes.yaml")]
    as_it_is = prepared(capsys, *small)
    assert as_it_is["DockerKeystoneImage"] == as_it_is["DockerKeystoneConfigImage"] == "treadle/keystone-api:2025.1"
    assert not {"DockerNovaApiImage", "DockerKeepalivedImage"} & set(as_it_is)
    assert "DockerKeepalivedImage" in prepared(capsys, *small, "-e", str(PROJECT / "environments/ha.yaml"))
    file, listed = tmp_path / "images.yaml", tmp_path / "listed.yaml"
    assert prepared(capsys, *small, "--namespace", "192.0.2.1:5000/mine", "--tag", "t", "--prefix", "p-", "--exclude",
                    "cinder", "--output-env-file", str(file), "--output-images-file", str(listed)) == {}
    named = yaml.safe_load(file.read_text())["parameter_defaults"]
    assert set(named) == {name for name in as_it_is if "Cinder" not in name}
    assert named["DockerMysqlImage"] == "192.0.2.1:5000/mine/p-mariadb-server:t"
    assert {"imagename": named["DockerMysqlImage"]} in yaml.safe_load(listed.read_text())["container_images"]
    # What was prepared is where the next one begins, and what a deploy takes.
    assert prepared(capsys, *small, "-e", str(file), "--exclude", "cinder") == named


@pytest.mark.parametrize(("words", "said"), [
    (["--exclude", "("], "is no regular expression"), (["--exclude", "."], "no image is left"),
    (["-e", "/no/such/file"], "there is no such file"),
])
def test_what_cannot_be_prepared_is_told(capsys, words, said):
    assert main(["container", "image", "prepare", *words]) == 1
    assert said in capsys.readouterr().err
