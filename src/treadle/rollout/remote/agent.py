"""The verbs of a node that is another machine, as ``NodeAgent`` has them for this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from treadle.engine import Observed
from treadle.errors import Unreachable
from treadle.generate import ConfigTree
from treadle.instantiate import Action
from treadle.instantiate.drift import Seen
from treadle.node.aside import Volumes
from treadle.node.held import Held
from treadle.node.verbs import Outcome, Preview, Tolerated, Verb
from treadle.node.wire import Request, hints, packed
from treadle.plan.nodeplan import NodePlan
from treadle.rollout.remote.session import Session


class RemoteAgent:
    """Each method is one message there and one back. ``known`` gives what the node was known to hold last, ``learned``
    is told what it holds now."""

    def __init__(self, plan: NodePlan, session: Session, known: Callable[[], Held],
                 learned: Callable[[Held], None]) -> None:
        self.plan = plan
        self.session = session
        self.thorough = False
        self.only: frozenset[str] | None = None
        self._known = known
        self._learned = learned

    def _call(self, asked: str, recorded: Volumes | None = None, **arguments: Any) -> Any:
        request = Request(asked, packed(asked, arguments), self.thorough, None if self.only is None else
                          tuple(sorted(self.only)))
        return msgspec.json.decode(self.session.call(asked, request, recorded), type=hints(asked)["return"])

    def check(self) -> None:
        self._call("check")

    def preview(self, trees: Mapping[str, ConfigTree]) -> Preview:
        found: Preview = self._call("preview", trees=trees)
        return found

    def status(self) -> Preview:
        found: Preview = self._call("status")
        return found

    def left(self) -> list[Action]:
        found: list[Action] = self._call("left")
        return found

    def observed(self) -> dict[str, Observed]:
        found: dict[str, Observed] = self._call("observed")
        return found

    def images(self) -> dict[str, str]:
        found: dict[str, str] = self._call("images")
        return found

    def missing(self, wanted: Sequence[str]) -> list[str]:
        found: list[str] = self._call("missing", wanted=wanted)
        return found

    def held(self) -> Held:
        """What was known last, where the node was cut off."""
        try:
            found: Held = self._call("held")
        except Unreachable:
            return self._known()
        self._learned(found)
        return found

    def deployed(self) -> NodePlan:
        found: NodePlan = self._call("deployed")
        return found

    def deployed_trees(self, recorded: Volumes) -> dict[str, ConfigTree]:
        found: dict[str, ConfigTree] = self._call("deployed_trees", recorded)
        return found

    def tolerated(self) -> Tolerated:
        found: Tolerated = self._call("tolerated")
        return found

    def drifted(self, recorded: Volumes) -> Seen:
        found: Seen = self._call("drifted", recorded)
        return found

    def service_check(self, verb: Verb, names: Sequence[str]) -> None:
        self._call("service_check", verb=verb, names=names)

    def service_do(self, verb: Verb, names: Sequence[str], who: str, why: str, drains: bool) -> list[Outcome]:
        found: list[Outcome] = self._call("service_do", verb=verb, names=names, who=who, why=why, drains=drains)
        return found

    def drain(self, node: str, stop: bool, alone: Sequence[str], who: str, why: str) -> list[str]:
        found: list[str] = self._call("drain", node=node, stop=stop, alone=alone, who=who, why=why)
        return found

    def undrain(self, node: str, who: str, why: str) -> list[str]:
        found: list[str] = self._call("undrain", node=node, who=who, why=why)
        return found

    def sweep(self) -> None:
        self._call("sweep")

    def generate(self, keep: bool = True) -> dict[str, ConfigTree]:
        found: dict[str, ConfigTree] = self._call("generate", keep=keep)
        return found

    def make(self, wanted: Sequence[str]) -> list[str]:
        found: list[str] = self._call("make", wanted=wanted)
        return found

    def propagate(self, trees: Mapping[str, ConfigTree], generation: str, recorded: Volumes,
                  services: tuple[str, ...] = ()) -> None:
        self._call("propagate", recorded, trees=trees, generation=generation, services=services)
        self.held()

    def host(self, step: int) -> None:
        if self.plan.step_config.strip():
            self._call("host", step=step)

    def containers(self, step: int, planned: Sequence[Action]) -> int:
        if not any(action.step == step and action.kind != "none" for action in planned):
            return 0
        done: int = self._call("containers", step=step, planned=planned)
        return done

    def bootstrap(self, step: int) -> None:
        if self.plan.docker_puppet_tasks[step]:
            self._call("bootstrap", step=step)

    def instantiated(self) -> None:
        self._call("instantiated")
        self.held()

    def delete(self, data: Sequence[str] = ()) -> None:
        self._call("delete", data=data)
