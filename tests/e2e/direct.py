"""The executor by itself on a real engine: containers of one node without templates, Puppet or files."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tests.e2e.engine import PrivateEngine
from tests.e2e.small import IMAGE
from tests.support import Heard, node_plan
from treadle.engine import Engine
from treadle.gateway import Gateway
from treadle.instantiate import Action, Desired, Executor, Run, TakenRecord, build_desired, changes, plan
from treadle.plan.nodeplan import NodePlan

#: Ends at once when it is told to, as a service does.
SERVE = "trap 'exit 0' TERM; while :; do sleep 0.1; done"


def service(script: str = SERVE, **entry: Any) -> dict[str, Any]:
    """A docker_config entry that runs ``script``."""
    return {"image": IMAGE, "net": "none", "user": "root", "command": ["/bin/sh", "-c", script], **entry}


@dataclass
class DirectNode:
    """One node of the stack ``name``. Each call is a run of Treadle of its own, as after a kill."""

    private: PrivateEngine
    folder: Path
    name: str
    runs: dict[str, Run] = field(default_factory=dict)
    limits: dict[str, float] = field(default_factory=dict)
    heard: Heard = field(default_factory=Heard)

    def plan(self, containers: Mapping[str, Mapping[str, Any]]) -> NodePlan:
        made = node_plan({1: {name: dict(entry) for name, entry in containers.items()}})
        return msgspec.structs.replace(made, stack=self.name, root=str(self.folder), container_prefix=f"{self.name}-")

    def executor(self, containers: Mapping[str, Mapping[str, Any]]) -> Executor:
        engine, made = Engine(self.private.url), self.plan(containers)
        limits: dict[str, Any] = {"health_limit": 5.0, "settle": 0.5, **self.limits}
        return Executor(engine, Gateway(self.heard.events(), made.node), made,
                        TakenRecord.read(self.folder / "taken.json"), self.runs.__setitem__, **limits)

    def planned(self, executor: Executor) -> list[Action]:
        desired = self.desired(executor)
        observed = executor.observe()
        taken = executor.taken.times(desired.values(), observed, executor.started)
        return changes(plan(desired.values(), observed, taken, self.runs))

    def desired(self, executor: Executor) -> dict[str, Desired]:
        return build_desired(executor.plan, executor.engine.image_ids(executor.plan.images()), {})

    def deploy(self, **containers: Mapping[str, Any]) -> list[str]:
        """Sweep, plan and apply; gives what was done as ``KIND NAME``."""
        executor = self.executor(containers)
        executor.sweep()
        todo = self.planned(executor)
        executor.apply(todo)
        return [f"{action.kind} {action.name}" for action in todo]

    def states(self) -> dict[str, str]:
        """``{engine's name without the prefix: state}``."""
        lines = self.docker("ps", "-a", "--filter", f"label=treadle.stack={self.name}", "--format",
                            "{{.Names}} {{.State}}").splitlines()
        return {name.removeprefix(f"{self.name}-"): state for name, state in map(str.split, lines)}

    def id(self, name: str) -> str:
        return str(self.inspect(name)["Id"])

    def inspect(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.docker("inspect", f"{self.name}-{name}"))[0]
        return found

    def docker(self, *words: str) -> str:
        return self.private.docker(*words).stdout

    def remove(self) -> None:
        there = self.docker("ps", "-aq", "--filter", f"name=^{self.name}").split()
        if there:
            self.docker("rm", "-f", "-v", *there)


def in_background(*tasks: Any) -> Sequence[threading.Thread]:
    """Each task in a thread, begun."""
    threads = [threading.Thread(target=task, daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    return threads
