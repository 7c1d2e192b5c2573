"""The front door: one call from template, environments and parameters to outputs."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from treadle.errors import TemplateError
from treadle.heat.engine import Engine
from treadle.heat.environment import (
    Environment,
    EnvironmentSource,
    Origin,
    check_known,
    load_environments,
)
from treadle.heat.files import Files
from treadle.heat.registry import Registry
from treadle.heat.resources import BUILTIN
from treadle.heat.resources.random_string import RandomProvider, generate
from treadle.heat.stack import Stack
from treadle.heat.unchanged import Answers, collector_at_rest

_FRAMES = 8000


def build(template: str | Path, environments: Sequence[EnvironmentSource] = (),
          parameters: Mapping[str, Any] | None = None, parameter_defaults: Mapping[str, Any] | None = None, *,
          files: Files | None = None, random: RandomProvider = generate, name: str = "overcloud") -> Stack:
    """The evaluated root stack. Like ``evaluate``, for callers who also want ``hidden`` or the stack itself.

    ``files`` can be kept from an earlier call: unchanged files are then not parsed again. ``random`` makes
    (and should keep) the strings of OS::Heat::RandomString."""
    files = files or Files()
    root = os.path.abspath(template)  # noqa: PTH100 (symbolic links stay as the user wrote them)
    environment = with_values(load_environments(environments, files, template=root), parameters, parameter_defaults)
    return build_stack(root, environment, files, random, name)


def build_stack(template: str, environment: Environment, files: Files, random: RandomProvider = generate,
                name: str = "overcloud") -> Stack:
    """The evaluated stack of ``template`` under an environment that is already merged."""
    file = os.path.abspath(template)  # noqa: PTH100 (symbolic links stay as the user wrote them)
    with evaluating(file):
        engine = Engine(files, environment, random, file)
        loaded = engine.template(file)
        check_known(set(loaded.parameters), "parameters", environment, files)
        registry = Registry(environment.types, environment.resources, BUILTIN)
        stack = Stack(engine, loaded, name, registry, environment.parameters)
        stack.outputs()
        stack.force()
    return stack


def evaluate(template: str | Path, environments: Sequence[EnvironmentSource] = (),
             parameters: Mapping[str, Any] | None = None, parameter_defaults: Mapping[str, Any] | None = None, *,
             files: Files | None = None, random: RandomProvider | None = None) -> dict[str, Any]:
    """All outputs of the stack that ``template`` describes, by name.

    ``environments`` are paths, or maps whose registry paths are absolute, merged in order. ``parameters`` and
    ``parameter_defaults`` win over theirs. ``get_file`` reads only below the tree of the root template, the
    template's own tree and the directory of an environment file above it (see ``gathered.roots_of``). Raises
    TemplateError, with file, line, column and key, for anything that Heat would refuse. Asked again with nothing
    changed, it gives the same outputs, random strings too, without evaluating anything; the outputs are the
    caller's to change."""
    root = os.path.abspath(template)  # noqa: PTH100
    files = files or _files_of(root)
    sources = absolute_sources(environments)
    question = ("template", root, sources, parameters, parameter_defaults)
    found: dict[str, Any] = files.kept(("answers",), Answers).ask(
        question, files, random,
        lambda random: build(root, sources, parameters, parameter_defaults, files=files, random=random).outputs())
    return found


def absolute_sources(environments: Sequence[EnvironmentSource]) -> list[EnvironmentSource]:
    """The same sources, with paths that no longer depend on the working directory."""
    return [os.path.abspath(source) if isinstance(source, str | Path) else source  # noqa: PTH100
            for source in environments]


@functools.lru_cache(maxsize=8)
def _files_of(template: str) -> Files:  # noqa: ARG001
    """The files of earlier calls for the same template."""
    return Files()


def with_values(environment: Environment, parameters: Mapping[str, Any] | None,
                defaults: Mapping[str, Any] | None = None) -> Environment:
    """The environment with values that a program hands in; they win."""
    origins = dict(environment.origins)
    for section, values in (("parameters", parameters), ("parameter_defaults", defaults)):
        for name in values or {}:
            origins[section, name] = Origin("", (section, name))
    return replace(environment, parameters={**environment.parameters, **(parameters or {})},
                   parameter_defaults={**environment.parameter_defaults, **(defaults or {})}, origins=origins)


@contextmanager
def evaluating(file: str) -> Iterator[None]:
    """Nested stacks nest Python's calls: room for them, and an error for templates without end. The limit stays
    raised, since another thread may be evaluating."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _FRAMES))
    try:
        with collector_at_rest():
            yield
    except RecursionError:
        raise TemplateError("the template is nested too deep to evaluate", source=file,
                            hint="does a template use itself, or an expression never end?") from None
