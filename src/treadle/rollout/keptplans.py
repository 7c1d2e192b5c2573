"""Node plans as the deployer keeps them: what hiera says of the whole cloud stands once, not once for each node."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from treadle.plan.nodeplan import NodePlan


class _Kept(msgspec.Struct, frozen=True):
    """``plans`` without the hiera layers that stand in ``layers``: of each plan, ``{name: where}`` of those."""

    plans: list[NodePlan]
    shared: list[dict[str, int]]
    layers: list[dict[str, Any]]


def encode(plans: Iterable[NodePlan]) -> bytes:
    """Layers that several plans share (the same object, as plans are built) are taken out of them."""
    given = list(plans)
    counts: dict[int, int] = {}
    for plan in given:
        for layer in plan.hieradata.values():
            counts[id(layer)] = counts.get(id(layer), 0) + 1
    places: dict[int, int] = {}
    layers, shared, kept = list[dict[str, Any]](), list[dict[str, int]](), list[NodePlan]()
    for plan in given:
        mine = {name: layer for name, layer in plan.hieradata.items() if counts[id(layer)] > 1}
        for layer in mine.values():
            if id(layer) not in places:
                places[id(layer)] = len(layers)
                layers.append(layer)
        shared.append({name: places[id(layer)] for name, layer in mine.items()})
        own = {name: {} if name in mine else layer for name, layer in plan.hieradata.items()}
        kept.append(msgspec.structs.replace(plan, hieradata=own))
    return msgspec.json.encode(_Kept(kept, shared, layers))


def decode(data: bytes) -> list[NodePlan]:
    """The same plans; the layers that they share are the same objects again. Raises msgspec.DecodeError."""
    if data.lstrip().startswith(b"["):  # of a version that kept each whole
        return msgspec.json.decode(data, type=list[NodePlan])
    kept = msgspec.json.decode(data, type=_Kept)
    return [msgspec.structs.replace(plan, hieradata={**plan.hieradata, **{
        name: kept.layers[place] for name, place in shared.items()}})
        for plan, shared in zip(kept.plans, kept.shared, strict=True)]
