"""The folders that a node's host_prep_tasks make: known before they run. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from treadle.plan.nodeplan import NodePlan

_OWN = ("/var/lib/", "/var/log/", "/run/", "/srv/node")


def folders(plan: NodePlan) -> list[Path]:
    """The folders that the tasks make on the node: where its services keep their data and logs.

    Only those below /var/lib and /var/log; a folder inside another one of them is left out. They are deleted with the
    stack: file systems mounted below /srv are not.
    """
    others = Path(f"{plan.root}/run"), Path(f"{plan.root}/srv")
    data = [path for path in made(plan) if not any(path.is_relative_to(other) for other in others)]
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
    items = task.get("with_items") or task.get("loop") or []
    texts = [text for item in items for text in (item.values() if isinstance(item, Mapping) else [item])]
    if set(_arguments(task)) - {"path", "dest", "state"} or not all(isinstance(text, str) for text in texts):
        return None  # Ansible takes lists in lists apart
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
        if path.startswith(tuple(f"{root}{own}" for own in _OWN)) and "{{" not in path:
            yield Path(path)
