"""Ansible tasks of role_data, run by Ansible on nodes: a play a phase, with the phase's variables (``step``, …)."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treadle.errors import StepFailed
from treadle.events import Events
from treadle.plan.nodeplan import NodePlan
from treadle.plan.taskfiles import LISTS

Task = Mapping[str, Any]
#: Variables of Ansible's inventory by which a node is reached; None for the deployer's own machine.
Ways = Callable[[str], Mapping[str, Any] | None]
#: Facts that tasks set, by node.
Memory = dict[str, dict[str, Any]]
_SETS = ("set_fact", "ansible.builtin.set_fact")
_HERE = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
#: A condition that the phase's variables decide: ``step|int == 1``, ``release == 'ocata'``.
_DECIDED = re.compile(r"""\s*(\w+)\s*(?:\|\s*int\s*)?==\s*(?:(\d+)|'([^'\\]*)'|"([^"\\]*)")\s*""")
_AGAIN = "correct the task or the node, then run the same command again"


@dataclass(frozen=True)
class Phase:
    """``tasks`` of the section ``section`` on the nodes of ``plans`` together, as one play with ``variables``, and with
    those of ``context``, which its title does not name."""

    section: str
    tasks: Sequence[Task]
    plans: Sequence[NodePlan]
    variables: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """``update_tasks (step 2)``."""
        given = ", ".join(f"{name} {value}" for name, value in sorted(self.variables.items()))
        return f"{self.section} ({given})" if given else self.section

    @property
    def title(self) -> str:
        """``update_tasks (step 2) on node-0, node-1``."""
        return f"{self.words} on {self.where}"

    @property
    def where(self) -> str:
        return ", ".join(plan.node for plan in self.plans)


class TasksFailed(StepFailed):
    """``nodes``: what their tasks said, for those that failed."""

    def __init__(self, message: str, nodes: Mapping[str, Sequence[str]], hint: str) -> None:
        super().__init__(message, hint=hint)
        self.nodes = nodes


def meant(tasks: Iterable[Task], variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Without the tasks that a condition on ``variables`` alone rules out: a skipped task takes Ansible 10 ms on each
    node, and a service has tasks for one step of six. Pure."""
    found = []
    for task in tasks:
        if any(_ruled_out(condition, variables) for condition in _conditions(task)):
            continue
        narrowed = {**task, **{key: meant(task[key], variables) for key in LISTS if isinstance(task.get(key), list)}}
        if "block" not in narrowed or narrowed["block"]:
            found.append(narrowed)
    return found


def _conditions(task: Task) -> Iterator[str]:
    given = task.get("when")
    yield from (one for one in (given if isinstance(given, list) else [given]) if isinstance(one, str))


def _ruled_out(condition: str, variables: Mapping[str, Any]) -> bool:
    match = _DECIDED.fullmatch(condition)
    if not match or match.group(1) not in variables:
        return False
    number, *texts = match.groups()[1:]
    return str(variables[match.group(1)]) != (number or next((text for text in texts if text is not None), ""))


def run(phases: Sequence[Phase], ways: Ways, events: Events, *, kind: str = "tasks", hint: str = _AGAIN,
        forks: int = 25, finished: Callable[[Phase], None] | None = None, memory: Memory | None = None) -> int:
    """Run the phases one after the other, all in one run of Ansible: what a task registers is known to later ones.
    Gives how many tasks changed something.

    Raises TasksFailed, with each failed task's name and what it said, as soon as a node failed: the tasks after it are
    begun on none. Phases in which nothing is to do are left out; ``finished`` is told of each that came to its end.
    Each task is an event ``KIND.task``; each phase ``tasks.begin`` and so on. Facts that tasks set are kept in
    ``memory``, and are known to tasks whose run begins with them.
    """
    todo = [(phase, tasks) for phase in phases if (tasks := meant(phase.tasks, phase.variables)) and phase.plans]
    if not todo:
        return 0
    memory = {} if memory is None else memory
    heard = _Heard([phase for phase, _ in todo], events, kind, finished, memory)
    status, said = _play([_document(phase, tasks) for phase, tasks in todo], _inventory(todo, ways, memory), heard,
                         forks)
    if status != "successful":
        phase = heard.phase or todo[0][0]
        several = len(phase.plans) > 1
        lines = [f"{node}: {line}" if several else line for node, found in heard.failed.items() for line in found]
        heard.close(failed=lines[0] if lines else status)
        told = "\n".join(f"  | {line}" for line in lines or [said])
        nodes = ", ".join(heard.failed) or phase.where
        raise TasksFailed(f"{phase.words} failed on {nodes} ({status})\n{told}", heard.failed, hint)
    heard.close()
    return heard.changed


def _document(phase: Phase, tasks: list[dict[str, Any]]) -> dict[str, Any]:
    """Gathering facts costs half a second; only tasks that name one need them."""
    facts = any(word in str(tasks) for word in ("ansible_facts", "ansible_distribution"))
    return {"name": phase.title, "hosts": [plan.node for plan in phase.plans], "gather_facts": facts,
            "any_errors_fatal": True, "vars": {**phase.context, **phase.variables}, "tasks": tasks}


def _inventory(todo: Iterable[tuple[Phase, Any]], ways: Ways, memory: Memory) -> dict[str, Any]:
    plans = {plan.node: plan for phase, _ in todo for plan in phase.plans}
    return {"all": {"hosts": {node: {**host_variables(plan), **memory.get(node, {}), **(ways(node) or _HERE)}
                              for node, plan in plans.items()}}}


def host_variables(plan: NodePlan) -> dict[str, Any]:
    """What tasks may name beside their phase's variables: the node's own, and TripleO's names of bootstrap nodes
    (``bootstrap_nodeid`` of the role, ``SERVICE_short_bootstrap_node_name``)."""
    duties = plan.hieradata.get("bootstrap_node", {})
    return {**duties, "is_bootstrap_node": duties.get("bootstrap_nodeid") == plan.node, "role_name": plan.role,
            "stack_name": plan.stack, "treadle_root": plan.root, "treadle_container_prefix": plan.container_prefix,
            "treadle_images": plan.images()}


class _Heard:
    """Ansible's events become ours. Gives no True: then the runner writes no results to disk."""

    def __init__(self, phases: Sequence[Phase], events: Events, kind: str,
                 finished: Callable[[Phase], None] | None, memory: Memory) -> None:
        self._left = list(phases)
        self._events = events
        self._kind = kind
        self._finished = finished
        self._memory = memory
        self._began = 0.0
        self.phase: Phase | None = None
        self.failed: dict[str, list[str]] = {}
        self.changed = 0
        self._items: dict[str, list[str]] = {}  # a looping task's own failure says only that one of them failed

    def __call__(self, event: Mapping[str, Any]) -> None:
        data = event.get("event_data", {})
        node, what = data.get("host", ""), event["event"]
        if what == "playbook_on_play_start":
            self.close()
            self.phase, self._began = self._left.pop(0), time.monotonic()
            self._tell("begin")
        elif what == "runner_item_on_ok":
            self._learn(node, data)
        elif what == "runner_item_on_failed":
            self._items.setdefault(node, []).append(_failure(data))
        elif what in ("runner_on_failed", "runner_on_unreachable"):
            items = self._items.pop(node, []) or [_failure(data)]
            if not data.get("ignore_errors"):
                self.failed.setdefault(node, []).extend(items)
        elif what == "runner_on_ok":
            self._learn(node, data)
            self._items.pop(node, None)
            changed = bool(data.get("res", {}).get("changed"))
            self.changed += changed
            self._events.emit(f"{self._kind}.task", data.get("task", ""), node=node, changed=changed,
                              **({"step": str(self.phase.variables["step"])}
                                 if self.phase and "step" in self.phase.variables else {}))

    def _learn(self, node: str, data: Mapping[str, Any]) -> None:
        if data.get("task_action") in _SETS:
            self._memory.setdefault(node, {}).update(data.get("res", {}).get("ansible_facts") or {})

    def close(self, failed: str = "") -> None:
        """The phase that is under way is over."""
        if self.phase is None:
            return
        if failed:
            self._tell("fail", seconds=time.monotonic() - self._began, error=failed)
        else:
            self._tell("end", seconds=time.monotonic() - self._began)
            if self._finished:
                self._finished(self.phase)
        self.phase = None

    def _tell(self, edge: str, **data: Any) -> None:
        if self._kind == "tasks" and self.phase:  # others have a span of their own
            self._events.emit(f"tasks.{edge}", self.phase.words, node=self.phase.where, **data)


def _play(plays: list[dict[str, Any]], inventory: Mapping[str, Any], heard: _Heard, forks: int) -> tuple[str, str]:
    """(how it ended, the end of what was printed)."""
    import ansible_runner

    with tempfile.TemporaryDirectory(prefix="treadle-tasks-") as folder:
        done = ansible_runner.run(
            private_data_dir=folder, playbook=plays, quiet=True, event_handler=heard, inventory=inventory, forks=forks,
            envvars={"ANSIBLE_RETRY_FILES_ENABLED": "False", "ANSIBLE_GATHERING": "smart",
                     "ANSIBLE_PIPELINING": "True",  # a task is one command of SSH, not five
                     "PATH": _bound(Path(folder))})
        printed = Path(done.stdout.name).read_text().splitlines()
        return str(done.status), "\n  | ".join(printed[-10:])


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
