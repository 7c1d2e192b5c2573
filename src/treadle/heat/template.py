"""One template: its sections checked and its snippets compiled, without any stack."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from treadle.errors import TemplateError, nearest
from treadle.heat.compiler import Compiler
from treadle.heat.faults import Fault, brief, kind
from treadle.heat.files import Files, KeyPath, absolute
from treadle.heat.functions.logic import check_shape
from treadle.heat.nodes import Call, Const, ListNode, Node, walk
from treadle.heat.parameters import Parameter, read_parameter
from treadle.heat.versions import VERSIONS, Version


@dataclass(frozen=True)
class Definition:
    """A resource as the template declares it. ``properties`` is one node, or a map of nodes by name."""

    name: str
    type: str
    properties: Node
    metadata: Node
    update_policy: Node
    deletion_policy: Node
    depends_on: tuple[str, ...]
    condition: Node
    path: KeyPath


@dataclass(frozen=True)
class Output:
    name: str
    value: Node
    condition: Node
    path: KeyPath


@dataclass(frozen=True)
class Template:
    """A checked template. Everything in it is shared by all stacks that are made from it."""

    file: str
    version: Version
    parameters: Mapping[str, Parameter]
    conditions: Mapping[str, Node]
    resources: Mapping[str, Definition]
    outputs: Mapping[str, Output]
    named_files: tuple[tuple[str, KeyPath], ...]

    @property
    def directory(self) -> str:
        return os.path.dirname(self.file)  # noqa: PTH120 (text in, text out, for thousands of stacks)


def load_template(files: Files, file: str) -> Template:
    """The template in ``file``, made once for each content."""
    return files.derived("template", file, lambda: _Reader(files, file).read())


def check_files(files: Files, template: Template) -> None:
    """Files that are named must be there, whether or not a stack uses them: Heat's client reads all."""
    for name, path in template.named_files:
        if not files.exists(absolute(name, template.directory)):
            raise files.error(f"the file {name} does not exist", template.file, path,
                              hint="its path is relative to this file")


def template_errors(files: Files, file: str) -> list[TemplateError]:
    """What is wrong with the template in ``file`` by itself: one error for each entry of a section."""
    told: list[TemplateError] = []
    try:
        _Reader(files, file, told).read()
    except TemplateError as error:
        told.append(error)
    return told


class _Reader:
    """``told``, if given, collects errors of sections' entries; the template is then not complete."""

    def __init__(self, files: Files, file: str, told: list[TemplateError] | None = None) -> None:
        self._files = files
        self._file = file
        self._told = told

    def read(self) -> Template:
        data = self._files.template(self._file)
        try:
            self._version = _version(data)
            for section in data:
                if section not in self._version.sections:
                    known = self._version.sections
                    raise Fault(f"a template has no section {section}{nearest(section, known)}", path=(section,))
            self._compiler = Compiler(self._version)
            parameters = self._section(data, "parameters", self._parameter)
            conditions = self._section(data, "conditions", self._condition)
            resources = self._section(data, "resources", self._resource)
            outputs = self._section(data, "outputs", self._output)
            template = Template(self._file, self._version, parameters, conditions, resources, outputs,
                                tuple(_named_files(resources, outputs)))
            if self._told:
                return template
            _check_groups(data.get("parameter_groups"), parameters)
            _check_depends(resources)
            return template
        except Fault as fault:
            raise self._files.error(fault.message, self._file, fault.path, hint=fault.hint) from fault

    def _section(self, data: dict[str, Any], name: str, read: Callable[[str, Any], Any]) -> dict[str, Any]:
        section = data.get(name)
        if section is None:
            return {}
        if not isinstance(section, dict):
            raise Fault(f"{name} must be a map, not {kind(section)}", path=(name,))
        found = {}
        for key, body in section.items():
            try:
                found[key] = read(key, body)
            except Fault as fault:
                path = fault.path if fault.path[:2] == (name, key) else (name, key, *fault.path)
                if self._told is None:
                    raise Fault(fault.message, fault.hint, path) from fault
                self._told.append(self._files.error(fault.message, self._file, path, hint=fault.hint))
        return found

    def _parameter(self, name: str, body: Any) -> Parameter:
        """A default is judged by the stack that has it, since an environment may replace it; in a search for all
        errors, at once."""
        parameter = read_parameter(name, body, self._version)
        if self._told is not None and parameter.default_fault:
            raise Fault(parameter.default_fault.message, parameter.default_fault.hint, ("default",))
        return parameter

    def _condition(self, name: str, body: Any) -> Node:
        if name in ("true", "false", "null"):
            raise Fault("YAML reads an unquoted yes, no, on or off as a boolean, so this is not a name",
                        "give the condition another name")
        node = self._compiler.condition(body, ("conditions", name))
        if not isinstance(node, Call) and not (isinstance(node, Const) and isinstance(node.data, bool)):
            known = self._version.conditions or {}
            wrong = next(iter(body)) if isinstance(body, dict) and len(body) == 1 else None
            guess = nearest(wrong, known) if wrong else ""
            raise Fault(f"a condition must be true, false or a function, not {brief(body)}{guess}",
                        f"its functions are {', '.join(sorted(known))}")
        for part in walk(node):
            if isinstance(part, Call) and hasattr(part.function, "refused"):
                raise Fault(f"{part.name} cannot be used in a condition", path=part.path)
            if isinstance(part, Call):
                try:
                    check_shape(part)
                except Fault as fault:
                    raise Fault(fault.message, fault.hint, part.path) from fault
        return node

    def _resource(self, name: str, body: Any) -> Definition:
        if not isinstance(body, dict):
            raise Fault(f"a resource must be a map with a type, not {kind(body)}")
        for key in body:
            if key not in self._version.resource_keys:
                raise Fault(f"a resource has no {key}{nearest(key, self._version.resource_keys)}", path=(key,))
        declared = body.get("type")
        if not isinstance(declared, str) or not declared:
            raise Fault("the type is missing" if declared is None else "the type must be a string",
                        path=() if declared is None else ("type",))
        path: KeyPath = ("resources", name)

        def part(key: str) -> Node:
            node = self._compiler.value(body.get(key), (*path, key))
            if key != "deletion_policy" and isinstance(node, ListNode | Const) \
                    and not (isinstance(node, Const) and (node.data is None or isinstance(node.data, dict))):
                raise Fault(f"{key} must be a map", path=(key,))
            if key in body and body[key] is None and key != "deletion_policy":
                raise Fault(f"{key} is empty", "give it a map or leave it out", (key,))
            return node

        return Definition(name, declared, part("properties"), part("metadata"), part("update_policy"),
                          part("deletion_policy"), _depends(body.get("depends_on")),
                          self._condition_of(body, path), path)

    def _condition_of(self, body: dict[str, Any], path: KeyPath) -> Node:
        return self._compiler.condition(body.get("condition"), (*path, "condition"))

    def _output(self, name: str, body: Any) -> Output:
        if not isinstance(body, dict):
            raise Fault(f"an output must be a map with a value, not {kind(body)}")
        for key in body:
            if key not in self._version.output_keys:
                raise Fault(f"an output has no {key}{nearest(key, self._version.output_keys)}", path=(key,))
        if "value" not in body:
            raise Fault("the value is missing")
        path: KeyPath = ("outputs", name)
        return Output(name, self._compiler.value(body["value"], (*path, "value")),
                      self._condition_of(body, path), path)


def _named_files(resources: Mapping[str, Definition], outputs: Mapping[str, Output]) -> Iterator[tuple[str, KeyPath]]:
    """(name, where) of every local file that a template names."""
    named: list[tuple[Any, KeyPath]] = [(d.type, (*d.path, "type")) for d in resources.values()
                                        if d.type.endswith((".yaml", ".template"))]
    nodes = [d.properties for d in resources.values()]
    nodes += [d.metadata for d in resources.values()] + [o.value for o in outputs.values()]
    for node in nodes:
        named += [(call.args.data, call.path) for call in walk(node)
                  if isinstance(call, Call) and call.name == "get_file" and isinstance(call.args, Const)]
    for name, path in named:
        if isinstance(name, str) and "://" not in name.removeprefix("file://"):
            yield name, path


def _version(data: Any) -> Version:
    if not isinstance(data, dict):
        raise Fault(f"a template is a map that begins with heat_template_version, not {kind(data)}")
    for key in ("HeatTemplateFormatVersion", "AWSTemplateFormatVersion"):
        if key in data:
            raise Fault("templates in CloudFormation's language are not read", "use heat_template_version",
                        (key,))
    if "heat_template_version" not in data:
        raise Fault("heat_template_version is missing", "begin the file with: heat_template_version: queens")
    named = str(data["heat_template_version"])
    if named not in VERSIONS:
        raise Fault(f"{named} is not a heat_template_version{nearest(named, VERSIONS)}",
                    f"use one of {', '.join(VERSIONS)}", ("heat_template_version",))
    return VERSIONS[named]


def _depends(listed: Any) -> tuple[str, ...]:
    if listed is None:
        return ()
    names = [listed] if isinstance(listed, str) else listed
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Fault("depends_on must be a resource's name or a list of names", path=("depends_on",))
    return tuple(names)


def _check_depends(resources: Mapping[str, Definition]) -> None:
    for definition in resources.values():
        for name in definition.depends_on:
            if name not in resources:
                raise Fault(f"there is no resource {name}{nearest(name, resources)}",
                            path=(*definition.path, "depends_on"))


def _check_groups(groups: Any, parameters: Mapping[str, Parameter]) -> None:
    if groups is None:
        return
    if not isinstance(groups, list):
        raise Fault(f"parameter_groups must be a list, not {kind(groups)}", path=("parameter_groups",))
    grouped: set[str] = set()
    for index, group in enumerate(groups):
        path: KeyPath = ("parameter_groups", index)
        if not isinstance(group, dict) or not isinstance(group.get("parameters"), list):
            raise Fault("a group must be a map with a list of parameters", path=path)
        for at, name in enumerate(group["parameters"]):
            if not isinstance(name, str) or name not in parameters:
                raise Fault(f"there is no parameter {brief(name)}{nearest(str(name), parameters)}",
                            path=(*path, "parameters", at))
            if name in grouped:
                raise Fault(f"the parameter {name} is in two groups", path=(*path, "parameters", at))
            grouped.add(name)
