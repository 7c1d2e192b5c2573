"""Everything that is wrong with a template, not only the first thing.

Where all parameters have values the template is evaluated, each output and resource by itself. Where some have
none, what is written in it, and in the templates behind its resources, is checked without values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from treadle.errors import TemplateError
from treadle.heat.engine import Engine
from treadle.heat.environment import Environment, unknown_names
from treadle.heat.evaluate import evaluating
from treadle.heat.faults import Fault
from treadle.heat.files import Files
from treadle.heat.parameters import Parameter
from treadle.heat.registry import Registry
from treadle.heat.resources import BUILTIN
from treadle.heat.resources.base import Resource
from treadle.heat.resources.groups import Group
from treadle.heat.resources.nested import TemplateResource
from treadle.heat.stack import Stack
from treadle.heat.template import check_files, load_template, template_errors
from treadle.heat.written import Written


@dataclass(frozen=True)
class Findings:
    """``missing`` are required parameters without a value, of the template and of those behind its resources:
    while there are some, nothing was evaluated."""

    errors: tuple[TemplateError, ...]
    warnings: tuple[TemplateError, ...]
    missing: tuple[str, ...] = ()


class Errors:
    """Errors in the order in which they were found; one of them met in several stacks is kept once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], TemplateError] = {}

    def add(self, error: TemplateError) -> None:
        self._found.setdefault((str(error.source), error.key, error.message), error)

    def attempt(self, check: Callable[..., object], *args: Any) -> None:
        """Call ``check``; its error is kept."""
        try:
            check(*args)
        except TemplateError as error:
            self.add(error)

    def __bool__(self) -> bool:
        return bool(self._found)

    def all(self) -> tuple[TemplateError, ...]:
        return tuple(self._found.values())


def validate(file: str, environment: Environment, files: Files) -> Findings:
    """Findings on the template in ``file`` (an absolute path) under ``environment``."""
    errors = Errors()
    missing: tuple[str, ...] = ()
    for error in template_errors(files, file):
        errors.add(error)
    if not errors:
        with evaluating(file):
            missing = _validate(file, environment, files, errors)
    # A nested template that cannot be read gave its first error only.
    for source in {error.source.file for error in errors.all() if error.source and files.exists(error.source.file)}:
        if "heat_template_version" in files.text(source):
            for error in template_errors(files, source):
                errors.add(error)
    return Findings(errors.all(), tuple(files.warnings.values()), missing)


def _validate(file: str, environment: Environment, files: Files, errors: Errors) -> tuple[str, ...]:
    template = load_template(files, file)
    errors.attempt(check_files, files, template)
    for error in unknown_names(set(template.parameters), "parameters", environment, files):
        errors.add(error)
    known = {name: value for name, value in environment.parameters.items() if name in template.parameters}
    registry = Registry(environment.types, environment.resources, BUILTIN)
    engine = Engine(files, environment, root=file)
    missing = tuple(name for name, parameter in template.parameters.items() if parameter.default is None
                    and known.get(name) is None and environment.parameter_defaults.get(name) is None)
    if missing or not (environment.sources or environment.parameters):
        # Nothing was given: what nested templates would need from an environment is no mistake then.
        found = Errors()
        written = Written(engine, found.add)
        written.check(template, registry)
        missing = tuple(dict.fromkeys((*missing, *written.missing)))
        if missing:
            for error in found.all():
                errors.add(error)
            return missing
    try:
        stack = _Checked(engine, template, registry, known, errors)
    except TemplateError as error:
        errors.add(error)
        return ()
    if not stack.wrong:
        for name in template.outputs:
            errors.attempt(stack.output, name)
        _force(stack, errors)
    return ()


class _Checked(Stack):
    """A root stack that meets every wrong parameter before it gives up."""

    def __init__(self, engine: Engine, template: Any, registry: Registry, given: Mapping[str, Any],
                 errors: Errors) -> None:
        self.wrong = False
        self._errors = errors
        super().__init__(engine, template, "overcloud", registry, given)

    def _value(self, parameter: Parameter) -> Any:
        try:
            return super()._value(parameter)
        except TemplateError as error:
            self._errors.add(error)
            self.wrong = True
            return None


def _force(stack: Stack, errors: Errors) -> None:
    """``Stack.force``, going on after each error."""
    for name, definition in stack.template.resources.items():
        try:
            if stack.enabled(definition):
                stack.check_policy(definition)
                _force_resource(stack.resource(name), errors)
        except TemplateError as error:
            errors.add(error)
        except Fault as fault:
            errors.add(stack.error(fault.message, definition.path, fault.hint))


def _force_resource(resource: Resource, errors: Errors) -> None:
    if isinstance(resource, TemplateResource):
        errors.attempt(Resource.force, resource)
        _force(resource.stack, errors)
    elif isinstance(resource, Group):
        errors.attempt(Resource.force, resource)
        for member in resource.members.values():
            errors.attempt(_force_resource, member, errors)
    else:
        resource.force()
