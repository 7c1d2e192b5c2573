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


def plain(task: Mapping[str, Any], root: str) -> list[Path] | None:
    """The folders of a task that makes folders, says nothing more of them, and depends on nothing but ``root``; None
    for any other task."""
    if set(task) - {"name", "file", "ansible.builtin.file", "with_items", "loop"} or not _arguments(task):
        return None
    if set(_arguments(task)) - {"path", "dest", "state"}:
        return None
    found = [Path(text) for text in _paths(task, root)]
    if all(path.is_absolute() and not {"{", "}"} & set(str(path)) for path in found):
        return found
    return None


def _arguments(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a task that makes folders; none of another."""
    arguments = task.get("file") or task.get("ansible.builtin.file") or {}
    return arguments if isinstance(arguments, Mapping) and arguments.get("state") == "directory" else {}


def _paths(task: Mapping[str, Any], root: str) -> Iterator[str]:
    """As the task has them, with what is known filled in."""
    arguments, items = _arguments(task), task.get("with_items") or task.get("loop")
    for item in items if isinstance(items, list) and items else [{}]:
        text = str(arguments.get("path") or arguments.get("dest") or "")
        known = {"item": item} if not isinstance(item, Mapping) else {f"item.{key}": item[key] for key in item}
        for name, value in (*known.items(), ("treadle_root", root)):
            text = text.replace(f"{{{{ {name} }}}}", str(value))
        yield text


def _made(task: Mapping[str, Any], root: str) -> Iterator[Path]:
    for text in _paths(task, root) if _arguments(task) else ():
        # What stands here is deleted with the stack: never /var/lib itself, nor what is not known for certain.
        path = posixpath.normpath(text)
        if path.startswith((f"{root}/var/lib/", f"{root}/var/log/", f"{root}/run/")) and "{{" not in path:
            yield Path(path)
