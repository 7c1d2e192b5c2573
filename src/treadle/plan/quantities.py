"""Times and sizes as templates write them. What cannot be read is a PlanError that names its key."""

from __future__ import annotations

import re

from treadle.errors import PlanError

_UNITS = {"": 1.0, "us": 1e-6, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def seconds(value: int | str, where: str = "") -> float:
    """``10``, ``"10s"``, ``"500ms"`` or ``"1m30s"`` in seconds."""
    text = str(value)
    parts = re.findall(r"(\d+(?:\.\d+)?)(us|ms|s|m|h|)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise PlanError(f"expected a time such as 10, 10s or 1m30s, got {value!r}", key=where)
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def size(value: int | str, where: str = "") -> int:
    """``1073741824``, ``"1g"``, ``"1.5GiB"`` or ``"512m"`` in bytes; -1 where it is that."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kmgt]?)(?:i?b)?|(-1)", str(value).lower())
    if not found:
        raise PlanError(f"expected a size such as 512m or 1g, got {value!r}", key=where)
    return -1 if found.group(3) else int(float(found.group(1)) * _SIZES[found.group(2)])
