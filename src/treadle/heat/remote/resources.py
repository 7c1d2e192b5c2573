"""The resources of a stack in Heat, by their paths through nested stacks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from treadle.heat.remote.client import Heat


@dataclass(frozen=True)
class RemoteResource:
    """``path`` are the resources' names from the root stack's down; ``stack`` is NAME/ID of the stack that holds it,
    ``nested`` of the stack that it is, or empty."""

    path: tuple[str, ...]
    type: str
    status: str
    reason: str
    stack: str
    nested: str

    @property
    def key(self) -> str:
        return ".".join(self.path)


def read_resources(heat: Heat, identity: str) -> list[RemoteResource]:
    """All resources of a stack and of those nested in it."""
    listed = [(found, _link(found, "stack"), _link(found, "nested")) for found in heat.resources(identity)]
    above = {_id(nested): (_id(stack), found.resource_name) for found, stack, nested in listed if nested}
    return [RemoteResource((*_path(_id(stack), above), found.resource_name), found.resource_type,
                           found.resource_status, found.resource_status_reason or "", stack, nested)
            for found, stack, nested in listed]


def _path(stack: str, above: Mapping[str, tuple[str, str]]) -> tuple[str, ...]:
    path: list[str] = []
    while stack in above:
        stack, name = above[stack]
        path.insert(0, name)
    return tuple(path)


def _link(found: Any, rel: str) -> str:
    """NAME/ID of the stack that a link of this kind leads to."""
    for link in found.links:
        if link["rel"] == rel:
            return str(link["href"].partition("/stacks/")[2])
    return ""


def _id(identity: str) -> str:
    return identity.rpartition("/")[2]


def lowest(resources: Iterable[RemoteResource], status: str) -> list[RemoteResource]:
    """Those of ``status`` (FAILED, IN_PROGRESS) that hold no other of it: where it comes from."""
    found = [resource for resource in resources if resource.status.endswith(f"_{status}")]
    outer = {resource.path[:length] for resource in found for length in range(1, len(resource.path))}
    return sorted((resource for resource in found if resource.path not in outer), key=lambda one: one.path)
