"""A plan that was looked at, kept in a file, and done later: exactly that, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from treadle.errors import InputError
from treadle.files import read_document, write_private
from treadle.node import Preview, Verbs
from treadle.rollout.deploy import Deploy

VERSION = 1


class SavedNode(msgspec.Struct, frozen=True):
    """What a node held and ran when the plan was made, and what is to be done to it, in order and words.

    ``containers`` are the ids and states of those that were there, ``images`` the ids of those to be used.
    """

    held: str
    images: dict[str, str]
    containers: dict[str, str]
    actions: list[str]
    configuration: list[str]
    puppet: list[str]


class SavedPlan(msgspec.Struct, frozen=True):
    """The document of ``--plan-out``. It holds no secret."""

    stack: str
    generation: str
    message: str
    nodes: dict[str, SavedNode]
    version: int = VERSION

    def write(self, path: Path) -> None:
        write_private(path, msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")

    @classmethod
    def read(cls, path: Path, stack: str) -> SavedPlan:
        """Raises InputError for a file that is no plan of ``stack``."""
        found = read_document(path, cls)
        if found is None:
            raise InputError("there is no such file", source=path, key="--plan")
        if found.version != VERSION or found.stack != stack:
            raise InputError(f"is a plan of the stack {found.stack}, version {found.version}; "
                             f"expected {stack}, version {VERSION}", source=path, key="--plan",
                             hint=f"--stack {found.stack}, or make a plan anew: --plan-out")
        return found


def saved(deploy: Deploy) -> SavedPlan:
    """The plan of a deploy that was prepared and recorded."""
    assert deploy.generation is not None
    nodes = {preview.node: _node(agent, preview)
             for agent, preview in zip(deploy.agents, deploy.previews, strict=True)}
    return SavedPlan(deploy.state.stack, deploy.generation.id, deploy.message, nodes)


def _node(agent: Verbs, preview: Preview) -> SavedNode:
    there = {name: f"{c.id} {c.state}" for name, c in sorted(agent.observed().items())}
    return SavedNode(agent.held().generation, agent.images(), there,
                     [f"step {action.step}: {action}" for action in preview.changes],
                     [f"{key}: {word}" for key, words in sorted(preview.configuration.items()) for word in words],
                     list(preview.puppet))


def require_same(plan: SavedPlan, now: SavedPlan) -> None:
    """Raise InputError that names everything in which the world moved away from ``plan``."""
    moved = [f"  {node}: {line}" for node in sorted({*plan.nodes, *now.nodes})
             for line in _moved(plan.nodes.get(node), now.nodes.get(node))]
    if moved:
        raise InputError("the world moved since the plan was made:\n" + "\n".join(moved), key="--plan",
                         hint="nothing was done. Make a plan anew: openstack overcloud deploy --plan-out FILE")


def _moved(old: SavedNode | None, new: SavedNode | None) -> Iterable[str]:
    if old is None or new is None:
        yield "is a node of one of them alone"
        return
    if old.held != new.held:
        yield f"held generation {old.held[:12] or '(none)'}, and holds {new.held[:12] or '(none)'}"
    for what, before, after in (("the image", old.images, new.images),
                                ("the container", old.containers, new.containers)):
        for name in sorted(before.keys() | after.keys()):
            was, now = before.get(name, "not there"), after.get(name, "not there")
            if was != now:
                yield f"{what} {name} was {was} and is {now}"
    for before_lines, after_lines in ((old.actions, new.actions), (old.configuration, new.configuration),
                                      (old.puppet, new.puppet)):
        yield from _lines(before_lines, after_lines)


def _lines(before: Sequence[str], after: Sequence[str]) -> Iterable[str]:
    yield from (f"no more to do: {line}" for line in before if line not in after)
    yield from (f"to do besides: {line}" for line in after if line not in before)
