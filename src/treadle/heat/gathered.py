"""Files as Heat's client hands them to Heat."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from treadle.errors import TemplateError
from treadle.heat.faults import Fault
from treadle.heat.files import Files, absolute
from treadle.heat.registry import TEMPLATE_ENDINGS

_MARKS = ("heat_template_version", "HeatTemplateFormatVersion", "AWSTemplateFormatVersion")


#: A directory with one of these is the root of a tree of templates.
_ROOT_MARKS = ("overcloud.yaml", "overcloud.j2.yaml", "overcloud-resource-registry.yaml",
               "overcloud-resource-registry-puppet.yaml", "overcloud-resource-registry-puppet.j2.yaml")


def tree_of(file: str) -> str:
    """The directory of the tree that a template belongs to: the nearest above it that holds an overcloud's
    template or registry, else the template's own directory."""
    own = directory = os.path.dirname(file)  # noqa: PTH120
    while directory != os.path.dirname(directory):  # noqa: PTH120
        if any(Path(directory, mark).is_file() for mark in _ROOT_MARKS):
            return directory
        directory = os.path.dirname(directory)  # noqa: PTH120
    return own


def roots_of(template: str, root: str, environments: Iterable[str]) -> list[str]:
    """Where ``get_file`` in ``template`` may read: the tree of the evaluation's ``root`` template, the
    template's own tree, and the directories of environment files that it lies below. So templates of others
    cannot read what the operator keeps elsewhere."""
    above = (os.path.dirname(file) for file in environments)  # noqa: PTH120
    return [tree_of(root), tree_of(template), *(each for each in above if template.startswith(each.rstrip("/") + "/"))]


def check_within(path: str, name: str, roots: Iterable[str]) -> None:
    """Fault when ``path``, symbolic links followed, is in none of the trees."""
    if "://" in name.removeprefix("file://"):
        raise Fault(f"{name} is not a local file, and only those are read")
    real = os.path.realpath(path)
    trees = [os.path.realpath(root) for root in roots]
    if not any(os.path.commonpath((tree, real)) == tree for tree in trees):
        raise Fault(f"the file {name} is outside the templates",
                    f"files are read below {' and '.join(sorted(set(trees)))}")


def file_text(files: Files, path: str, name: str) -> str:
    """What ``get_file`` gives: the text of the file, or, for a template, its JSON with absolute URLs.
    Fault when it does not exist."""
    if not files.exists(path):
        raise Fault(f"the file {name} does not exist", "its path is relative to this file")
    template = template_with_urls(files, path)
    return files.text(path) if template is None else json.dumps(template)


def template_with_urls(files: Files, path: str) -> dict[str, Any] | None:
    """The template in ``path`` with absolute URLs for the files that it names; None for any other file."""
    text = files.text(path)
    if not any(mark in text for mark in _MARKS):
        return None
    try:
        data = files.template(path)
    except TemplateError:
        return None
    if not isinstance(data, dict) or not any(mark in data for mark in _MARKS):
        return None
    found: dict[str, Any] = _with_urls(data, os.path.dirname(path))  # noqa: PTH120
    return found


def _with_urls(value: Any, directory: str) -> Any:
    if isinstance(value, list):
        return [_with_urls(item, directory) for item in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, item in value.items():
        named = key == "get_file" or (key == "type" and isinstance(item, str) and item.endswith(TEMPLATE_ENDINGS))
        found[key] = url(absolute(item, directory)) if named and isinstance(item, str) \
            else _with_urls(item, directory)
    return found


def url(path: str) -> str:
    """The name of a local file among the files that Heat is handed."""
    return f"file://{path}"
