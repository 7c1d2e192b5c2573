"""A cloud of three nodes is deployed, goes through three releases, and is upgraded to the last: the order of every task
on every node, run by Ansible, is the table's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.engine import PrivateEngine
from tests.e2e.several import SeveralNodes
from tests.e2e.small import IMAGE, lives

NEXT = "treadle/cron:next"
RELEASES = ["2024.1", "2024.2", "2025.1"]


def note(words: str, *when: str, **more: Any) -> dict[str, Any]:
    """Appends ``NODE WORDS`` to the one file of all nodes."""
    return {"name": words, "when": list(when), **more,
            "shell": f"echo \"{{{{ inventory_hostname }}}} {words}\" >> {{{{ treadle_root }}}}/../notes"}


def counted(words: str, *when: str) -> dict[str, Any]:
    """The same with how many of the node's containers of the stack run, and how many of them are of the next image."""
    count = ("$(docker ps -q --filter label=treadle.stack={{ stack_name }} --filter "
             "label=treadle.node={{ inventory_hostname }}FILTER | wc -l)")
    return note(f"{words} {count.replace('FILTER', '')} {count.replace('FILTER', f' --filter ancestor={NEXT}')}", *when)


#: Tasks of the role Control, whose service is ``reader``.
CONTROL = {
    "deploy_steps_tasks": [counted("deploy {{ step }}", "step|int == 1 or step|int == 3")],
    "fast_forward_upgrade_tasks": [
        {"name": "look", "set_fact": {"enabled": True}, "when": ["step|int == 0", f"release == '{RELEASES[0]}'"]},
        note("stop", "step|int == 1", f"release == '{RELEASES[0]}'", "enabled|bool"),
        note("repository {{ release }}", "step|int == 3", "ffu_packages_apply|bool"),
        note("sync {{ release }}", "step|int == 8"),
        note("rows {{ release }}", "step|int == 9", "is_bootstrap_node|bool")],
    "fast_forward_post_upgrade_tasks": [note("last {{ release }}")],
    "pre_upgrade_rolling_tasks": [note("rolls", "step|int == 0")],
    "upgrade_tasks": [counted("upgrade {{ step }}", "step|int == 0 or step|int == 3"),
                      {"import_tasks": "upgrade_tasks/stop.yaml", "when": "step|int == 2",
                       "vars": {"containers": ["reader"]}}],
    "post_upgrade_tasks": [counted("post {{ step }}", "step|int == 1")]}
#: Of the role Work, whose service is ``reloader``.
WORK = {
    "fast_forward_upgrade_tasks": [
        note("prepare {{ release }}", "step|int == 0"),
        {"name": "must be repaired", "stat": {"path": "{{ treadle_root }}/../repaired"}, "register": "repaired",
         "failed_when": "not repaired.stat.exists", "when": ["step|int == 1", f"release == '{RELEASES[1]}'"]}],
    "upgrade_tasks": [counted("upgrade {{ step }}", "step|int == 0")],
    "post_upgrade_tasks": [counted("post {{ step }}", "step|int == 0")]}
#: (numbers of the nodes that one task is for, ``d`` for the deployer; its words). Nodes of one task come in any order.
DEPLOY = [("01", "deploy 1 0 0"), ("d", "external 2"), ("01", "deploy 3 1 0"), ("d", "external at last")]
FAST_FORWARD = [
    ("2", "prepare 2024.1"),
    ("01", "stop"),
    ("0", "repository 2024.1"),
    ("0", "sync 2024.1"),
    ("0", "rows 2024.1"),
    ("2", "prepare 2024.2"),
    # Here it stops, and goes on.
    ("0", "repository 2024.2"),
    ("0", "sync 2024.2"),
    ("0", "rows 2024.2"),
    ("01", "last 2025.1")]
#: Containers that run, and those of the next image.
CONTROL_UPGRADE = [("0", "rolls"), ("1", "rolls"), ("01", "upgrade 0 1 0"), ("01", "upgrade 3 0 0"),
                   ("01", "deploy 1 0 0"), ("01", "deploy 3 1 1"), ("01", "post 1 1 1")]
WORK_UPGRADE = [("2", "upgrade 0 1 0"), ("2", "post 0 1 1")]
CONVERGE = [("01", "deploy 1 1 1"), ("d", "external 2"), ("01", "deploy 3 1 1"), ("d", "external at last")]


@dataclass
class TwoRoles(SeveralNodes):
    """Two nodes of the role Control, one of Work."""

    def write_files(self) -> None:
        super().write_files()
        for service, tasks in (("reader", CONTROL), ("reloader", WORK)):
            path = self.templates / f"{service}.yaml"
            template = yaml.safe_load(path.read_text())
            # Both roles have these: they are run once, on this machine.
            said = f"echo \"{{{{ inventory_hostname }}}} external WORDS\" >> {self.folder}/notes"
            external = {
                "external_deploy_tasks": [{"name": "of a step", "shell": said.replace("WORDS", "{{ step }}"),
                                           "when": "step|int == 2"}],
                "external_post_deploy_tasks": [{"name": "in the end", "shell": said.replace("WORDS", "at last")}]}
            template["outputs"]["role_data"]["value"].update(tasks, **external)
            path.write_text(yaml.safe_dump(template, sort_keys=False))
        roles = {"Control": "reader", "Work": "reloader"}
        self.roles_file.write_text(yaml.safe_dump([
            {"name": role, "CountDefault": 1, "tags": ["primary", "controller"] if role == "Control" else [],
             "ServicesDefault": [s.type for s in self.services if s.name == name]} for role, name in roles.items()]))
        nodes = yaml.safe_load(self.nodes_file.read_text())["nodes"]
        for node in nodes:
            node["role"] = "Work" if node is nodes[-1] else "Control"
        self.nodes_file.write_text(yaml.safe_dump({"nodes": nodes}))

    def require(self, table: Sequence[tuple[str, str]]) -> None:
        """The tasks wrote exactly this, in this order, since it was last asked."""
        path = self.folder / "notes"
        lines = path.read_text().splitlines() if path.exists() else []
        for numbers, words in table:
            mine, lines = lines[:len(numbers)], lines[len(numbers):]
            who = ["undercloud" if number == "d" else self.names[int(number)] for number in numbers]
            assert sorted(mine) == [f"{name} {words}" for name in who]
        assert lines == []
        path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def cloud(folder: Path, light_engine: PrivateEngine, number: int) -> Iterator[TwoRoles]:
    made = TwoRoles.on(number, "moves", folder / "moves", light_engine.url)
    made.write_files()
    light_engine.docker("build", "--tag", NEXT, "-", given=f"FROM {IMAGE}\nLABEL release=next\n".encode())
    made.deploy().ok()
    yield made
    made.run("openstack", "overcloud", "delete", "--stack", made.name, "--yes").ok()
    light_engine.docker("rmi", NEXT)


def inputs(cloud: TwoRoles) -> list[str]:
    return cloud.inputs(*cloud.values("next", FastForwardUpgradeReleases=RELEASES, ReaderImage=NEXT,
                                      ReloaderImage=NEXT))


def test_a_deploy_runs_the_services_own_tasks_before_each_step(cloud: TwoRoles) -> None:
    cloud.require(DEPLOY)


def test_prepare_touches_nothing(cloud: TwoRoles, light_engine: PrivateEngine) -> None:
    before = lives(light_engine, cloud)
    done = cloud.overcloud("ffwd-upgrade", "prepare", *inputs(cloud), "--message", "to 2025.1").ok()
    assert "is prepared" in done.out and f"ffwd-upgrade run --stack {cloud.name}" in done.out
    refused = cloud.overcloud("upgrade", "run", "--yes")
    assert refused.code == 1 and "the releases before are not gone through" in refused.err
    assert lives(light_engine, cloud) == before
    cloud.require([])


def test_three_releases_stop_at_a_failure_and_go_on_where_it_was(cloud: TwoRoles, light_engine: PrivateEngine) -> None:
    before = lives(light_engine, cloud)
    failed = cloud.overcloud("ffwd-upgrade", "run", "--yes", "--message", "night of the upgrade")
    assert failed.code == 1 and "(release 2024.2, step 1) failed on" in failed.err
    assert f"{cloud.names[2]}: failed; did fast_forward_upgrade_tasks (release 2024.2, step 0)" in failed.out
    assert f"{cloud.names[0]}: stopped; did fast_forward_upgrade_tasks (release 2024.1, step 9)" in failed.out
    again = f"overcloud ffwd-upgrade run --stack {cloud.name} --resume"
    assert f"go on: openstack {again}" in failed.err
    cloud.require(FAST_FORWARD[:6])
    (cloud.folder / "repaired").touch()
    done = cloud.run("openstack", *again.split(), "--yes").ok()
    assert done.out.count(": done") == 3 and f"upgrade run --stack {cloud.name}" in done.err
    cloud.require(FAST_FORWARD[6:])
    refused = cloud.overcloud("ffwd-upgrade", "run", "--resume", "--yes")
    assert refused.code == 1 and "--resume: nothing was interrupted" in refused.err
    cloud.require([])
    assert lives(light_engine, cloud) == before
    told = cloud.overcloud("audit", "-f", "value").ok().out
    assert "night of the upgrade" in told and "ffwd-upgrade run" in told


def test_then_nodes_are_upgraded_role_by_role(cloud: TwoRoles, light_engine: PrivateEngine) -> None:
    before = lives(light_engine, cloud)
    shown = cloud.overcloud("upgrade", "run", "--check", "--roles", "Control").ok().out
    assert shown.index("pre_upgrade_rolling_tasks") < shown.index("upgrade_tasks (step 2)") < \
        shown.index("the nodes' containers") < shown.index("post_upgrade_tasks") < shown.index("recreate reader")
    cloud.overcloud("upgrade", "run", "--roles", "Control", "--yes").ok()
    cloud.require(CONTROL_UPGRADE)
    after = lives(light_engine, cloud)
    assert after["2-reloader"] == before["2-reloader"] and after["0-reader"] != before["0-reader"]
    refused = cloud.overcloud("ffwd-upgrade", "converge", *inputs(cloud), "--yes")
    assert refused.code == 1 and f"not done on {cloud.names[2]}" in refused.err
    done = cloud.overcloud("upgrade", "run", "--yes").ok()
    cloud.require(WORK_UPGRADE)
    assert f"ffwd-upgrade converge --stack {cloud.name}" in done.err
    assert len(set(cloud.held())) == 1 and "" not in cloud.held()


def test_converge_ends_it(cloud: TwoRoles) -> None:
    cloud.overcloud("ffwd-upgrade", "converge", *inputs(cloud), "--yes").ok()
    cloud.require(CONVERGE)
    refused = cloud.overcloud("upgrade", "run", "--yes")
    assert refused.code == 1 and "no upgrade of" in refused.err
