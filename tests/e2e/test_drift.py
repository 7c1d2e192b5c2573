"""What a hand changed on a node is found, its repair is foretold by deploy --check, and the next deploy repairs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.cloud import Done
from tests.e2e.engine import PrivateEngine
from tests.e2e.small import IMAGE, SmallCloud, inspected, lives

Row = dict[str, Any]


@pytest.fixture(scope="module")
def bridged(small: SmallCloud) -> list[str]:
    """The options with which the cloud has a container in a network of the engine."""
    words = small.values("bridged", CacheEntry={"net": "bridge", "mem_limit": "256m"})
    small.deploy(*words).ok()
    return words


@pytest.fixture(autouse=True)
def whole(small: SmallCloud, bridged: list[str]) -> Iterator[None]:
    """Each test begins, and leaves the cloud, without drift."""
    assert drift(small) == {}
    yield
    small.deploy("--repair", *bridged)


def ask(cloud: SmallCloud, *more: str) -> Done:
    return cloud.run("openstack", "overcloud", "drift", "--stack", cloud.name, *more)


def drift(cloud: SmallCloud) -> dict[tuple[str, str], Row]:
    """``{(what, name): row}``."""
    rows = json.loads(ask(cloud, "-f", "json").ok().out)
    return {(row["What"], row["Name"]): row for row in rows}


def repaired(cloud: SmallCloud, *words: str) -> None:
    """The deploy does what --check said, and then there is neither drift nor anything to do."""
    cloud.deploy(*words).ok()
    assert drift(cloud) == {}
    assert cloud.planned(*words) == {}


def test_nothing_changed_is_no_drift_and_restarted_by_hand_is_none(
        small: SmallCloud, light_engine: PrivateEngine, bridged: list[str]) -> None:
    light_engine.docker("restart", "-t", "1", inspected(light_engine, small)["reader"]["Id"])
    before = lives(light_engine, small)
    assert ask(small, "--detailed-exitcode").code == 0
    assert small.planned(*bridged) == {}
    assert lives(light_engine, small) == before


def test_containers_that_a_hand_removed_stopped_paused_renamed_or_added(
        small: SmallCloud, light_engine: PrivateEngine, bridged: list[str]) -> None:
    there = {name: c["Id"] for name, c in inspected(light_engine, small).items()}
    docker = light_engine.docker
    docker("rm", "-f", there["once"])
    docker("stop", "-t", "1", there["reader"])
    docker("pause", there["reloader"])
    docker("rename", there["mounted"], "mine")
    docker("rm", there["setup"])
    docker("run", "-d", "--name", "made-by-hand", "--net", "none", "--label", f"treadle.stack={small.name}",
           "--label", f"treadle.node={small.name}-0", "--label", "treadle.name=extra", IMAGE, "sleep", "600")
    before = lives(light_engine, small)
    found = drift(small)
    assert lives(light_engine, small) == before, "it only reads"
    assert {key: row["A deploy would"] for key, row in found.items()} == {
        ("container removed", "once"): "create once", ("container removed", "setup"): "run setup",
        ("container stopped", "reader"): "start reader", ("container paused", "reloader"): "restart reloader",
        ("container changed", "mounted"): "recreate mounted", ("container added", "extra"): "remove extra"}
    assert found["container changed", "mounted"]["Difference"] == [f"name {small.name}-mounted → mine"]
    assert ask(small, "--detailed-exitcode").code == 2
    assert small.planned(*bridged) == {"once": "create", "setup": "run", "reader": "start", "reloader": "restart",
                                       "mounted": "recreate", "extra": "remove"}
    repaired(small, *bridged)


def test_a_network_that_a_hand_connected(small: SmallCloud, light_engine: PrivateEngine, bridged: list[str]) -> None:
    cache = inspected(light_engine, small)["cache"]["Id"]
    light_engine.docker("network", "create", "other")
    try:
        light_engine.docker("network", "connect", "other", cache)
        [(key, row)] = drift(small).items()
        assert key == ("container changed", "cache") and row["Difference"] == ["networks + other"]
        assert row["A deploy would"] == "recreate cache"
        assert small.planned(*bridged) == {"cache": "recreate"}
        repaired(small, *bridged)
    finally:
        light_engine.docker("network", "rm", "other")


def test_limits_that_a_hand_changed_are_undone_when_the_deploy_is_told_to_look_for_them(
        small: SmallCloud, light_engine: PrivateEngine, bridged: list[str]) -> None:
    cache, reader = (inspected(light_engine, small)[name]["Id"] for name in ("cache", "reader"))
    light_engine.docker("update", "--memory", "512m", "--memory-swap", "1g", cache)
    light_engine.docker("update", "--restart", "no", "--cpu-shares", "100", reader)
    found = drift(small)
    assert found["container changed", "cache"]["Difference"] == ["mem_limit 268435456 → 536870912"]
    assert found["container changed", "reader"]["Difference"] == [
        "cpu_shares (unset) → 100", "restart unless-stopped → (unset)"]
    assert found["container changed", "reader"]["A deploy would"] == "recreate reader (with --repair)"
    assert small.planned(*bridged) == {}, "without --repair a deploy does not look into each container"
    assert small.planned("--repair", *bridged) == {"cache": "recreate", "reader": "recreate"}
    repaired(small, "--repair", *bridged)
    assert inspected(light_engine, small)["cache"]["HostConfig"]["Memory"] == 256 << 20


def test_a_container_in_the_way_is_told_and_refused(
        small: SmallCloud, light_engine: PrivateEngine, bridged: list[str]) -> None:
    light_engine.docker("rm", "-f", inspected(light_engine, small)["cache"]["Id"])
    light_engine.docker("run", "-d", "--name", f"{small.name}-cache", "--net", "none", IMAGE, "sleep", "600")
    found = drift(small)
    assert set(found) == {("container removed", "cache"), ("container in the way", "cache")}
    assert f"docker rename {small.name}-cache" in str(found["container in the way", "cache"]["A deploy would"])
    refused = small.check(*bridged)
    assert refused.code == 1 and "not this stack's" in refused.err
    light_engine.docker("rm", "-f", f"{small.name}-cache")
    repaired(small, *bridged)


def test_one_that_was_renamed_with_a_stranger_in_its_place_is_refused_before_anything_is_changed(
        small: SmallCloud, light_engine: PrivateEngine, bridged: list[str]) -> None:
    cache = inspected(light_engine, small)["cache"]["Id"]
    light_engine.docker("rename", cache, "moved")
    light_engine.docker("run", "-d", "--name", f"{small.name}-cache", "--net", "none", IMAGE, "sleep", "600")
    before = lives(light_engine, small)
    refused = small.deploy(*bridged)
    assert refused.code == 1 and "not this stack's" in refused.err
    assert lives(light_engine, small) == before
    light_engine.docker("rm", "-f", f"{small.name}-cache")
    repaired(small, *bridged)


def test_files_that_a_hand_changed_are_told_by_option_and_put_back(small: SmallCloud, bridged: list[str]) -> None:
    config = small.root / "var/lib/config-data/puppet-generated"
    options = config / "reader/etc/small/reader.conf"
    options.write_text(options.read_text().replace("backlog = 10", "backlog = 99"))
    (config / "reader/etc/small/added.conf").write_text("x\n")
    (config / "mounted/etc/small/mounted.conf").chmod(0o666)
    (config / "once/etc/small/once.conf").unlink()
    kolla = small.root / "var/lib/kolla/config_files/reloader.json"
    kolla.write_text(kolla.read_text().replace("preserve_properties", "preserve_nothing"))
    script = small.root / "var/lib/docker-config-scripts/small.py"
    script.chmod(0o700)
    found = drift(small)
    said = {name: row["Difference"] for (what, name), row in found.items() if what == "configuration"}
    assert said["volume:reader"] == ["etc/small/added.conf added", "reader.conf [listen] backlog 10 → 99"]
    assert said["volume:mounted"] == ["etc/small/mounted.conf mode 0644 → 0666"]
    assert said["volume:once"] == ["etc/small/once.conf removed"]
    assert said["script:small.py"] == ["small.py mode 0755 → 0700"]
    assert any("preserve_nothing" in word for word in said["kolla:reloader.json"])
    assert len(found) == len(said) == 5
    planned = small.planned(*bridged)
    for name, row in ((key[1], row) for key, row in found.items()):
        repair = str(row["A deploy would"]).split(", ")
        assert repair[0] == "put it back", name
        assert {tuple(reversed(word.split())) for word in repair[1:]} <= set(planned.items()), (name, repair, planned)
    repaired(small, *bridged)
    assert "backlog = 10" in options.read_text() and script.stat().st_mode & 0o777 == 0o755


def test_a_config_volume_that_a_hand_removed(small: SmallCloud, bridged: list[str]) -> None:
    folder = small.root / "var/lib/config-data/puppet-generated/mounted/etc/small"
    (folder / "mounted.conf").unlink()
    folder.rmdir()
    assert drift(small)["configuration", "volume:mounted"]["Difference"] == ["etc/small/mounted.conf removed"]
    repaired(small, *bridged)


def test_an_image_whose_tag_was_moved_or_removed(
        small: SmallCloud, light_engine: PrivateEngine, bridged: list[str]) -> None:
    docker = light_engine.docker
    cache = inspected(light_engine, small)["cache"]
    tag, old = cache["Config"]["Image"], cache["Image"]
    docker("commit", cache["Id"], tag)
    try:
        [(key, row)] = drift(small).items()
        assert key == ("image", tag) and row["A deploy would"] == "recreate cache"
        assert str(row["Difference"]).startswith(f"['{old.removeprefix('sha256:')[:12]} → ")
        assert small.planned(*bridged) == {"cache": "recreate"}
        docker("tag", old, "kept:1")
        docker("rmi", "-f", tag)
        [(key, row)] = drift(small).items()
        assert key == ("image", tag) and row["Difference"] == ["removed from the engine"]
        assert "refuse" in str(row["A deploy would"])
        status = small.run("openstack", "overcloud", "status", "--stack", small.name, "-f", "json").ok()
        assert f"no image {tag}" in status.err and json.loads(status.out)
        refused = small.check(*bridged)
        assert refused.code == 1 and tag in refused.err
    finally:
        docker("tag", old, tag)
    assert drift(small) == {}
