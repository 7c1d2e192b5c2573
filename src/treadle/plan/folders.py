"""The folders that a node's host_prep_tasks make: known before they run. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from treadle.plan.nodeplan import NodePlan


def folders(plan: NodePlan) -> list[Path]:
    """The folders that the tasks make on the node: where its services keep their data and logs.

    Only those below /var/lib and /var/log; a folder inside another one of them is left out.
    """
    run = Path(f"{plan.root}/run")
    data = [path for path in made(plan) if not path.is_relative_to(run)]
    return [path for path in data if not any(other in path.parents for other in data)]


def made(plan: NodePlan) -> list[Path]:
    """All folders that the tasks make on the node, with those below /run, where the machine's next start takes them
    away and the engine makes them again."""
    return sorted({path for task in plan.host_prep_tasks for path in _made(task, plan.root)})


def _made(task: Mapping[str, Any], root: str) -> Iterator[Path]:
    arguments = task.get("file") or task.get("ansible.builtin.file") or {}
    if not isinstance(arguments, Mapping) or arguments.get("state") != "directory":
        return
    items = task.get("with_items") or task.get("loop")
    for item in items if isinstance(items, list) and items else [{}]:
        text = str(arguments.get("path") or arguments.get("dest") or "")
        known = {"item": item} if not isinstance(item, Mapping) else {f"item.{key}": item[key] for key in item}
        for name, value in (*known.items(), ("treadle_root", root)):
            text = text.replace(f"{{{{ {name} }}}}", str(value))
        # What stands here is deleted with the stack: never /var/lib itself, nor what is not known for certain.
        path = posixpath.normpath(text)
        if path.startswith((f"{root}/var/lib/", f"{root}/var/log/", f"{root}/run/")) and "{{" not in path:
            yield Path(path)
