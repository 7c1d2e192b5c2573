"""What all stacks of one evaluation share."""

from __future__ import annotations

import hashlib
import itertools
import os
from typing import TYPE_CHECKING, Any

from treadle.errors import TemplateError
from treadle.heat.environment import Environment
from treadle.heat.faults import Fault
from treadle.heat.files import Files, absolute
from treadle.heat.limits.budget import Budget
from treadle.heat.registry import TEMPLATE_ENDINGS, Meaning, UnknownTarget
from treadle.heat.resources.random_string import RandomProvider, RandomRequest, generate
from treadle.heat.template import Template, check_files, load_template

if TYPE_CHECKING:
    from treadle.heat.resources.base import Holder, Resource
    from treadle.heat.template import Definition

FIRST_STAND_IN = 10


class Engine:
    """Files, environment and the source of random strings. ``hidden`` collects values of hidden parameters;
    ``referenced`` leads from what ``get_resource`` gave back to the resource, where another one asks for that."""

    def __init__(self, files: Files, environment: Environment, random: RandomProvider = generate,
                 root: str = "") -> None:
        self.files = files
        self.environment = environment
        self.budget = Budget()
        self._root = root
        self._roots: dict[str, list[str]] = {}
        self.hidden: dict[str, Any] = {}
        self.referenced: dict[str, Resource] = {}
        self.stand_ins = itertools.count(FIRST_STAND_IN)
        self._random = random
        self._strings: dict[RandomRequest, str] = {}
        self._checked: set[str] = set()

    def template(self, file: str) -> Template:
        """The template in ``file``; TemplateError when a file that it names is not there."""
        template = load_template(self.files, file)
        if file not in self._checked:
            check_files(self.files, template)
            self._checked.add(file)
        return template

    def random_string(self, request: RandomRequest) -> str:
        if request not in self._strings:
            self._strings[request] = self._random(request)
        return self._strings[request]

    def gathered(self, name: str, template: str) -> str:
        """What ``get_file`` gives for ``name`` in ``template``; Fault when it is absent or may not be read."""
        from treadle.heat import gathered

        path = absolute(name, os.path.dirname(template))  # noqa: PTH120
        if template not in self._roots:
            environments = {origin.file for origin in self.environment.origins.values() if origin.file}
            self._roots[template] = gathered.roots_of(template, self._root or template, environments)
        gathered.check_within(path, name, self._roots[template])
        return gathered.file_text(self.files, path, name)

    def identity(self, path: str) -> str:
        """A UUID-shaped identity of what stands at ``path``, the same in every run."""
        digest = hashlib.blake2b(path.encode(), digest_size=16).hexdigest()
        return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"

    def hide(self, stack: str, name: str, value: Any) -> None:
        """Remember a hidden value; a second one of the same name is kept under its stack's name."""
        if value in ("", None, [], {}) or self.hidden.get(name) == value:
            return
        self.hidden[f"{stack}.{name}" if name in self.hidden else name] = value

    def meaning(self, holder: Holder, definition: Definition) -> Meaning:
        """What the definition's type stands for in ``holder``; TemplateError at ``type`` when nothing."""
        declared = definition.type
        if declared.endswith(TEMPLATE_ENDINGS) and "::" not in declared:
            declared = absolute(declared, holder.directory)
            if not self.files.exists(declared):
                raise holder.error(f"the template {definition.type} does not exist",
                                   (*definition.path, "type"), "its path is relative to this file")
        try:
            return holder.registry.meaning(declared, definition.name)
        except UnknownTarget as fault:
            origin = self.environment.registered(fault.entry)
            user = holder.error(f"{definition.name} is of the type {declared}", (*definition.path, "type"))
            raise self.files.error(fault.message, origin.file, origin.path, hint=str(user)) from fault
        except Fault as fault:
            raise holder.error(fault.message, (*definition.path, "type"), fault.hint) from fault

    def given_error(self, section: str, name: str, fault: Fault) -> TemplateError:
        """The error of a value that an environment (or a program) gave for a parameter."""
        origin = self.environment.origin(section, name)
        return self.files.error(fault.message, origin.file, origin.path, hint=fault.hint)
