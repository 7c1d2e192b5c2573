"""host_prep_tasks: the services' own Ansible tasks, run by Ansible before anything else is put on a node."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from treadle.engine import canonical
from treadle.errors import StepFailed
from treadle.events import Events
from treadle.node import folders
from treadle.plan.folders import plain
from treadle.plan.nodeplan import NodePlan
from treadle.rollout import tasks

_AGAIN = "correct the task or the node, then run the same deploy again"


def digest(plan: NodePlan) -> str:
    """What the tasks' outcome depends on."""
    return hashlib.blake2b(canonical([plan.host_prep_tasks, plan.root]), digest_size=20).hexdigest()


def run(plan: NodePlan, events: Events, make: Callable[[list[str]], list[str]] = folders.make,
        there: Mapping[str, Any] | None = None) -> int:
    """Run the node's tasks; gives how many changed something. Raises StepFailed. Where the node is another machine,
    ``make`` makes folders there, and ``there`` are the variables by which Ansible reaches it.

    The first ones, as far as they make folders and nothing else, need no Ansible; the rest does ansible-runner, which
    takes a quarter of a second for each folder.
    """
    if not plan.host_prep_tasks:
        return 0
    with events.span("host_prep", f"{len(plan.host_prep_tasks)} host_prep_tasks", node=plan.node):
        changed, rest = 0, list(plan.host_prep_tasks)
        while rest and (paths := plain(rest[0], plan.root)) is not None:
            changed += _make(rest.pop(0), paths, plan, events, make)
        phase = tasks.Phase("host_prep_tasks", rest, [plan])
        return changed + tasks.run([phase], {plan.node: there}.get, events, kind="host_prep", hint=_AGAIN)


def _make(task: Mapping[str, Any], paths: Iterable[Path], plan: NodePlan, events: Events,
          make: Callable[[list[str]], list[str]]) -> bool:
    """Whether one of the folders was not there."""
    try:
        made = make([str(path) for path in paths])
    except StepFailed as error:
        raise StepFailed(f"host_prep_tasks failed on {plan.node}\n  | {task.get('name', '?')} {error.message}",
                         hint=_AGAIN) from error
    events.emit("host_prep.task", str(task.get("name", "")), node=plan.node, changed=bool(made))
    return bool(made)
