"""The merges that TripleO's role template performs on the sections of its services.

Source: tripleo-heat-templates 8.4.1, common/services/role.role.j2.yaml (yaql ``mergeWith`` and friends).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def distinct(items: Iterable[Any]) -> list[Any]:
    """The items in their order, each once (yaql ``distinct``; items may be unhashable)."""
    seen: list[Any] = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen


def merge_with(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """yaql ``mergeWith``: maps merge deeply, lists become one distinct list, of anything else the second wins."""
    merged = dict(first)
    for key, value in second.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = merge_with(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            merged[key] = distinct([*old, *value])
        else:
            merged[key] = value
    return merged
