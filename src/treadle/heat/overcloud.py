"""A whole tree of templates: rendered for its roles, checked for mistyped parameters, evaluated."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treadle.errors import TemplateError
from treadle.heat.environment import Environment, EnvironmentSource, load_environments, unknown_names
from treadle.heat.evaluate import absolute_sources, build_stack, with_values
from treadle.heat.files import Files
from treadle.heat.resources.random_string import RandomProvider
from treadle.heat.roles import Rendering, render_tree
from treadle.heat.unchanged import Answers

REGISTRIES = ("overcloud-resource-registry.yaml", "overcloud-resource-registry-puppet.yaml")
TEMPLATE = "overcloud.yaml"


@dataclass(frozen=True)
class OvercloudResult:
    """``outputs`` and ``hidden`` of the root stack, the roles as data, and the files that were read."""

    outputs: dict[str, Any]
    hidden: dict[str, Any]
    roles: list[dict[str, Any]]
    files: Files


@dataclass(frozen=True)
class Tree:
    """A rendered tree with its merged environment: all that its stack is made of."""

    template: str
    environment: Environment
    rendering: Rendering
    files: Files


def evaluate_overcloud(templates_dir: str | Path, roles_file: str | Path,
                       environments: Sequence[EnvironmentSource], *,
                       networks_file: str | Path | None = None,
                       base_parameter_defaults: Mapping[str, Any] | None = None,
                       random: RandomProvider | None = None, files: Files | None = None) -> OvercloudResult:
    """Outputs of ``<templates_dir>/overcloud.yaml`` (or its j2 form).

    ``base_parameter_defaults`` (generated passwords) come first, then the tree's own registry, then
    ``environments`` in order. Raises TemplateError for anything wrong in a file, among it a parameter that no
    template of the tree declares. ``files`` of an earlier result saves parsing unchanged files again; asked again
    with nothing changed, it gives the same result without evaluating anything."""
    root, roles = os.path.abspath(templates_dir), os.path.abspath(roles_file)  # noqa: PTH100
    networks = networks_file and os.path.abspath(networks_file)  # noqa: PTH100
    given = absolute_sources(environments)
    kept = files or Files()

    def make(random: RandomProvider) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
        tree = load_tree(root, roles, given, networks_file=networks, base_parameter_defaults=base_parameter_defaults,
                         files=kept)
        stack = build_stack(tree.template, tree.environment, kept, random)
        return stack.outputs(), stack.hidden, [dict(role) for role in tree.rendering.roles]

    question = ("overcloud", root, roles, networks, given, base_parameter_defaults)
    outputs, hidden, roles_data = kept.kept(("answers",), Answers).ask(question, kept, random, make)
    return OvercloudResult(outputs, hidden, roles_data, kept)


def load_tree(templates_dir: str | Path, roles_file: str | Path, environments: Sequence[EnvironmentSource], *,
              networks_file: str | Path | None = None, parameters: Mapping[str, Any] | None = None,
              base_parameter_defaults: Mapping[str, Any] | None = None, files: Files | None = None,
              check: bool = True) -> Tree:
    """The part of ``evaluate_overcloud`` before its stack is built. ``parameters`` win over the environments'.
    Without ``check``, parameters that no template declares are let pass."""
    root = os.path.abspath(templates_dir)  # noqa: PTH100
    files = files or Files()
    rendering = render_tree(root, roles_file, networks_file, files)
    files.overlay, files.origins = rendering.texts, dict(rendering.origins)
    registry, template = _own(root, REGISTRIES, files), _own(root, (TEMPLATE,), files)
    environment = load_environments([registry, *environments], files,
                                    own=lambda file: not file.startswith(root + os.sep), template=template,
                                    base=base_parameter_defaults)
    if check:
        check_parameter_names(root, environment, files, rendering, unchecked=base_parameter_defaults or {})
    return Tree(template, with_values(environment, parameters), rendering, files)


def _own(root: str, names: tuple[str, ...], files: Files) -> str:
    for name in names:
        path = str(Path(root, name))
        if files.exists(path):
            return path
    raise TemplateError(f"there is no {names[0]} nor a .j2.yaml of it", source=root,
                        hint="give the directory of a tree of templates")


def check_parameter_names(templates_dir: str, environment: Environment, files: Files,
                          rendering: Rendering | None = None, unchecked: Iterable[str] = ()) -> None:
    """The first of ``unknown_parameters`` is raised."""
    for error in unknown_parameters(templates_dir, environment, files, rendering, unchecked):
        raise error


def unknown_parameters(templates_dir: str, environment: Environment, files: Files,
                       rendering: Rendering | None = None, unchecked: Iterable[str] = ()) -> Iterator[TemplateError]:
    """TemplateError ``unknown parameter``, with file, line and nearest name, for each name in an environment's
    parameter_defaults or parameter_merge_strategies that no template below ``templates_dir`` declares. Names of
    ``unchecked`` pass unless an environment file sets them."""
    given = {name for name in unchecked if not environment.origin("parameter_defaults", name).file}
    wanted = {*environment.parameter_defaults, *environment.strategies} - given
    first = [target for target in environment.types.values() if files.exists(target)]
    known = declared_parameters(templates_dir, files, rendering, wanted, first)
    yield from unknown_names(known | given, "parameter_defaults", environment, files)
    yield from unknown_names(known, "parameter_merge_strategies", environment, files)


def declared_parameters(templates_dir: str, files: Files, rendering: Rendering | None, wanted: Set[str],
                        first: Iterable[str]) -> set[str]:
    """Names that templates below ``templates_dir``, or rendered from it, declare as parameters: all of them, or as
    many as it takes to find every one that is ``wanted``. ``first`` are templates that most are likely in."""
    known: set[str] = set()
    rendered = rendering.texts if rendering else ()
    every = (path for path in (*first, *files.below(templates_dir, (".yaml",)), *rendered)
             if not path.endswith(".j2.yaml"))
    for path in dict.fromkeys(every):
        if wanted <= known:
            break
        known |= files.derived("parameters", path, lambda path=path: _declared(files, path))  # type: ignore[misc]
    return known


_SECTION = re.compile(r"^parameters:[ \t]*(?:#.*)?$\n((?:[ \t#].*\n|\n)*)", re.MULTILINE)
_NAME = re.compile(r"^( +)([A-Za-z0-9_:.-]+):(?=\s|$)", re.MULTILINE)


def _declared(files: Files, path: str) -> set[str]:
    """Read from the text: parsing hundreds of templates that no role uses would cost more than the evaluation.
    What is not written in block style is parsed."""
    try:
        text = files.text(path)
    except TemplateError:
        return set()  # what cannot be read or rendered is an error for those who use it
    if not re.search(r"^heat_template_version:", text, re.MULTILINE):
        return set()
    section = _SECTION.search(text + "\n")
    if section is not None:
        found = _NAME.findall(section.group(1))
        indent = min((len(space) for space, _ in found), default=0)
        return {name for space, name in found if len(space) == indent}
    if not re.search(r"^['\"]?parameters\b", text, re.MULTILINE):
        return set()
    data = files.template(path)
    parameters = data.get("parameters") if isinstance(data, dict) else None
    return set(parameters) if isinstance(parameters, dict) else set()
