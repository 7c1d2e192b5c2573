"""What a Heat service is handed: the template, the environment, and every file that they name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from treadle.errors import TemplateError
from treadle.heat.environment import Environment
from treadle.heat.files import Files, absolute
from treadle.heat.gathered import template_with_urls, url
from treadle.heat.overcloud import Tree
from treadle.heat.registry import TEMPLATE_ENDINGS


@dataclass(frozen=True)
class Request:
    """``files`` has the text of each file by its URL; the template and the environment name files by URL."""

    template: Mapping[str, Any]
    files: Mapping[str, str]
    environment: Mapping[str, Any]

    def body(self) -> dict[str, Any]:
        """The fields of Heat's call that creates or updates a stack."""
        return {"template": self.template, "files": self.files, "environment": self.environment}


def make_request(tree: Tree) -> Request:
    """The request for a tree that was evaluated before.

    Files come from ``tree.files``, so rendered ones are among them. What cannot be read is left out: such a file
    is named only by templates that the evaluation did without."""
    environment = _environment(tree.environment)
    files: dict[str, str] = {}
    wanted = [tree.template, *_named(environment["resource_registry"])]
    while wanted:
        path = wanted.pop()
        if url(path) in files:
            continue
        read = _read(tree.files, path)
        if read is not None:
            files[url(path)], more = read
            wanted += more
    root = files.pop(url(tree.template))
    return Request(json.loads(root), files, environment)


def _read(files: Files, path: str) -> tuple[str, list[str]] | None:
    """(text as Heat's client would send it, paths of the files that it names)."""
    try:
        template = template_with_urls(files, path)
        if template is None:
            return files.text(path), []
        return json.dumps(template), list(_named(template))
    except TemplateError:
        return None


def _named(value: Any, key: str = "") -> Iterator[str]:
    """Paths of the files that ``value`` names: ``get_file``, and types that are templates."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _named(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, str) and value.startswith("file://") and (
            key == "get_file" or value.endswith(TEMPLATE_ENDINGS)):
        yield absolute(value, "/")


def _environment(environment: Environment) -> dict[str, Any]:
    """The merged environment. It is sent as one: merged here, it means the same to either engine."""
    return {"parameters": dict(environment.parameters), "parameter_defaults": dict(environment.parameter_defaults),
            "resource_registry": _registry({**environment.types, "resources": environment.resources})}


def _registry(entries: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, target in entries.items():
        if isinstance(target, Mapping):
            found[name] = _registry(target)
        else:
            found[name] = url(target) if target.endswith(TEMPLATE_ENDINGS) else target
    return found
