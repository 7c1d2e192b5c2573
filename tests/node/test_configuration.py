"""What a generation puts on a node: volumes, parts of them, kolla's files, scripts; and since when each is so."""

import json
import os
import stat

import msgspec
import pytest

from tests.support import node_plan, tree, with_file
from treadle.generate.tree import ConfigTree, File, from_directory, from_tar
from treadle.node.configuration import pieces, preview, put
from treadle.paths import NodePaths
from treadle.plan.nodeplan import Script
from treadle.propagate import VolumeStates, intend

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a node's files are root's")
GENERATED = "/var/lib/config-data/puppet-generated"
KEYSTONE = tree("etc", "etc/init", **{"etc/k.conf": "[a]\nx=1\n", "etc/init/boot": "b"})


@pytest.fixture
def plan(tmp_path):
    return node_plan({3: {"api": {"image": "i", "volumes": [f"{GENERATED}/keystone/:/x"]},
                          "init": {"image": "i", "volumes": [f"{GENERATED}/keystone/etc/init:/init:ro"]}}},
                     root=str(tmp_path), kolla_config={"/var/lib/kolla/config_files/k.json": {"command": "run"}},
                     scripts={"boot.sh": Script("true\n", "0700")})


def done(plan, volumes, generation="g"):
    """Put, and what the node's state then says: (changed keys, {key: state})."""
    changed = put(plan, pieces(plan, volumes), generation, str)
    return changed, VolumeStates.read(NodePaths(plan.stack, plan.root).volume_states).volumes


def words(state):
    return [delta.words for delta in state.deltas]


ALL = {"volume:keystone", "volume:keystone/etc/init", "kolla:k.json", "script:boot.sh"}


def test_everything_is_put_where_containers_look_for_it(plan, tmp_path):
    changed, states = done(plan, {"keystone": KEYSTONE})
    assert changed == {"volume:keystone": 4, "kolla:k.json": 1, "script:boot.sh": 1}
    assert set(states) == ALL and {state.generation for state in states.values()} == {"g"}
    assert from_directory(tmp_path / GENERATED[1:] / "keystone") == KEYSTONE
    kolla, script = tmp_path / "var/lib/kolla/config_files/k.json", tmp_path / "var/lib/docker-config-scripts/boot.sh"
    assert json.loads(kolla.read_text()) == {"command": "run"}
    assert [stat.S_IMODE(path.stat().st_mode) for path in (kolla, script)] == [0o600, 0o700]


def test_put_twice_changes_nothing(plan):
    _, before = done(plan, {"keystone": KEYSTONE})
    changed, after = done(plan, {"keystone": KEYSTONE}, "g2")
    assert changed == {}
    assert {key: msgspec.structs.replace(state, generation="g") for key, state in after.items()} == before


@pytest.mark.parametrize(("path", "content", "moved"), [
    ("etc/k.conf", b"[a]\nx=2\n", {"volume:keystone": ["k.conf [a] x 1 → 2"]}),
    ("etc/init/boot", b"c", {"volume:keystone": ["etc/init/boot: - b", "etc/init/boot: + c"],
                             "volume:keystone/etc/init": ["boot: - b", "boot: + c"]}),
    ("etc/x.builder", b"1", {}),
])
def test_what_changes_since_and_in_words(plan, path, content, moved):
    _, before = done(plan, {"keystone": KEYSTONE})
    other = ConfigTree({**KEYSTONE.files, path: File("file", 0o640, 0, 0, content)})
    looked = preview(plan, pieces(plan, {"keystone": other}), VolumeStates(before), 9e9, str)
    changed, after = done(plan, {"keystone": other})
    assert changed == {"volume:keystone": 1}
    assert {key: words(state) for key, state in after.items() if state.since != before[key].since} == moved
    assert {key: words(state) for key, state in looked.items() if state.since == 9e9} == moved


def test_what_was_there_before_stays_on_the_node_until_the_next_change(plan, tmp_path):
    def old(key):
        path = NodePaths(plan.stack, plan.root).old(key)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        return from_tar(path.read_bytes())

    later = with_file(KEYSTONE, "etc/k.conf", content=b"[a]\nx=2\n")
    done(plan, {"keystone": KEYSTONE})
    assert not NodePaths(plan.stack, plan.root).old("volume:keystone").exists()
    for _ in range(2):  # the second one changes nothing
        done(plan, {"keystone": later})
        assert old("volume:keystone") == KEYSTONE
    (tmp_path / GENERATED[1:] / "keystone/etc/k.conf").write_text("by hand")
    done(plan, {"keystone": later})
    assert old("volume:keystone") == KEYSTONE, "what a hand left is kept elsewhere"
    done(plan, {})
    assert not NodePaths(plan.stack, plan.root).old("volume:keystone").exists()


def test_a_preview_changes_nothing(plan, tmp_path):
    preview(plan, pieces(plan, {"keystone": KEYSTONE}), VolumeStates(), 1.0, str)
    assert list(tmp_path.iterdir()) == []


def test_what_was_changed_by_hand_is_put_right(plan, tmp_path):
    _, before = done(plan, {"keystone": KEYSTONE})
    (tmp_path / GENERATED[1:] / "keystone/etc/k.conf").write_text("[a]\nx=9\n")
    changed, after = done(plan, {"keystone": KEYSTONE})
    assert changed == {"volume:keystone": 1}
    assert words(after["volume:keystone"]) == ["k.conf [a] x 9 → 1"]
    assert after["volume:keystone"].since > before["volume:keystone"].since


def test_killed_before_the_state_was_written(plan):
    """The files are new, the state is old: containers may run the old ones, so the volume counts as changed."""
    _, before = done(plan, {"keystone": KEYSTONE})
    other = with_file(KEYSTONE, "etc/k.conf", content=b"[a]\nx=2\n")
    saved = NodePaths(plan.stack, plan.root).volume_states.read_bytes()
    done(plan, {"keystone": other})
    NodePaths(plan.stack, plan.root).volume_states.write_bytes(saved)
    changed, after = done(plan, {"keystone": other})
    assert changed == {}
    assert after["volume:keystone"].since > before["volume:keystone"].since


def test_killed_while_it_wrote(plan, tmp_path):
    """One of two changes is on the disk already: the other alone must not look like all that containers lack."""
    done(plan, {"keystone": KEYSTONE})
    paths = NodePaths(plan.stack, plan.root)
    other = with_file(with_file(KEYSTONE, "etc/k.conf", content=b"[a]\nx=2\n"), "etc/init/boot", content=b"c")
    states = VolumeStates.read(paths.volume_states)
    changed = preview(plan, pieces(plan, {"keystone": other}), states, 9e9, str)
    assert "k.conf [a] x 1 → 2" in words(changed["volume:keystone"])
    intend(states, "volume:keystone", changed["volume:keystone"].deltas)
    states.write(paths.volume_states)
    (tmp_path / GENERATED[1:] / "keystone/etc/k.conf").write_text("[a]\nx=2\n")
    _, after = done(plan, {"keystone": other})
    assert "k.conf [a] x 1 → 2" in words(after["volume:keystone"])
    assert after["volume:keystone"].intended == ()


def test_what_no_service_wants_any_more_goes_and_what_is_not_ours_stays(plan, tmp_path):
    done(plan, {"keystone": KEYSTONE, "nova": tree(a="x")})
    strangers = [tmp_path / GENERATED[1:] / "other/file", tmp_path / "var/lib/kolla/config_files/other.json"]
    for path in strangers:
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    _, states = done(msgspec.structs.replace(plan, kolla_config={}, scripts={}), {"nova": tree(a="x")})
    assert set(states) == {"volume:nova"}
    assert not (tmp_path / GENERATED[1:] / "keystone").exists()
    assert not (tmp_path / "var/lib/kolla/config_files/k.json").exists()
    assert not (tmp_path / "var/lib/docker-config-scripts/boot.sh").exists()
    assert all(path.exists() for path in strangers)


def test_a_part_that_nobody_mounts_any_more_stays_in_its_volume(plan, tmp_path):
    done(plan, {"keystone": KEYSTONE})
    alone = msgspec.structs.replace(plan, docker_config={3: {"api": plan.docker_config[3]["api"]}})
    changed, states = done(alone, {"keystone": KEYSTONE})
    assert changed == {} and set(states) == ALL - {"volume:keystone/etc/init"}
    assert from_directory(tmp_path / GENERATED[1:] / "keystone") == KEYSTONE
