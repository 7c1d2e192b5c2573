"""A node from which work is kept away on purpose: drained until somebody says otherwise, whatever is deployed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from treadle.engine import NAME, NODE, STACK, Engine, Observed
from treadle.errors import StepFailed
from treadle.events import Events
from treadle.files import read_document, write_private
from treadle.node.hands import Stops
from treadle.node.service import NodeServices, services
from treadle.paths import NodePaths
from treadle.plan.containers import NodeDrain, argv_of
from treadle.plan.nodeplan import NodePlan
from treadle.plan.quantities import seconds


class Away(msgspec.Struct, frozen=True):
    """``away.json`` of a node's state. ``stopped`` are the containers that draining stopped."""

    who: str
    since: float
    why: str = ""
    stopped: list[str] = []

    def __str__(self) -> str:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self.since))
        return f"drained by {self.who} since {since}" + (f": {self.why}" if self.why else "")


def away(plan: NodePlan) -> Away | None:
    """None where the node is not drained."""
    return read_document(_path(plan), Away)


def _path(plan: NodePlan) -> Path:
    return NodePaths(plan.stack, plan.root).away


@dataclass(frozen=True)
class NodeAway:
    """What the containers of one node (``plan``'s) do to keep work away from a node, be it this one or another."""

    plan: NodePlan
    engine: Engine
    events: Events
    who: str
    why: str

    def drain(self, node: str, *, stop: bool, alone: frozenset[str] = frozenset()) -> list[str]:
        """Keep work away from ``node``; gives what was done, in words. ``stop``: where it is this node, all services
        are stopped after that. ``alone``: containers that no other node has: stopping them would leave nobody."""
        done = [f"{name}: {self._run(name, how, argv_of(how.command), node)}" for name, how in self._commands(node)]
        if node != self.plan.node:
            return done
        known = away(self.plan)
        stopped = set(known.stopped if known else ())
        for name, how in self._declaring(node):
            if how.stop and name in alone:
                done.append(f"{name} goes on: no other node has it")
            elif how.stop:
                stopped |= self._stop([name])
                done.append(f"{name} stopped")
        if stop:
            every = [name for names in services(self.plan).values() for name in names]
            stopped |= self._stop(every)
            done.append(f"{len(stopped)} containers stopped")
        note = known or Away(self.who, time.time(), self.why)
        write_private(_path(self.plan), msgspec.json.encode(msgspec.structs.replace(note, stopped=sorted(stopped))))
        return done

    def undo(self, node: str) -> list[str]:
        """Let work in again, containers that draining stopped first; gives what was done, in words."""
        known = away(self.plan) if node == self.plan.node else None
        done = []
        if known:
            self._services().do("start", [name for names in services(self.plan).values() for name in names
                                          if name in known.stopped])
            done += [f"{name} started" for name in known.stopped]
        done += [f"{name}: {self._run(name, how, argv_of(how.undo), node)}" for name, how in self._commands(node)
                 if argv_of(how.undo)]
        if known:
            _path(self.plan).unlink(missing_ok=True)
        return done

    def _declaring(self, node: str) -> Iterator[tuple[str, NodeDrain]]:
        for step in self.plan.docker_config.values():
            for name, container in step.items():
                how = container.node_drain
                if how and (how.where == "all" or node == self.plan.node):
                    yield name, how

    def _commands(self, node: str) -> Iterator[tuple[str, NodeDrain]]:
        yield from ((name, how) for name, how in self._declaring(node) if not how.stop and self._running(name))

    def _stop(self, names: Sequence[str]) -> set[str]:
        """Those that ran; what somebody stopped before stays his."""
        before = Stops(NodePaths(self.plan.stack, self.plan.root).stopped).all()
        running = [name for name in names if name not in before and self._running(name)]
        self._services().do("stop", running)
        return set(running)

    def _services(self) -> NodeServices:
        return NodeServices(self.plan, self.engine, self.events, who=self.who,
                            why=f"the node is drained{': ' + self.why if self.why else ''}")

    def _running(self, name: str) -> Observed | None:
        found = self.engine.containers({STACK: self.plan.stack, NODE: self.plan.node, NAME: name})
        return next((there for there in found if there.running), None)

    def _run(self, name: str, how: NodeDrain, argv: Sequence[str], node: str) -> str:
        there = self._running(name)
        assert there is not None
        with self.events.span("drain", f"{name}: {node}", node=self.plan.node, subject=name):
            code, said = self.engine.execute(there.id, [word.replace("{node}", node) for word in argv],
                                             limit=seconds(how.within, f"{name}.node_drain.within"))
        if code:
            raise StepFailed(f"{name} on {self.plan.node} could not keep work away from {node}, or let it in again: "
                             f"it ended with {code}: {' '.join(said.split())[-300:]}",
                             hint="correct it, then run the same command again")
        return " ".join(said.split()) or "done"
