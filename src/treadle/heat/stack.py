"""A stack: a template with its parameters' values, its resources and outputs, each evaluated once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from treadle.errors import TemplateError, nearest
from treadle.heat.cycles import check_cycles
from treadle.heat.engine import Engine
from treadle.heat.faults import Fault, brief
from treadle.heat.files import KeyPath
from treadle.heat.limits.budget import check_size
from treadle.heat.parameters import Parameter
from treadle.heat.registry import Meaning, Registry
from treadle.heat.resources import make_resource
from treadle.heat.resources.base import Resource
from treadle.heat.template import Definition, Output, Template

if TYPE_CHECKING:
    from treadle.heat.limits.budget import Budget
    from treadle.heat.scope import Scope

_BUSY = object()


class Stack:
    """The root stack, or one nested in a resource (``parent``). ``given`` are the raw values of parameters:
    the environment's ``parameters`` for the root, the parent resource's properties else."""

    def __init__(self, engine: Engine, template: Template, name: str, registry: Registry,
                 given: Mapping[str, Any], parent: Resource | None = None, depth: int = 0) -> None:
        self.engine = engine
        self.template = template
        self.name = name
        self.path = f"{parent.holder.path}/{parent.name}" if parent else name
        self.registry = registry
        self.parent = parent
        self.depth = depth
        self._given = given
        self._resources: dict[str, Resource] = {}
        self._conditions: dict[str, Any] = {}
        self._outputs: dict[str, Any] = {}
        self._parameters = self._pseudo()
        self._count_resources()
        for parameter in template.parameters.values():
            self._parameters[parameter.name] = self._value(parameter)
        check_cycles(self)

    @property
    def hidden(self) -> dict[str, Any]:
        """Values of hidden parameters of all stacks so far, by name; empty ones are left out."""
        return dict(self.engine.hidden)

    @property
    def scope(self) -> Scope:
        return self

    @property
    def budget(self) -> Budget:
        return self.engine.budget

    @property
    def directory(self) -> str:
        return self.template.directory

    # Parameters

    def _count_resources(self) -> None:
        try:
            self.budget.add_resources(len(self.template.resources))
        except Fault as fault:
            raise self.error(fault.message, ("resources",), fault.hint) from fault

    def _pseudo(self) -> dict[str, Any]:
        return {"OS::stack_name": self.name, "OS::stack_id": self.engine.identity(self.path),
                "OS::project_id": "admin"}

    def _value(self, parameter: Parameter) -> Any:
        name, default = parameter.name, self.engine.environment.parameter_defaults.get(parameter.name)
        raw = self._given.get(name)
        if default is not None and self.parent is not None:
            # Heat makes it the nested template's own default, and checks that even when it is not used.
            self._guard("parameter_defaults", name, lambda: parameter.enforce_default(default))
        elif parameter.default_fault:
            fault = parameter.default_fault
            raise self.error(fault.message, ("parameters", name, "default"), fault.hint)
        if raw is not None:
            value = self._guard("parameters", name, lambda: parameter.enforce(raw))
        elif default is not None:
            value = self._guard("parameter_defaults", name, lambda: parameter.enforce(default))
        elif parameter.default is not None:
            try:
                value = parameter.default_value
            except Fault as fault:
                raise self.error(fault.message, ("parameters", name, "default"), fault.hint) from fault
        else:
            raise self.error(f"the parameter {name} has no value", ("parameters", name),
                             "give it one in an environment's parameter_defaults, or a default here")
        if parameter.hidden:
            self.engine.hide(self.name, name, value)
        return value

    def _guard(self, section: str, name: str, check: Any) -> Any:
        """Run a check of a given value; its error points to where the value was set."""
        try:
            return check()
        except Fault as fault:
            told = Fault(f"{name}: {fault.message}",
                         _both(fault.hint, f"declared in {self._declared(name)}"))
            if section == "parameters" and self.parent is not None:
                raise self.parent.error(told.message, ("properties", name), told.hint) from fault
            raise self.engine.given_error(section, name, told) from fault

    def _declared(self, name: str) -> str:
        return str(self.engine.files.locate(self.template.file, ("parameters", name)))

    def parameter(self, name: str) -> Any:
        try:
            return self._parameters[name]
        except KeyError:
            raise Fault(f"there is no parameter {name}{nearest(name, self._parameters)}") from None

    def given(self, name: str) -> Any:
        """The raw value that was handed to the parameter ``name``; None where it has its default."""
        return self._given.get(name)

    # Conditions

    def truth(self, condition: Any) -> bool:
        """Whether a condition's name, or a value that stands for one, is true; null counts as true."""
        if isinstance(condition, bool):
            return condition
        if condition is None:
            return True
        known = self.template.conditions
        if not isinstance(condition, str) or condition not in known:
            raise Fault(f"there is no condition {brief(condition)}{nearest(str(condition), known)}")
        found = self._conditions.get(condition)
        if found is None:
            self._conditions[condition] = _BUSY
            try:
                found = known[condition].value(self)
                if not isinstance(found, bool):
                    raise Fault(f"the condition {condition} is not true or false but {brief(found)}")
                self._conditions[condition] = found
            finally:
                _forget_busy(self._conditions, condition)
        if found is _BUSY:
            chain = [name for name, value in self._conditions.items() if value is _BUSY]
            raise Fault(f"conditions refer to each other: {' -> '.join([*chain, condition])}")
        return bool(found)

    def enabled(self, item: Definition | Output) -> bool:
        try:
            return self.truth(item.condition.value(self))
        except Fault as fault:
            raise self.error(fault.message, (*item.path, "condition"), fault.hint) from fault

    # Resources and outputs

    def resource(self, name: str) -> Resource:
        """Fault when there is none of this name, or its condition is false."""
        found = self._resources.get(name)
        if found is not None:
            return found
        definition = self.template.resources.get(name)
        if definition is None:
            raise Fault(f"there is no resource {name}{nearest(name, self.template.resources)}")
        if not self.enabled(definition):
            raise Fault(f"the resource {name} is not there: its condition is false",
                        "use if: with the same condition around the reference")
        found = self._resources[name] = make_resource(self, definition)
        return found

    def output(self, name: str) -> Any:
        """One output's value; null when its condition is false."""
        if name not in self._outputs:
            self._outputs[name] = _BUSY
            output = self.template.outputs[name]
            try:
                self._outputs[name] = output.value.value(self) if self.enabled(output) else None
                if self.parent is None:
                    check_size(self._outputs[name])
            except Fault as fault:
                raise self.error(fault.message, (*output.path, "value"), fault.hint) from fault
            finally:
                _forget_busy(self._outputs, name)
        value = self._outputs[name]
        if value is _BUSY:
            raise Fault(f"the output {name} of {self.template.file} depends on itself")
        return value

    def outputs(self) -> dict[str, Any]:
        """All outputs by name."""
        return {name: self.output(name) for name in self.template.outputs}

    def force(self) -> None:
        """Evaluate every resource of this stack and of those nested in it, so that all errors show."""
        for name, definition in self.template.resources.items():
            if self.enabled(definition):
                self.check_policy(definition)
                self.resource(name).force()

    def check_policy(self, definition: Definition) -> None:
        """TemplateError for a deletion policy that the template's version does not have."""
        policy = definition.deletion_policy.value(self)
        known = self.template.version.deletion_policies
        if policy is not None and policy not in known:
            raise self.error(f"{brief(policy)} is not a deletion policy{nearest(str(policy), known)}",
                             (*definition.path, "deletion_policy"))

    # What functions and resources ask

    def meaning(self, definition: Definition) -> Meaning:
        return self.engine.meaning(self, definition)

    def file_text(self, name: str) -> str:
        return self.engine.gathered(name, self.template.file)

    def error(self, message: str, path: KeyPath, hint: str = "") -> TemplateError:
        if self.parent is not None:
            hint = _both(hint, f"in the stack {self.name}")
        return self.engine.files.error(message, self.template.file, path, hint=hint)


def _forget_busy(values: dict[str, Any], name: str) -> None:
    """What failed is not under way any more: whoever asks again gets the same error."""
    if values[name] is _BUSY:
        del values[name]


def _both(first: str, second: str) -> str:
    return f"{first}\n  {second}" if first else second
