"""Small pieces of a cloud that many tests build on: a node plan, trees, containers as the engine lists them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from treadle.engine import NAME, NODE, STACK, Observed
from treadle.events import Event, Events
from treadle.generate.tree import ConfigTree, File
from treadle.plan.containers import parse_container
from treadle.plan.nodeplan import NodePlan
from treadle.plan.nodes import Node
from treadle.propagate import Delta, Revision, VolumeState

KEY = "11" * 32
EMPTY = NodePlan(
    stack="test", node="node-0", role="Controller", address="192.0.2.1", hieradata={}, hierarchy=[], puppet_configs=[],
    puppet_modules={}, step_config="", kolla_config={}, docker_config={step: {} for step in range(1, 6)}, scripts={},
    docker_puppet_tasks={step: [] for step in range(1, 6)}, host_prep_tasks=[], listens={}, addresses=[], owners={},
    secrets={}, fingerprint_key=KEY)


def node_plan(containers: dict[int, dict[str, dict[str, Any]]] | None = None, **fields: Any) -> NodePlan:
    """A node plan; ``containers`` as templates have them: ``{step: {name: entry}}``."""
    parsed = {step: {name: parse_container(name, entry, f"docker_config.step_{step}") for name, entry in found.items()}
              for step, found in (containers or {}).items()}
    return msgspec.structs.replace(EMPTY, docker_config={**EMPTY.docker_config, **parsed}, **fields)


def node(name: str = "node-0", role: str = "Controller", address: str = "192.0.2.1", **fields: Any) -> Node:
    return Node(name, role, address, **fields)


def tree(*folders: str, **contents: str | bytes) -> ConfigTree:
    """``tree("etc", **{"etc/a.conf": "x"})``: folders 0755, files 0640, all of root."""
    files = {path: File("dir", 0o755, 0, 0) for path in folders}
    files.update({path: File("file", 0o640, 0, 0, text.encode() if isinstance(text, str) else text)
                  for path, text in contents.items()})
    return ConfigTree(files)


def with_file(given: ConfigTree, path: str, **fields: Any) -> ConfigTree:
    """The tree with some fields of one entry replaced."""
    return ConfigTree({**given.files, path: replace(given.files[path], **fields)})


def observed(name: str, state: str = "running", status: str = "Up 2 minutes", *, image: str = "sha256:one",
             created: float = 100.0, **labels: str) -> Observed:
    """A container as the engine lists it."""
    return Observed(f"id-{name}", name, image, state, status,
                    {STACK: "test", NODE: "node-0", NAME: name, **labels}, created)


class Heard(list[Event]):
    """Collects the events that a test's subject emits."""

    def events(self) -> Events:
        return Events(self.append)

    def kinds(self) -> list[str]:
        return [event.kind for event in self]


def state(*revisions: tuple[float, str, list[str | Delta]], generation: str = "g", **fields: Any) -> VolumeState:
    """A piece of configuration by its revisions: (when, fingerprint, how it differed from what was before)."""
    found = tuple(Revision(at, generation, fingerprint, tuple(d if isinstance(d, Delta) else Delta(d) for d in deltas))
                  for at, fingerprint, deltas in revisions)
    return VolumeState(found[-1].fingerprint, generation, found, **fields)
