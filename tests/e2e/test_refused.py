"""What cannot work is refused with file and key, and nothing is changed."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.e2e.cloud import PROJECT, Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.test_cloud import containers

#: Relative paths of what a copy of the templates needs.
TREE = ("overcloud.j2.yaml", "overcloud-resource-registry.yaml", "roles_data.yaml", "network_data.yaml", "network",
        "docker", "puppet", "environments")


def templates(cloud: Cloud) -> Path:
    """A copy of the project's templates that a test may spoil."""
    copy = cloud.folder / "templates"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in TREE:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, copy / name)
        elif source.exists():
            shutil.copy(source, copy / name)
    return copy


def spoiled(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def bad_template(cloud: Cloud) -> tuple[list[str], list[str]]:
    copy = templates(cloud)
    path = spoiled(copy / "docker/services/memcached.yaml", "outputs:", "outputs: [")
    return ["--templates", str(copy)], [str(path)]


def unknown_function(cloud: Cloud) -> tuple[list[str], list[str]]:
    copy = templates(cloud)
    path = spoiled(copy / "docker/services/memcached.yaml", "get_param: DockerMemcachedImage",
                   "get_param: DockerMemcacheImage")
    return ["--templates", str(copy)], [str(path), "DockerMemcachedImage"]


def unknown_parameter(cloud: Cloud) -> tuple[list[str], list[str]]:
    path = cloud.environment("unknown", RabbitEpmdPrt=4369)
    return ["-e", path], [path, "RabbitEpmdPrt", "RabbitEpmdPort"]


def wrong_type(cloud: Cloud) -> tuple[list[str], list[str]]:
    path = cloud.environment("wrong", RabbitEpmdPort="many")
    return ["-e", path], [path, "RabbitEpmdPort"]


def manifest_with_an_error(cloud: Cloud) -> tuple[list[str], list[str]]:
    copy = templates(cloud)
    spoiled(copy / "puppet/services/memcached.yaml", "include treadle::profile::base::memcached",
            "include treadle::profile::base::memcachedd")
    return ["--templates", str(copy)], ["memcached", "Error:", "memcachedd"]


def image_that_does_not_exist(cloud: Cloud) -> tuple[list[str], list[str]]:
    path = cloud.environment("image", DockerMemcachedImage="treadle/memcached:none")
    return ["-e", path], ["treadle/memcached:none", "memcached", "image build"]


def unknown_role(cloud: Cloud) -> tuple[list[str], list[str]]:
    path = cloud.folder / "roles-nodes.yaml"
    path.write_text(yaml.safe_dump({"nodes": [{"name": "a", "role": "Standalon", "address": "127.0.25.1"}]}))
    return ["--nodes", str(path)], [str(path), "nodes[0].role", "Standalone"]


@pytest.mark.parametrize("spoil", [bad_template, unknown_function, unknown_parameter, wrong_type,
                                   manifest_with_an_error, image_that_does_not_exist, unknown_role])
def test_bad_input_is_named_and_changes_nothing(
        cloud: Cloud, engine: PrivateEngine, spoil: Callable[[Cloud], tuple[list[str], list[str]]]) -> None:
    more, expected = spoil(cloud)
    before = containers(engine, cloud), files(cloud)
    done = cloud.deploy(*more)
    assert done.code == 1, done.text
    for word in expected:
        assert word in done.err, (word, done.err)
    assert "Traceback" not in done.err
    assert (containers(engine, cloud), files(cloud)) == before
    assert cloud.check().code == 0


def files(cloud: Cloud) -> dict[str, bytes]:
    """Everything that containers find on the node."""
    places = [cloud.root / "var/lib/config-data", cloud.root / "var/lib/kolla"]
    return {str(path): path.read_bytes() for place in places for path in place.rglob("*")
            if path.is_file() and not path.is_symlink()}


def test_a_port_in_use_is_refused_before_anything_is_changed(another: Cloud, engine: PrivateEngine) -> None:
    with socket.create_server((another.vip, 5000)):
        done = another.deploy()
    assert done.code == 1
    assert f"{another.vip}:5000" in done.err and "process" in done.err, done.err
    assert containers(engine, another) == {}
    assert not another.root.joinpath("var/lib/config-data").exists()


def test_a_stranger_with_the_name_of_a_container_is_left_alone(another: Cloud, engine: PrivateEngine) -> None:
    image = engine.docker("images", "-q", "treadle/memcached").stdout.split()[0]
    engine.docker("run", "-d", "--net", "none", "--name", "other-memcached", image, "sleep", "600")
    try:
        done = another.deploy()
        assert done.code == 1
        assert "other-memcached" in done.err and "not this stack's" in done.err, done.err
        assert containers(engine, another) == {}
    finally:
        engine.docker("rm", "-f", "other-memcached")


def test_a_second_deploy_at_a_time_is_told_who_holds_the_lock(cloud: Cloud) -> None:
    with cloud.killed_when(*cloud.deploy_words("--yes"), says="▶ Check", after=0.0):
        pass
    taken = cloud.deploy().ok()
    assert "took over the lock of a dead process" in taken.err
