"""Desired containers: which configuration each mounts, at whatever depth; no secret where the engine shows it."""

import msgspec
import pytest

from tests.support import KEY, node_plan, state
from treadle.errors import EngineError, PlanError
from treadle.instantiate.desired import Held, build_desired, missing_paths, source_keys
from treadle.paths import NodePaths
from treadle.propagate import Revision

GENERATED = "/var/lib/config-data/puppet-generated"
STATES = {"volume:keystone": state((10.0, "fk", ["k"])), "volume:nova": state((20.0, "fn", ["n"])),
          "kolla:keystone.json": state((5.0, "fj", [])), "script:boot.sh": state((1.0, "fs", []))}
IDS = {"img": "sha256:1", "other": "sha256:2"}


def build(plan):
    return build_desired(plan, IDS, STATES)


@pytest.mark.parametrize(("volume", "keys"), [
    (f"{GENERATED}/keystone/:/x:ro", ["volume:keystone"]),
    (f"{GENERATED}/keystone:/x", ["volume:keystone"]),
    (f"{GENERATED}/keystone/etc/keystone/:/etc/keystone", ["volume:keystone"]),
    (f"{GENERATED}/keystone/etc/a.conf:/a", ["volume:keystone"]),
    (f"{GENERATED}//keystone/./etc:/a", ["volume:keystone"]),
    (f"{GENERATED}:/all", ["volume:keystone", "volume:nova"]),
    (f"{GENERATED}/:/all", ["volume:keystone", "volume:nova"]),
    (f"{GENERATED}/unknown/:/x", []),
    (f"{GENERATED}-other/keystone/:/x", []),
    (f"{GENERATED}/keystone2/:/x", []),
    ("/var/lib/kolla/config_files/keystone.json:/var/lib/kolla/config_files/config.json:ro", ["kolla:keystone.json"]),
    ("/var/lib/docker-config-scripts/boot.sh:/boot.sh", ["script:boot.sh"]),
    ("/var/lib/docker-config-scripts/:/s:ro", ["script:boot.sh"]),
    ("/var/log/containers/keystone:/var/log", []),
    ("logs:/var/log", []),
])
@pytest.mark.parametrize("root", ["", "/srv/one"])
def test_sources_of_a_mount(volume, keys, root):
    assert source_keys(volume, NodePaths("test", root), STATES) == keys


def test_a_path_that_names_the_root_itself():
    volume = f"/srv/one{GENERATED}/keystone/:/x"
    assert source_keys(volume, NodePaths("test", "/srv/one"), STATES) == ["volume:keystone"]


def test_sources_and_fingerprints():
    mounts = [f"{GENERATED}/keystone/etc:/a", f"{GENERATED}/keystone:/b", f"{GENERATED}/nova/:/c", "/dev:/dev"]
    item = build(node_plan({3: {"c": {"image": "img", "volumes": mounts}}}))["c"]
    assert item.sources == tuple(Held(key, STATES[key]) for key in ("volume:keystone", "volume:nova"))
    assert item.since == 20.0
    assert [[d.delta.words for d in item.differences(after)] for after in (0.0, 15.0)] == [["k", "n"], ["n"]]
    assert [d.held.key for d in item.differences(15.0)] == ["volume:nova"]
    assert (item.step, item.image_id) == (3, "sha256:1")


def config_of(states, key=KEY, **entry):
    plan = node_plan({3: {"c": {"image": "img", **entry}}}, fingerprint_key=key)
    return build_desired(plan, IDS, states)["c"]


def test_config_fingerprint_follows_what_is_mounted_and_nothing_else():
    mounts = {"volumes": [f"{GENERATED}/keystone/:/x"]}
    base = config_of(STATES, **mounts)
    nova = {**STATES, "volume:nova": state((99.0, "other", []))}
    keystone = {**STATES, "volume:keystone": state((99.0, "other", []))}
    later = {**STATES, "volume:keystone": state((99.0, "fk", []), generation="g2")}
    assert config_of(nova, **mounts) == base
    assert config_of(later, **mounts).config == base.config
    assert config_of(keystone, **mounts).config != base.config
    assert config_of(STATES, **mounts, user="x").config == base.config
    assert config_of(STATES, **mounts, user="x").spec != base.spec
    assert config_of(STATES, "22" * 32, **mounts).config != base.config


def test_an_exec_has_image_and_sources_of_the_container_it_runs_in():
    plan = node_plan({3: {"db": {"image": "other", "volumes": [f"{GENERATED}/nova/:/x"]}},
                      4: {"e": {"action": "exec", "command": ["db", "true"]}}})
    item = build(plan)["e"]
    assert (item.image_id, [held.key for held in item.sources], item.recorded) == ("sha256:2", ["volume:nova"], True)


def test_an_exec_in_nothing_is_an_error():
    plan = node_plan({4: {"e": {"action": "exec", "command": ["db", "true"]}}})
    with pytest.raises(PlanError, match=r"docker_config\.e\.command: there is no container db"):
        build(plan)


def test_an_image_that_the_engine_lacks_is_named_with_its_place():
    with pytest.raises(EngineError, match=r"docker_config\.step_2\.c\.image: the engine has no image absent"):
        build(node_plan({2: {"c": {"image": "absent"}}}))


@pytest.mark.parametrize("entry", [
    {"environment": ["PASSWORD=s3cret/value"]}, {"environment": {"P": "s3cret/value"}},
    {"environment": ["URL=mysql://u:s3cret%2Fvalue@h/d"]}, {"command": "login --password s3cret/value"},
    {"command": ["login", "czNjcmV0L3ZhbHVl"]}, {"volumes": ["/s3cret/value:/x"]},
    {"extra_hosts": ["s3cret/value:::1"]}, {"healthcheck": {"test": "curl -u a:s3cret/value x"}},
    {"environment": ["""P=q'u"o\\te"""]},
])
def test_a_secret_that_docker_inspect_would_show_is_refused(entry):
    plan = node_plan({3: {"c": {"image": "img", **entry}}}, secrets={"A": "s3cret/value", "B": """q'u"o\\te"""},
                     owners={"container c": "keystone"})
    with pytest.raises(PlanError, match=r"keystone\.docker_config\.c\.\w+: the secret [AB] would be") as caught:
        build(plan)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(("entry", "copies_once", "recorded"), [
    ({}, False, False),
    ({"environment": ["KOLLA_CONFIG_STRATEGY=COPY_ONCE"]}, True, False),
    ({"environment": {"KOLLA_CONFIG_STRATEGY": "COPY_ALWAYS"}}, False, False),
    ({"detach": False}, False, False),
    ({"detach": False, "remove": True}, False, True),
])
def test_kinds_of_containers(entry, copies_once, recorded):
    item = build(node_plan({3: {"c": {"image": "img", **entry}}}))["c"]
    assert (item.copies_once, item.recorded) == (copies_once, recorded)


def test_host_paths_that_are_not_there(tmp_path):
    (tmp_path / "var/lib/there").mkdir(parents=True)
    mounts = ["/var/lib/there:/a", "/var/lib/absent:/b:ro", "named:/c", "/dev:/dev", "/no/such/folder:/d"]
    devices = ["/dev/null:/dev/x", "/no/such/device:r"]
    plan = node_plan({3: {"c": {"image": "img", "volumes": mounts, "devices": devices}}}, root=str(tmp_path))
    assert missing_paths(build(plan)["c"], NodePaths("test", str(tmp_path))) == [
        ("volumes", f"{tmp_path}/var/lib/absent"), ("volumes", "/no/such/folder"), ("devices", "/no/such/device")]


def test_which_generation_a_container_runs():
    """The one that last changed what it mounts, before it took it."""
    states = {**STATES, "volume:nova": msgspec.structs.replace(
        STATES["volume:nova"], revisions=(*STATES["volume:nova"].revisions, Revision(90.0, "g9", "fn2")))}
    item = config_of(states, volumes=[f"{GENERATED}/keystone/:/x", f"{GENERATED}/nova/:/y"])
    assert [item.generation(taken) for taken in (5.0, 50.0, 95.0)] == ["", "g", "g9"]
