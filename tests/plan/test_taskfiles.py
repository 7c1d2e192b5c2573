"""Shared task files become part of the plan."""

import pytest

from treadle.errors import PlanError
from treadle.plan.taskfiles import inlined

FILES = {"update_tasks/pull.yaml": [{"command": "docker pull {{ image }}", "when": "step|int == 2"}],
         "update_tasks/all.yaml": [{"import_tasks": "update_tasks/pull.yaml"}],
         "update_tasks/self.yaml": [{"block": [{"import_tasks": "update_tasks/self.yaml"}]}],
         "update_tasks/broken.yaml": {"a": "map"}}


def test_an_import_is_a_block_of_the_files_tasks():
    task = {"name": "pull", "import_tasks": "update_tasks/pull.yaml", "vars": {"image": "a"}, "when": "b"}
    block = {"name": "pull", "vars": {"image": "a"}, "when": "b", "block": FILES["update_tasks/pull.yaml"]}
    assert inlined([task, {"command": "c"}], FILES, "here") == [block, {"command": "c"}]
    nested = {"ansible.builtin.import_tasks": {"file": "update_tasks/all.yaml"}}
    assert inlined([{"always": [nested]}], FILES, "here") == [
        {"always": [{"block": [{"block": FILES["update_tasks/pull.yaml"]}]}]}]


def test_what_is_no_shared_file_is_left_to_ansible():
    tasks = [{"import_tasks": "/srv/mine.yaml"}, {"include_tasks": "update_tasks/pull.yaml"}]
    assert inlined(tasks, FILES, "here") == tasks


@pytest.mark.parametrize(("task", "said"), [
    ({"import_tasks": "update_tasks/pul.yaml"}, r"there is no file update_tasks/pul.yaml.*update_tasks/pull.yaml"),
    ({"import_tasks": "update_tasks/pull.yaml", "with_items": [1]}, "cannot have with_items"),
    ({"import_tasks": "update_tasks/self.yaml"}, "imports itself"),
    ({"import_tasks": "update_tasks/broken.yaml"}, "expected a list of Ansible tasks"),
    ("docker pull", "expected an Ansible task"),
])
def test_what_cannot_be_is_an_error_that_says_where(task, said):
    with pytest.raises(PlanError, match=said) as caught:
        inlined([task], FILES, "role Controller.update_tasks")
    assert caught.value.key
