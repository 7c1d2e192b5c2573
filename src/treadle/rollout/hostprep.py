"""host_prep_tasks: the services' own Ansible tasks, run by Ansible before anything else is put on a node."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from treadle.engine import canonical
from treadle.errors import StepFailed
from treadle.events import Events
from treadle.plan.folders import plain
from treadle.plan.nodeplan import NodePlan


def digest(plan: NodePlan) -> str:
    """What the tasks' outcome depends on."""
    return hashlib.blake2b(canonical([plan.host_prep_tasks, plan.root]), digest_size=20).hexdigest()


def run(plan: NodePlan, events: Events) -> int:
    """Run the node's tasks; gives how many changed something. Raises StepFailed.

    The first ones, as far as they make folders and nothing else, are done here; the rest by ansible-runner, which takes
    a quarter of a second for each folder.
    """
    if not plan.host_prep_tasks:
        return 0
    with events.span("host_prep", f"{len(plan.host_prep_tasks)} host_prep_tasks", node=plan.node):
        changed, rest = 0, list(plan.host_prep_tasks)
        while rest and (paths := plain(rest[0], plan.root)) is not None:
            changed += _make(rest.pop(0), paths, plan, events)
        return changed + (_by_ansible(plan, rest, events) if rest else 0)


def _make(task: Mapping[str, Any], paths: Iterable[Path], plan: NodePlan, events: Events) -> bool:
    """Whether one of the folders was not there."""
    made = [path for path in paths if not path.is_dir()]
    for path in made:
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StepFailed(f"host_prep_tasks failed on {plan.node}\n  | {task.get('name', '?')} ({path}): "
                             f"{error.strerror}", hint="correct the task or the node, then run the same deploy again"
                             ) from error
    events.emit("host_prep.task", str(task.get("name", "")), node=plan.node, changed=bool(made))
    return bool(made)


def _by_ansible(plan: NodePlan, tasks: list[dict[str, Any]], events: Events) -> int:
    """How many of the tasks changed something."""
    import ansible_runner

    play = [{"name": f"Host preparation of {plan.node}", "hosts": plan.node, "gather_facts": _need_facts(plan),
             "any_errors_fatal": True, "tasks": tasks}]
    variables = {"treadle_root": plan.root, "role_name": plan.role, "stack_name": plan.stack,
                 "ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    failed: list[str] = []
    changed: list[bool] = []
    items: list[str] = []  # of the task that runs: its own failure says no more than that one of them failed

    def heard(event: Mapping[str, Any]) -> None:  # gives no True: then the runner writes no results to disk
        data = event.get("event_data", {})
        if event["event"] == "runner_item_on_failed":
            items.append(_failure(data))
        elif event["event"] in ("runner_on_failed", "runner_on_unreachable"):
            failed.extend([] if data.get("ignore_errors") else items or [_failure(data)])
            items.clear()
        elif event["event"] == "runner_on_ok":
            changed.append(bool(data.get("res", {}).get("changed")))
            events.emit("host_prep.task", data.get("task", ""), node=plan.node, changed=changed[-1])

    with tempfile.TemporaryDirectory(prefix="treadle-host-prep-") as folder:
        done = ansible_runner.run(
            private_data_dir=folder, playbook=play, quiet=True, event_handler=heard,
            inventory={"all": {"hosts": {plan.node: variables}}},
            envvars={"ANSIBLE_HOST_KEY_CHECKING": "False", "ANSIBLE_RETRY_FILES_ENABLED": "False",
                     "PATH": _bound(Path(folder))})
        if done.status != "successful":
            said = "\n".join(f"  | {line}" for line in failed) or f"  | {_end_of_output(done)}"
            raise StepFailed(f"host_prep_tasks failed on {plan.node} ({done.status})\n{said}",
                             hint="correct the task or the node, then run the same deploy again")
    return sum(changed)


def _bound(folder: Path) -> str:
    """A PATH whose ansible-playbook ends when this process does, however it ends.

    The runner gives it a terminal and a session of its own and lets it ignore the hang-up, so that nothing else
    would tell it.
    """
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
    script = folder / "bin/ansible-playbook"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec setpriv --pdeathsig KILL {shutil.which(script.name, path=path)} "$@"\n')
    script.chmod(0o700)
    return f"{script.parent}:{path}"


def _failure(data: Mapping[str, Any]) -> str:
    """``task: what it said``."""
    result = data.get("res", {})
    item = f" ({result['item']})" if "item" in result else ""
    said = "; ".join(str(result[key]) for key in ("msg", "stderr") if result.get(key))
    return f"{data.get('task', '?')}{item}: {said or result}"


def _end_of_output(done: Any) -> str:
    return "\n  | ".join(Path(done.stdout.name).read_text().splitlines()[-10:])


def _need_facts(plan: NodePlan) -> bool:
    """Gathering facts costs half a second; only tasks that name one need them."""
    return "ansible_facts" in str(plan.host_prep_tasks) or "ansible_distribution" in str(plan.host_prep_tasks)
