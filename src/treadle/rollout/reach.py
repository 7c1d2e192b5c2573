"""How each node of a stack is reached: in process where it is the deployer's own machine, over SSH elsewhere."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from treadle.engine import Engine
from treadle.errors import Unreachable
from treadle.events import Events
from treadle.node import Verbs
from treadle.node.deployed import deployed_plan
from treadle.node.held import Held
from treadle.node.local import LocalNode
from treadle.node.wire import Hello
from treadle.plan.nodeplan import NodePlan
from treadle.plan.nodes import Node
from treadle.rollout.remote import ssh
from treadle.rollout.remote.agent import RemoteAgent
from treadle.rollout.remote.archive import Archive, archive
from treadle.rollout.remote.session import Mirror, Session
from treadle.rollout.state import StackState

#: How many nodes are worked on at a time, unless said otherwise. TripleO's own number.
FORKS = 25


class Reach:
    """``nodes`` are those of the nodes file (default: of the last deploy). ``forks``: as many nodes at a time."""

    def __init__(self, state: StackState, events: Events, nodes: Iterable[Node] | None = None, *,
                 forks: int = FORKS) -> None:
        self.state = state
        self.events = events
        self.forks = forks
        self.engine = Engine()
        self._nodes = {node.name: node for node in (state.nodes() if nodes is None else nodes)}
        self._sessions: dict[str, Session] = {}
        self._turn = threading.Lock()

    def node(self, name: str) -> Node | None:
        """As the nodes file has it."""
        return self._nodes.get(name)

    def remote(self, name: str) -> bool:
        node = self.node(name)
        return node is not None and node.remote

    def agent(self, plan: NodePlan, scratch: Path | None = None) -> Verbs:
        """The verbs of the plan's node. ``scratch``: a folder of the deployer's for what is not to be left on nodes."""
        node = self.node(plan.node)
        if node is None or not node.remote:
            return LocalNode(plan, self.engine, self.events, scratch)
        mirror = Mirror(self.state.node_log(plan.node))
        session = Session(node, Hello(plan, scratch is not None), lambda: self._archive, self.events, mirror)
        former = self._sessions.get(plan.node)
        if former:  # a session is for one plan, and one at a time changes a node
            former.close()
        self._sessions[plan.node] = session
        return RemoteAgent(plan, session, lambda: self.state.held().get(plan.node, Held()),
                           lambda held: self._learn(plan.node, held))

    def deployed(self, plan: NodePlan) -> NodePlan:
        """The plan that the plan's node was deployed with last."""
        if not self.remote(plan.node):
            return deployed_plan(plan)
        return self.agent(plan).deployed()

    def open(self, agents: Sequence[Verbs]) -> None:
        """Reach all nodes that are other machines. Raises Unreachable, which names each that is not to be had."""
        sessions = [agent.session for agent in agents if isinstance(agent, RemoteAgent)]
        with ThreadPoolExecutor(max(1, min(self.forks, len(sessions)))) as pool:
            errors = [error for error in pool.map(_refused, sessions) if error]
        if len(errors) == 1:
            raise errors[0]
        if errors:
            said = "\n".join(f"  {error.message}" for error in errors)
            raise Unreachable(f"{len(errors)} of {len(agents)} nodes cannot be reached:\n{said}", hint=errors[0].hint)

    def ansible(self, name: str) -> Mapping[str, Any] | None:
        """Variables of Ansible's inventory for a node; None for the deployer's own machine."""
        node = self.node(name)
        return ssh.ansible(node) if node is not None and node.remote else None

    def close(self) -> None:
        """Every session ends."""
        with ThreadPoolExecutor(max(1, min(self.forks, len(self._sessions)))) as pool:
            list(pool.map(Session.close, self._sessions.values()))

    @cached_property
    def _archive_once(self) -> Archive:
        return archive(self.state.folder)

    @property
    def _archive(self) -> Archive:
        with self._turn:
            return self._archive_once

    def _learn(self, node: str, held: Held) -> None:
        with self._turn:
            known = self.state.held()
            if known.get(node) != held:
                self.state.remember("held", msgspec.to_builtins({**known, node: held}))


@contextlib.contextmanager
def reaching(state: StackState, events: Events, nodes: Iterable[Node] | None = None, *,
             forks: int = FORKS) -> Iterator[Reach]:
    """A Reach for as long as a command lasts."""
    reach = Reach(state, events, nodes, forks=forks)
    try:
        yield reach
    finally:
        reach.close()


def _refused(session: Session) -> Unreachable | None:
    try:
        session.open()
    except Unreachable as error:
        return error
    return None
