"""host_prep_tasks are run by real Ansible, below a root in a folder of the test's own."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import Heard, node_plan
from treadle.errors import StepFailed
from treadle.events import silent
from treadle.plan.folders import folders, plain
from treadle.rollout import hostprep


def folder(path, items=None, **arguments):
    task = {"name": f"folder {path}", "file": {"path": path, "state": "directory", **arguments}}
    return {**task, "with_items": items} if items is not None else task


def test_folders_are_made_and_made_twice_is_no_change(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # Ansible is found beside this Python, not in the caller's PATH
    plan = node_plan(root=str(tmp_path), host_prep_tasks=[
        folder("{{ treadle_root }}/var/lib/{{ item.path }}", [{"path": "mysql"}, {"path": "rabbitmq"}], mode="0750"),
        {"name": "of {{ stack_name }}", "copy": {"dest": "{{ treadle_root }}/var/lib/mysql/role",
                                                 "content": "{{ role_name }}"}}])
    heard = Heard()
    assert hostprep.run(plan, heard.events()) == 2
    assert hostprep.run(plan, silent()) == 0
    assert (tmp_path / "var/lib/mysql/role").read_text() == "Controller"
    assert (tmp_path / "var/lib/rabbitmq").stat().st_mode & 0o777 == 0o750
    assert heard.kinds() == ["host_prep.begin", "host_prep.task", "host_prep.task", "host_prep.end"]
    assert [event.data["changed"] for event in heard[1:3]] == [True, True]
    assert heard[2].text == "of test"
    assert folders(plan) == [tmp_path / "var/lib/mysql", tmp_path / "var/lib/rabbitmq"]


def test_tasks_that_only_make_folders_need_no_ansible(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ansible_runner", None)  # an import of it would fail
    plan = node_plan(root=str(tmp_path), host_prep_tasks=[
        folder("{{ item }}", ["{{ treadle_root }}/var/lib/a/b", "{{ treadle_root }}/var/log/a"]),
        {"ansible.builtin.file": {"dest": "{{ treadle_root }}/var/lib/a", "state": "directory"}}])
    heard = Heard()
    assert hostprep.run(plan, heard.events()) == 1
    assert (tmp_path / "var/lib/a/b").is_dir() and (tmp_path / "var/log/a").is_dir()
    assert [event.data["changed"] for event in heard if event.kind == "host_prep.task"] == [True, False]
    assert hostprep.run(plan, silent()) == 0


def test_a_file_where_a_folder_should_be_is_named(tmp_path):
    (tmp_path / "var").write_text("a file")
    with pytest.raises(StepFailed, match=r"node-0\n.*var/lib/a.*Not a directory"):
        hostprep.run(node_plan(root=str(tmp_path), host_prep_tasks=[folder("{{ treadle_root }}/var/lib/a")]), silent())


@pytest.mark.parametrize("task", [
    folder("/var/lib/a", mode="0700"), folder("/var/lib/a", owner="mysql"), folder("/var/lib/a", recurse=True),
    {**folder("/var/lib/a"), "when": "false"}, {**folder("/var/lib/a"), "become": True},
    {**folder("/var/lib/a"), "register": "it"}, folder("/var/lib/{{ elsewhere }}"), folder("relative/a"),
    folder("{{ item }}", "{{ elsewhere }}"), {"file": {"path": "/var/lib/a", "state": "touch"}}, {"command": "true"},
    folder("/var/lib/{{ item }}", [["a", "b"]]), folder("/var/lib/{{ item.path }}", [{"path": ["a"]}]),
    folder("/var/lib/{% if x %}a{% endif %}"), {"name": "nothing"},
])
def test_what_asks_for_more_than_a_folder_is_left_to_ansible(task):
    assert plain(task, "") is None


def test_a_task_that_fails_is_named_and_nothing_after_it_is_run(tmp_path):
    plan = node_plan(root=str(tmp_path), host_prep_tasks=[
        {"name": "may fail", "command": "/bin/false", "ignore_errors": True},
        {"name": "say no", "command": "sh -c 'echo {{ item }} is impossible >&2; exit 3'", "with_items": ["this"]},
        folder("{{ treadle_root }}/var/lib/late")])
    heard = Heard()
    with pytest.raises(StepFailed) as caught:
        hostprep.run(plan, heard.events())
    said = str(caught.value)
    assert "host_prep_tasks failed on node-0" in said and "say no (this): " in said and "this is impossible" in said
    assert "may fail" not in said
    assert not (tmp_path / "var/lib/late").exists()
    assert heard.kinds()[-1] == "host_prep.fail"


def test_what_is_no_task_is_an_error_with_ansibles_words():
    with pytest.raises(StepFailed, match="no_such_module"):
        hostprep.run(node_plan(host_prep_tasks=[{"name": "x", "no_such_module": {}}]), silent())


def test_no_tasks_cost_nothing():
    heard = Heard()
    assert hostprep.run(node_plan(), heard.events()) == 0
    assert heard == []


@pytest.mark.parametrize(("task", "made"), [
    (folder("/var/lib/a"), ["/var/lib/a"]),
    (folder("/var/log/a/"), ["/var/log/a"]),
    (folder("{{ treadle_root }}/var/lib/a"), ["/var/lib/a"]),
    ({"ansible.builtin.file": {"dest": "/var/lib/a", "state": "directory"}}, ["/var/lib/a"]),
    (folder("{{ item }}", ["/var/lib/b", "/var/lib/a"]), ["/var/lib/a", "/var/lib/b"]),
    ({**folder("/var/lib/{{ item }}"), "loop": ["a", "b"]}, ["/var/lib/a", "/var/lib/b"]),
    (folder("{{ item.path }}", [{"path": "/var/lib/a", "mode": "0700"}]), ["/var/lib/a"]),
    (folder("{{ item }}", ["{{ treadle_root }}/var/lib/a"]), ["/var/lib/a"]),
    (folder("{{ item }}", ["/var/lib/a", "/var/lib/a/b", "/var/lib/ab"]), ["/var/lib/a", "/var/lib/ab"]),
    # What is not certain, or not the services' own, is never named: it would be deleted with the stack.
    (folder("/var/lib/"), []), (folder("/var/lib"), []), (folder("/var/lib/a/.."), []), (folder("/var/lib/../.."), []),
    (folder("/var/lib/../../etc"), []), (folder("/etc/a"), []), (folder("/"), []), (folder(""), []),
    (folder("/var/lib/{{ item }}", [""]), []), (folder("/var/lib/{{ item.path }}", ["a"]), []),
    (folder("/var/lib/{{ item.path }}", [{"name": "a"}]), []), (folder("/var/lib/{{ elsewhere }}"), []),
    (folder("/var/lib/{{ item }}", "{{ elsewhere }}"), []), (folder("/var/lib/{{ item }}", []), []),
    (folder("/var/lib/a", state="absent"), []), (folder("/var/lib/a", state="touch"), []),
    ({"file": "path=/var/lib/a state=directory"}, []), ({"command": "mkdir /var/lib/a"}, []),
])
def test_folders_that_hold_data(task, made):
    assert folders(node_plan(host_prep_tasks=[task])) == [Path(path) for path in made]


def test_the_digest_covers_tasks_and_root():
    plans = [node_plan(), node_plan(host_prep_tasks=[folder("/a")]), node_plan(host_prep_tasks=[folder("/b")]),
             node_plan(root="/srv/one")]
    assert len({hostprep.digest(plan) for plan in plans}) == 4
    assert hostprep.digest(node_plan()) == hostprep.digest(node_plan(node="node-1"))


def test_a_killed_deploy_leaves_no_ansible_behind(tmp_path):
    """In the middle of a long task, when nothing is written that a closed pipe could stop."""
    program = (
        "from tests.support import node_plan\nfrom treadle.events import silent\nfrom treadle.rollout import hostprep\n"
        f"hostprep.run(node_plan(root={str(tmp_path)!r}, host_prep_tasks=["
        "{'name': 'wait', 'shell': 'touch {{ treadle_root }}/begun; sleep 12'}]), silent())")
    deployer = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
    wait_until((tmp_path / "begun").exists)
    playbook = child_of(deployer.pid)
    assert "ansible-playbook" in (playbook / "cmdline").read_text()
    deployer.kill()
    deployer.wait()
    wait_until(lambda: not playbook.exists(), seconds=5)


def wait_until(true, seconds=30.0):
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


def child_of(pid):
    """The /proc folder of the first process that ``pid`` started."""
    return Path("/proc") / Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]
