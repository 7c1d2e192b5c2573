"""What a container that validates sees of a node: configuration as generated, nothing of its data, no network."""

import pytest

from tests.support import node_plan, tree
from treadle.node.validate.stage import Stage

VOLUMES = "/var/lib/config-data/puppet-generated"
TASKS = [{"name": "folders", "file": {"path": "{{ treadle_root }}{{ item }}", "state": "directory"},
          "with_items": ["/var/lib/data", "/var/log/containers/a"]}]


def staged(tmp_path, *volumes, **entry):
    (tmp_path / "node/etc").mkdir(parents=True)
    root = tmp_path / "root"
    (root / "var/lib/certs").mkdir(parents=True)
    containers = {"a": {"image": "i", "volumes": list(volumes), **entry},
                  "other": {"image": "i", "volumes": [f"{VOLUMES}/b:/etc/b:ro"]}}
    plan = node_plan({1: containers}, root=str(root), host_prep_tasks=TASKS, scripts={}, kolla_config={
        "/var/lib/kolla/config_files/a.json": {"command": "x"}})
    stage = Stage(plan, tmp_path / "stage")
    stage.lay_out({"a": tree("etc", **{"etc/a.conf": "x = 1\n"}), "b": tree(**{"b.conf": "x"})})
    return stage, plan.docker_config[1]["a"]


@pytest.mark.parametrize(("volume", "binds", "empty"), [
    (f"{VOLUMES}/a/:/src", ["STAGE/var/lib/config-data/puppet-generated/a:/src:ro"], []),
    (f"{VOLUMES}/a/etc/a.conf:/etc/a.conf:ro",
     ["STAGE/var/lib/config-data/puppet-generated/a/etc/a.conf:/etc/a.conf:ro"], []),
    (f"{VOLUMES}/none:/src:ro", [], []),
    ("/var/lib/kolla/config_files/a.json:/c.json:ro", ["STAGE/var/lib/kolla/config_files/a.json:/c.json:ro"], []),
    ("/var/lib/data:/data", [], ["/data"]), ("/var/lib/data/deep:/data:ro", [], ["/data"]),
    ("/var/log/containers/a:/var/log/a", [], ["/var/log/a"]), ("named:/data", [], ["/data"]),
    ("/var/lib/certs:/certs:ro", ["ROOT/var/lib/certs:/certs:ro"], []), ("/var/lib/certs:/certs", [], []),
    ("/var/lib/none:/none:ro", [], []), ("/dev:/dev", [], []),
])
def test_mounts(tmp_path, volume, binds, empty):
    stage, container = staged(tmp_path, volume)
    host = stage.host(container)
    told = [bind.replace(str(tmp_path / "stage"), "STAGE").replace(str(tmp_path / "root"), "ROOT")
            for bind in host["Binds"]]
    assert (told, list(host["Tmpfs"]), host["NetworkMode"]) == (binds, empty, "none")


def test_mounts_of_others_come_too(tmp_path):
    stage, container = staged(tmp_path, volumes_from=["other:ro"])
    assert stage.host(container)["Binds"] == [f"{tmp_path}/stage{VOLUMES}/b:/etc/b:ro"]


def test_an_env_file_that_is_not_there_yet_is_left_out(tmp_path):
    stage, container = staged(tmp_path, env_file=["/var/lib/none.env", "/var/lib/a.env"], environment=["B=2"])
    (tmp_path / "root/var/lib/a.env").write_text("A=1\nB=1\n")
    assert stage.environment(container) == ["A=1", "B=2"]


def test_what_is_laid_out(tmp_path):
    staged(tmp_path)
    found = {str(path.relative_to(tmp_path / "stage")) for path in (tmp_path / "stage").rglob("*") if path.is_file()}
    assert found == {"var/lib/config-data/puppet-generated/a/etc/a.conf",
                     "var/lib/config-data/puppet-generated/b/b.conf", "var/lib/kolla/config_files/a.json"}
