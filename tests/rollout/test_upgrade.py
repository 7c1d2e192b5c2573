"""Real Ansible runs a fast-forward upgrade and an upgrade, on nodes that are folders of the test's own: the order of
every task on every node is the table's."""

import multiprocessing
import time
from types import SimpleNamespace

import pytest

from tests.support import Heard, node_plan
from treadle.rollout.lifecycle import Kept, Lifecycle, current
from treadle.rollout.reach import Reach
from treadle.rollout.stages import DEPLOY, by_role, fast_forward, upgrade
from treadle.rollout.state import StackState
from treadle.rollout.tasks import TasksFailed
from treadle.rollout.upgrade import Upgrade, untagged

ROLES = {"control-0": "Controller", "control-1": "Controller", "compute-0": "Compute"}
RELEASES = ["ocata", "pike", "queens"]


def note(words, *when, **more):
    """Appends a line ``NODE WORDS`` to the one file of all nodes."""
    return {"name": words, "when": list(when), **more,
            "shell": f"echo \"{{{{ inventory_hostname }}}} {words}\" >> {{{{ treadle_root }}}}/../notes"}


CONTROL = [
    {"name": "found", "set_fact": {"enabled": True}, "when": ["step|int == 0", "release == 'ocata'"]},
    note("check {{ release }}", "step|int == 0"),
    note("stop", "step|int == 1", "release == 'ocata'", "enabled|bool"),
    note("repository {{ release }}", "step|int == 3", "ffu_packages_apply|bool"),
    note("sync {{ release }}", "step|int == 8", "is_bootstrap_node|bool"),
    note("migrate {{ release }} of {{ ffu_releases | join('+') }}", "step|int == 9"),
    {"name": "as a block", "when": "step|int == 4", "block": [note("first"), note("second", "release == 'pike'")]},
]
COMPUTE = [note("agent {{ step }}", "step == '2' or step|int == 5"),
           note("may fail", "step|int == 1", "release == 'pike'")]
LAST = [note("last {{ release }} {{ tripleo_role_name }}"),
        note("repository {{ release }}", "ffu_packages_apply|bool", tags=["repositories"])]
#: (node or nodes of one task, its words). Nodes of one task may come in any order.
TABLE = [
    ("control-0 control-1", "check ocata"),
    ("control-0 control-1", "stop"),
    ("compute-0", "agent 2"),
    ("control-0", "repository ocata"),
    ("control-0", "first"),
    ("compute-0", "agent 5"),
    ("control-0", "sync ocata"),
    ("control-0", "migrate ocata of ocata+pike"),
    ("control-0 control-1", "check pike"),
    ("compute-0", "may fail"),
    ("compute-0", "agent 2"),
    ("control-0", "repository pike"),
    ("control-0", "first"),
    ("control-0", "second"),
    ("compute-0", "agent 5"),
    ("control-0", "sync pike"),
    ("control-0", "migrate pike of ocata+pike"),
    ("control-0 control-1", "last queens Controller"),
    ("control-0 control-1", "repository queens"),
    ("compute-0", "last queens Compute"),
    ("compute-0", "repository queens"),
]


@pytest.fixture
def cloud(tmp_path):
    """Gives ``(work, lines, heard)``: an upgrade of given stages, and what its tasks have written."""
    state = StackState(tmp_path / "state", "s")
    notes = tmp_path / "notes"
    for name in ROLES:
        (tmp_path / name).mkdir()

    def make(stages, tasks, releases=(), first="control-0", **more):
        plans = [node_plan(node=name, role=role, root=str(tmp_path / name), tasks=tasks[role])
                 for name, role in ROLES.items()]
        heard = Heard()
        found = current(state) or Lifecycle(state, Kept("ffwd-upgrade", "g", releases=list(releases)))
        recorded = SimpleNamespace(plans=lambda: plans)
        return Upgrade(state, found, recorded, stages, {"Controller": first, "Compute": "compute-0"},
                       Reach(state, heard.events()), heard.events(), **more), heard

    return SimpleNamespace(make=make, lines=lambda: notes.read_text().splitlines() if notes.exists() else [],
                           state=state, folder=tmp_path)


def require(lines, table):
    """Raises AssertionError unless ``lines`` are the table's, in its order."""
    for nodes, words in table:
        mine, lines = lines[:len(nodes.split())], lines[len(nodes.split()):]
        assert sorted(mine) == sorted(f"{node} {words}" for node in nodes.split())
    assert lines == []


FFU = {"Controller": {"fast_forward_upgrade_tasks": CONTROL, "fast_forward_post_upgrade_tasks": LAST},
       "Compute": {"fast_forward_upgrade_tasks": COMPUTE, "fast_forward_post_upgrade_tasks": LAST}}


def test_three_releases_stop_at_a_failure_and_go_on_where_it_was_with_what_was_found_out(cloud):
    stages = fast_forward(by_role(ROLES, set(ROLES)), RELEASES)
    broken = note("may fail", "step|int == 1", "release == 'pike'",
                  failed_when="not (lookup('file', treadle_root ~ '/../repaired', errors='ignore') or '')")
    tasks = {**FFU, "Compute": {**FFU["Compute"], "fast_forward_upgrade_tasks": [COMPUTE[0], broken]}}
    work, heard = cloud.make(stages, tasks, RELEASES)
    order = work.order()
    assert order[0] == "fast_forward_upgrade_tasks (release ocata, step 0) on control-0, control-1"
    with pytest.raises(TasksFailed, match=r"\(release pike, step 1\) failed on compute-0"):
        work.run()
    require(cloud.lines(), TABLE[:10])
    did = "did fast_forward_upgrade_tasks (release pike, step 0)"
    assert [str(one).partition(": may fail")[0] for one in work.standings()] == [
        f"control-0: stopped; {did}", f"control-1: stopped; {did}", f"compute-0: failed; {did}"]
    (cloud.folder / "repaired").write_text("yes")
    again, later = cloud.make(stages, tasks, RELEASES)
    assert again.begun and again.lifecycle.facts["control-0"] == {"enabled": True}
    again.run()
    require(cloud.lines(), [*TABLE[:10], *TABLE[9:]])
    assert [f"{event.text} on {event.node}" for event in (*heard, *later) if event.kind == "tasks.end"] == order
    assert [str(one) for one in again.standings()] == ["control-0: done", "control-1: done", "compute-0: done"]
    assert not cloud.make(stages, tasks, RELEASES)[0].left


def test_the_next_node_does_what_is_done_once_where_the_first_is_skipped(cloud):
    stages = fast_forward(by_role(ROLES, {"control-1"}), RELEASES[:2])
    cloud.make(stages, FFU, RELEASES[:2], first="control-1")[0].run()
    require(cloud.lines(), [("control-1", words) for words in (
        "check ocata", "stop", "repository ocata", "first", "sync ocata", "migrate ocata of ocata",
        "last pike Controller", "repository pike")])


def test_one_that_was_killed_goes_on_with_the_step_it_was_in(cloud):
    tasks = {"Controller": {"upgrade_tasks": [
        note("before", "step|int == 1"), note("begun", "step|int == 2"),
        {"name": "wait", "when": "step|int == 2", "shell": "test -e {{ treadle_root }}/../go || sleep 60"},
        note("after", "step|int == 3")]}}
    stages = upgrade({"Controller": ["control-1"]})[:-5]

    def make():
        return cloud.make(stages, {**tasks, "Compute": {}}, first="control-1")[0]

    deployer = multiprocessing.get_context("fork").Process(target=make().run)
    deployer.start()
    until = time.monotonic() + 60
    while cloud.lines() != ["control-1 before", "control-1 begun"]:
        assert time.monotonic() < until
        time.sleep(0.1)
    deployer.kill()
    deployer.join()
    (cloud.folder / "go").touch()
    make().run()
    require(cloud.lines(), [("control-1", words) for words in ("before", "begun", "begun", "after")])


UPGRADE = {
    "Controller": {"pre_upgrade_rolling_tasks": [note("rolls", "step|int == 0")],
                   "upgrade_tasks": [note("stop", "step|int == 2"), note("check", "step|int == 0")],
                   "post_upgrade_tasks": [note("start {{ step }}", "step|int == 3")]},
    "Compute": {"upgrade_tasks": [note("check", "step|int == 0"), note("tagged", tags="pre-upgrade")],
                "post_upgrade_tasks": [note("verify", "step|int == 0")]}}


def test_an_upgrade_step_by_step(cloud):
    """Without its deploy: that needs an engine."""
    stages = [stage for stage in upgrade(by_role(ROLES, set(ROLES))) if stage.section != DEPLOY]
    work, _ = cloud.make(stages, UPGRADE, skip_tags=["pre-upgrade"])
    work.run()
    require(cloud.lines(), [
        ("control-0", "rolls"), ("control-1", "rolls"),
        ("control-0 control-1", "check"), ("compute-0", "check"),
        ("control-0 control-1", "stop"),
        ("compute-0", "verify"),
        ("control-0 control-1", "start 3")])


def test_tasks_are_left_out_by_their_tags():
    tasks = [{"name": "a", "tags": "common,validation"}, {"name": "b", "tags": ["pre-upgrade"]}, {"name": "c"},
             {"name": "d", "block": [{"name": "e", "tags": "validation"}, {"name": "f"}]}]
    assert untagged(tasks, []) == tasks
    assert untagged(tasks, ["validation", "pre-upgrade"]) == [{"name": "c"}, {"name": "d", "block": [{"name": "f"}]}]
