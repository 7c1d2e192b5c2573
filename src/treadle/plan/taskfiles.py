"""Task files that services share become part of the tasks that import them. Pure.

A plan, and with it a generation, says all that will be done: no file that may be another one tomorrow.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from treadle.errors import PlanError, nearest

_IMPORTS = ("import_tasks", "ansible.builtin.import_tasks")
#: Where a block holds tasks.
LISTS = ("block", "rescue", "always")
#: What a block may have too, so that it holds for every task inside, as it does for each imported one.
_KEPT = ("name", "when", "vars", "tags", "become", "become_user", "environment", "ignore_errors", "no_log",
         "delegate_to", "run_once")


def inlined(tasks: Iterable[Mapping[str, Any]], files: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    """``tasks`` with each ``import_tasks`` of one of ``files`` as a block of that file's tasks. Raises PlanError, with
    the nearest name, for a path below their folders that there is not."""
    return [_inlined(task, files, where, ()) for task in tasks]


def _inlined(task: Mapping[str, Any], files: Mapping[str, Any], where: str, inside: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(task, Mapping):
        raise PlanError(f"expected an Ansible task, got {task!r}", key=where)
    found = next((key for key in _IMPORTS if key in task), "")
    path = _path(task[found]) if found else ""
    if path not in files:
        if found and path.partition("/")[0] in {name.partition("/")[0] for name in files}:
            raise PlanError(f"there is no file {path}{nearest(path, files)}", key=where,
                            hint=f"shared task files: {', '.join(sorted(files))}")
        return {**task, **{key: [_inlined(each, files, where, inside) for each in task[key]]
                           for key in LISTS if isinstance(task.get(key), list)}}
    if path in inside:
        raise PlanError(f"{path} imports itself", key=where)
    unknown = sorted(set(task) - {found, *_KEPT})
    if unknown:
        raise PlanError(f"import_tasks of {path} cannot have {unknown[0]}{nearest(unknown[0], _KEPT)}", key=where,
                        hint="put it into the task file")
    if not isinstance(files[path], list):
        raise PlanError(f"expected a list of Ansible tasks in {path}", key=where)
    block = [_inlined(each, files, path, (*inside, path)) for each in files[path]]
    return {**{key: task[key] for key in _KEPT if key in task}, "block": block}


def _path(given: Any) -> str:
    """``update_tasks/pull.yaml``, also where it is given as a mapping with ``file``."""
    text = given.get("file", "") if isinstance(given, Mapping) else given
    return posixpath.normpath(str(text)).lstrip("/") if text else ""
