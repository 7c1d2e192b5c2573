"""Which part of a difference is meant: from which generation on, of which nodes, of which service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from treadle.errors import InputError, nearest
from treadle.history import History, Recorded, parsed
from treadle.history.difference import Difference, PaperChange
from treadle.rollout.pipeline import where
from treadle.rollout.review import Consequence, Line
from treadle.rollout.state import StackState


def compared(state: StackState, history: History, new: Recorded) -> tuple[Recorded | None, str]:
    """What ``new`` is compared with where nothing is named, and why that: what the nodes hold (the oldest, where they
    hold several); its parent where they hold nothing; None where it has none."""
    held = where(state).values() if state.planned else []
    there = {one.base if one.services else one.generation for one in held} - {""}
    order = [one.id for one in history.log(_MANY)]
    known = sorted((one for one in there if one in order), key=order.index)
    if known:
        several = "; the nodes hold different ones, this is the oldest" if len(known) > 1 else ""
        return history.at(known[-1]), f" (from what the nodes hold{several})"
    parents = history.find(new.id).parents
    return (history.at(parents[0]), " (from the one before: the nodes hold none)") if parents else (None, "")


_MANY = 1_000_000


def narrowed(old: Recorded | None, new: Recorded, names: Sequence[str], role: str) -> list[str]:
    """The nodes that are meant. Raises InputError, with the nearest name, for a node or a role that there is not."""
    known = list(dict.fromkeys([*new.nodes, *(old.nodes if old else [])]))
    for name in names:
        if name not in known:
            raise InputError(f"no node is called {name}{nearest(name, known)}", key="--node",
                             hint=f"nodes: {', '.join(known)}")
    if not role:
        return [node for node in known if not names or node in names]
    roles = {node: head.get("role", "") for one in (old, new) if one for node, head in heads(one).items()}
    if role not in roles.values():
        raise InputError(f"no node has the role {role}{nearest(role, set(roles.values()))}", key="--role",
                         hint=f"roles: {', '.join(sorted(set(roles.values())))}")
    return [node for node in known if roles.get(node) == role and (not names or node in names)]


def heads(recorded: Recorded) -> dict[str, Mapping[str, Any]]:
    """``{node: its plan.json}``, secrets masked."""
    listed = recorded.repository.listing(recorded.id, "documents")
    ids = {node: listed[path].id for node in recorded.nodes if (path := f"documents/{node}/plan.json") in listed}
    texts = recorded.repository.blobs(ids.values())
    return {node: parsed(texts[oid]) for node, oid in ids.items()}


@dataclass(frozen=True)
class OfService:
    """The config volumes and containers of one service."""

    volumes: frozenset[str]
    containers: frozenset[str]

    def narrow(self, one: Difference) -> Difference:
        """What of ``one`` is the service's: its volumes, and the documents that name its containers."""
        return replace(one, files=tuple(file for file in one.files if file.volume in self.volumes),
                       volumes=tuple(volume for volume in one.volumes if volume.volume in self.volumes),
                       papers=tuple(paper for paper in one.papers if self._paper(paper)))

    def _paper(self, paper: PaperChange) -> bool:
        name = paper.name.removeprefix("kolla_config/").removesuffix(".json")
        return paper.name.startswith("containers/") or name in self.containers

    def lines(self, found: Sequence[Line]) -> tuple[Line, ...]:
        """Without other services' containers, and without secrets that no line of this one's names."""
        kept = [line for line in found if line.group not in ("containers", "secrets")
                or (line.group == "containers" and line.words.split(" ")[0].rstrip(":") in self.containers)]
        said = "\n".join(line.words for line in kept)
        return (*kept, *(line for line in found if line.group == "secrets" and f":{line.words.split(' ')[0]}@" in said))

    def consequence(self, one: Consequence) -> Consequence:
        if one.preview is None:
            return one
        return replace(one, preview=replace(one.preview, puppet=(), actions=tuple(
            action for action in one.preview.actions if action.name in self.containers)))


def of_service(one: Difference, service: str) -> OfService:
    """Raises InputError, with the nearest name, for a service that no node has."""
    owners: dict[str, str] = {}
    for recorded in (one.old, one.new):
        for head in heads(recorded).values() if recorded else []:
            owners.update(head.get("owners", {}))
    mine = [key for key, owner in owners.items() if owner == service]
    if not mine:
        raise InputError(f"no service is called {service}{nearest(service, set(owners.values()))}", key="--service",
                         hint=f"services: {', '.join(sorted(set(owners.values())))}")
    return OfService(frozenset(key.removeprefix("volume ") for key in mine if key.startswith("volume ")),
                     frozenset(key.removeprefix("container ") for key in mine if key.startswith("container ")))
