"""A resource that a template implements: its properties are the parameters of a nested stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from treadle.errors import nearest
from treadle.heat.faults import Fault
from treadle.heat.functions.references import select
from treadle.heat.properties import as_parameter
from treadle.heat.resources.base import Resource

if TYPE_CHECKING:
    from treadle.heat.registry import Meaning
    from treadle.heat.resources.base import Holder
    from treadle.heat.stack import Stack
    from treadle.heat.template import Definition

MAX_DEPTH = 30


class TemplateResource(Resource):
    def __init__(self, holder: Holder, definition: Definition, meaning: Meaning) -> None:
        super().__init__(holder, definition)
        self._meaning = meaning
        self._stack: Stack | None = None
        if holder.depth >= MAX_DEPTH:
            raise self.error(f"templates are nested more than {MAX_DEPTH} deep", ("type",),
                             "does a template use itself?")
        self._template = holder.engine.template(meaning.file)
        self._check_facade()

    def _check_facade(self) -> None:
        """A template that stands in for a built-in type must take and give what that type does."""
        from treadle.heat.resources import BUILTIN

        builtin = BUILTIN.get(self.definition.type)
        if builtin is None or not builtin.schema:
            return
        template = self._template
        lacks = [f"the parameter {name}" for name, wanted in builtin.schema.items()
                 if wanted.required and name not in template.parameters]
        lacks += [f"the output {name}" for name in builtin.attributes if name not in template.outputs]
        extra = [name for name, parameter in template.parameters.items()
                 if parameter.default is None and name not in builtin.schema]
        if lacks or extra:
            told = f"lacks {lacks[0]}" if lacks else f"needs the parameter {extra[0]}, which is no property of it"
            raise self.error(f"{template.file} stands in for {self.definition.type} but {told}", ("type",))

    def read(self, given: dict[str, Any]) -> dict[str, Any]:
        """Parameters of the nested stack, as Heat hands them over."""
        declared = self._template.parameters
        defaults = self.holder.engine.environment.parameter_defaults
        found: dict[str, Any] = {}
        for name, value in given.items():
            parameter = declared.get(name)
            if parameter is None:
                raise Fault(f"{self._template.file} has no parameter {name}{nearest(name, declared)}",
                            path=(name,))
            try:
                found[name] = as_parameter(parameter, value)
            except Fault as fault:
                raise Fault(fault.message, fault.hint, (name, *fault.path)) from fault
        for name, parameter in declared.items():
            if name not in found and parameter.default is None and defaults.get(name) is None:
                files, at = self.holder.engine.files, self._template.file
                raise Fault(f"the parameter {name} of {self.definition.type} has no value",
                            f"{files.locate(at, ('parameters', name))} declares it without a default; set it "
                            "here or in an environment's parameter_defaults")
        return found

    @property
    def stack(self) -> Stack:
        if self._stack is None:
            from treadle.heat.stack import Stack

            parameters = self.properties
            holder = self.holder
            self._stack = Stack(holder.engine, self._template, f"{holder.name}-{self.name}",
                                holder.registry.within(self.name, self._meaning.entry), parameters, self,
                                holder.depth + 1)
        return self._stack

    def force(self) -> None:
        super().force()
        self.stack.force()

    def attribute(self, name: str, path: list[Any]) -> Any:
        stack = self.stack
        if name in stack.template.outputs:
            return select(stack.output(name), path)
        if name.startswith("resource."):
            member, _, inner = name.removeprefix("resource.").partition(".")
            resource = stack.resource(member)
            if inner:
                return resource.attribute(inner, path)
            return resource.attribute(path[0], path[1:]) if path else resource.reference()
        raise self.no_attribute(name, stack.template.outputs)

    def all_attributes(self) -> dict[str, Any]:
        return self.stack.outputs()

    def reference(self) -> str:
        if "OS::stack_id" in self._template.outputs:
            return str(self.stack.output("OS::stack_id"))
        return super().reference()
