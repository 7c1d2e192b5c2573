"""Tasks of role_data are run by real Ansible, on nodes that are folders of the test's own."""

import pytest

from tests.support import Heard, node_plan
from treadle.rollout import tasks
from treadle.rollout.tasks import Phase, TasksFailed, meant

NOTE = "{{ inventory_hostname }} {{ role_name }} {{ is_bootstrap_node }} {{ step }} {{ release }}"


def nodes(tmp_path, count=2):
    return [node_plan(node=f"node-{n}", root=str(tmp_path / str(n)), hieradata={
        "bootstrap_node": {"bootstrap_nodeid": "node-0"}}) for n in range(count)]


def note(words, **more):
    return {"name": f"note {words}", "shell": f"echo '{words}' >> {{{{ treadle_root }}}}/../notes", **more}


def here(_node):
    return None


def test_phases_run_one_after_the_other_with_their_own_variables(tmp_path):
    both, heard, ended = nodes(tmp_path), Heard(), []
    steps = [note(NOTE, when=f"step|int == {step}") for step in (1, 0)]
    for plan in both:
        (tmp_path / plan.root).mkdir()
    phases = [Phase("upgrade_tasks", steps, plans, {"step": step, "release": "queens"})
              for step, plans in ((0, both), (1, both[1:]), (2, both))]
    assert tasks.run(phases, here, heard.events(), finished=ended.append) == 3
    lines = (tmp_path / "notes").read_text().splitlines()
    assert sorted(lines[:2]) == ["node-0 Controller True 0 queens", "node-1 Controller False 0 queens"]
    assert lines[2:] == ["node-1 Controller False 1 queens"]
    assert ended == phases[:2]  # in step 2 is nothing to do
    assert heard.kinds() == ["tasks.begin", "tasks.task", "tasks.task", "tasks.end", "tasks.begin", "tasks.task",
                             "tasks.end"]
    assert heard[4].text == "upgrade_tasks (release queens, step 1)" and heard[4].node == "node-1"
    assert heard[5].step == "1" and heard[5].node == "node-1" and heard[5].data == {"changed": True}


def test_what_is_registered_is_known_to_later_phases(tmp_path):
    (plan,) = nodes(tmp_path, 1)
    (tmp_path / "0").mkdir()
    found = [{"name": "look", "command": "echo seen", "register": "it", "when": "step|int == 0"},
             note("{{ it.stdout }}", when=["step|int == 3", "it.rc == 0"])]
    tasks.run([Phase("update_tasks", found, [plan], {"step": step}) for step in range(6)], here, Heard().events())
    assert (tmp_path / "notes").read_text() == "seen\n"


def test_facts_are_known_to_a_later_run(tmp_path):
    (plan,) = nodes(tmp_path, 1)
    (tmp_path / "0").mkdir()
    found = [{"name": "keep", "set_fact": {"enabled": True}, "when": "step|int == 0"},
             {"name": "keep each", "set_fact": {"last": "{{ item }}"}, "with_items": ["a", "b"],
              "when": "step|int == 0"},
             note("{{ enabled }} {{ last }} {{ why }}", when=["step|int == 1", "enabled|bool"])]
    memory = {}
    tasks.run([Phase("upgrade_tasks", found, [plan], {"step": "0"})], here, Heard().events(), memory=memory)
    assert memory == {"node-0": {"enabled": True, "last": "b"}}
    later = Phase("upgrade_tasks", found, [plan], {"step": "1"}, {"why": "context"})
    assert later.title == "upgrade_tasks (step 1) on node-0"
    tasks.run([later], here, Heard().events(), memory=memory)
    assert (tmp_path / "notes").read_text() == "True b context\n"


def test_a_failure_stops_every_node_and_names_task_and_node(tmp_path):
    both, heard, ended = nodes(tmp_path), Heard(), []
    for plan in both:
        (tmp_path / plan.root).mkdir()
    refuses = {"name": "say no", "shell": "echo no way >&2; test {{ inventory_hostname }} = node-0"}
    phases = [Phase("upgrade_tasks", given, both, {"step": step})
              for step, given in ((0, [note("well")]), (1, [refuses, note("late")]), (2, [note("late")]))]
    with pytest.raises(TasksFailed) as caught:
        tasks.run(phases, here, heard.events(), finished=ended.append)
    said = str(caught.value)
    assert "upgrade_tasks (step 1) failed on node-1 (failed)" in said
    assert "node-1: say no: " in said and "no way" in said
    assert "same command again" in caught.value.hint
    assert list(caught.value.nodes) == ["node-1"] and ended == phases[:1]
    assert (tmp_path / "notes").read_text() == "well\nwell\n"
    assert heard.kinds()[-1] == "tasks.fail" and heard[-1].data["error"] in said


def test_a_node_that_is_not_reached_is_a_failure(tmp_path):
    way = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9,
           "ansible_ssh_common_args": "-o BatchMode=yes"}
    with pytest.raises(TasksFailed, match=r"update_tasks failed on node-0 .*\n.*Connection refused"):
        tasks.run([Phase("update_tasks", [note("late")], nodes(tmp_path, 1))], {"node-0": way}.get, Heard().events())


@pytest.mark.parametrize(("when", "kept"), [
    (None, True), ("step|int == 1", True), ("step|int == 2", False), (" step | int==2 ", False), ("step == 2", False),
    (["step|int == 1", "release == 'pike'"], True), (["step|int == 1", 'release == "ocata"'], False),
    # What Ansible has to decide is left to it.
    ("step|int == 2 or it", True), ("other == 'x'", True), ("step|int != 1", True), ("step|int == 'x' ~ y", True),
    (False, True), ([True, "step|int == 0"], False),
])
def test_tasks_that_the_variables_rule_out_are_not_given_to_ansible(when, kept):
    task = {"name": "a", "command": "true", "when": when}
    assert meant([task], {"step": 1, "release": "pike"}) == ([task] if kept else [])


def test_blocks_are_looked_into():
    inner = [{"command": "a", "when": "step|int == 1"}, {"command": "b", "when": "step|int == 2"}]
    assert meant([{"block": inner, "always": inner}], {"step": 1}) == [{"block": inner[:1], "always": inner[:1]}]
    assert meant([{"block": inner[1:], "always": inner[1:]}, {"command": "c"}], {"step": 1}) == [{"command": "c"}]
