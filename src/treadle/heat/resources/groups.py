"""OS::Heat::ResourceGroup and OS::Heat::ResourceChain: a hidden stack of like members."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from treadle.errors import nearest
from treadle.heat.constraints import AllowedValues, Bounds, Constraint
from treadle.heat.faults import Fault
from treadle.heat.files import KeyPath
from treadle.heat.functions.references import select
from treadle.heat.nodes import Const
from treadle.heat.properties import Property, Schema
from treadle.heat.resources.base import Resource
from treadle.heat.template import Definition

if TYPE_CHECKING:
    from treadle.errors import TemplateError
    from treadle.heat.registry import Meaning
    from treadle.heat.resources.base import Holder
    from treadle.heat.scope import Scope


class Members:
    """The hidden stack that holds a group's members; errors point at the group."""

    def __init__(self, group: Group) -> None:
        holder = group.holder
        self.group = group
        self._holder = holder
        self.engine = holder.engine
        self.registry = holder.registry.within(group.name, ())
        self.name = f"{holder.name}-{group.name}"
        self.path = f"{holder.path}/{group.name}"
        self.depth = holder.depth + 1

    @property
    def scope(self) -> Scope:
        return self._holder.scope

    @property
    def directory(self) -> str:
        return self._holder.directory

    def meaning(self, definition: Definition) -> Meaning:
        return self.engine.meaning(self, definition)

    def error(self, message: str, path: KeyPath, hint: str = "") -> TemplateError:
        return self._holder.error(message, path, hint)


class Group(Resource, ABC):
    """What groups and chains share: attributes of members as lists, maps and single values."""

    own: ClassVar[tuple[str, ...]] = ("refs", "attributes")
    #: Where in the group's own properties those of its members stand.
    shared: ClassVar[KeyPath] = ()

    def __init__(self, holder: Holder, definition: Definition) -> None:
        super().__init__(holder, definition)
        self._members: dict[str, Resource] | None = None

    @abstractmethod
    def definitions(self) -> Iterator[Definition]:
        """One for each member, in order."""

    def size(self) -> int:
        """How many members there will be, where that is known before they are made."""
        return 0

    @property
    def members(self) -> dict[str, Resource]:
        """The members by name (``"0"``, ``"1"``), in order."""
        if self._members is None:
            from treadle.heat.resources import make_resource

            try:
                self.holder.engine.budget.add_resources(self.size())
            except Fault as fault:
                raise self.error(fault.message, ("properties",), fault.hint) from fault
            listed = list(self.definitions())
            stack = Members(self)
            self._members = {item.name: make_resource(stack, item) for item in listed}
        return self._members

    def member(self, name: str) -> Resource:
        found = self.members.get(name)
        if found is None:
            raise Fault(f"{self.name} has no member {name}{nearest(name, self.members)}",
                        f"its members are {', '.join(self.members) or 'none'}")
        return found

    def force(self) -> None:
        super().force()
        for member in self.members.values():
            member.force()

    def attribute(self, name: str, path: list[Any]) -> Any:
        if name == "refs":
            return select([member.reference() for member in self.members.values()], path)
        if name == "attributes":
            if not path:
                raise Fault("the attribute named attributes needs the name of a member's attribute after it")
            return {key: member.attribute(path[0], path[1:]) for key, member in self.members.items()}
        if name.startswith("resource."):
            key, _, inner = name.removeprefix("resource.").partition(".")
            member = self.member(key)
            if inner:
                return member.attribute(inner, path)
            return member.attribute(path[0], path[1:]) if path else member.reference()
        return [member.attribute(name, path) for member in self.members.values()]

    def all_attributes(self) -> dict[str, Any]:
        return {name: self.attribute(name, []) for name in self.own if name != "attributes"}


_SIZE = Constraint(Bounds("range", 0, None))
_SOME = Constraint(Bounds("range", 1, None))
BATCH: Schema = {
    "max_batch_size": Property("integer", default=1, constraints=(_SOME,)),
    "pause_time": Property("number", default=0, constraints=(_SIZE,)),
}
_WORD = Constraint(Bounds("length", 3, None))
_MODE = Constraint(AllowedValues(("append", "update")))


class ResourceGroup(Group):
    schema: ClassVar[Schema] = {
        "count": Property("integer", default=1, constraints=(_SIZE,)),
        "index_var": Property("string", default="%index%", constraints=(_WORD,)),
        "resource_def": Property("map", required=True, fields={
            "type": Property("string", required=True),
            "properties": Property("map"),
            "metadata": Property("map"),
        }),
        "removal_policies": Property("list", default=[], each=Property("map", fields={
            "resource_list": Property("list", default=[]),
        })),
        "removal_policies_mode": Property("string", default="append", constraints=(_MODE,)),
    }
    policies: ClassVar[Schema] = {
        "rolling_update": Property("map", fields={
            **BATCH, "min_in_service": Property("integer", default=0, constraints=(_SIZE,))}),
        "batch_create": Property("map", fields=BATCH),
    }
    own = ("refs", "refs_map", "attributes", "removed_rsrc_list")
    shared = ("resource_def", "properties")

    def size(self) -> int:
        return int(self.properties["count"])

    def _removed(self) -> set[str]:
        return {str(name) for policy in self.properties["removal_policies"] for name in policy["resource_list"]}

    def definitions(self) -> Iterator[Definition]:
        wanted = self.properties["resource_def"]
        word = self.properties["index_var"]
        given = {key: value for key, value in (wanted["properties"] or {}).items() if value is not None}
        path: KeyPath = (*self.definition.path, "properties", "resource_def")
        removed = self._removed()
        names = (str(number) for number in itertools.count() if str(number) not in removed)
        for name in itertools.islice(names, self.properties["count"]):
            yield Definition(name, wanted["type"], Const(_indexed(given, word, name), path),
                             Const(wanted["metadata"], path), Const(None, path), Const(None, path), (),
                             Const(None, path), path)

    def attribute(self, name: str, path: list[Any]) -> Any:
        if name == "removed_rsrc_list":
            return select(sorted(self._removed()), path)
        if name == "refs_map":
            return select({key: member.reference() for key, member in self.members.items()}, path)
        return super().attribute(name, path)


def _indexed(value: Any, word: str, name: str) -> Any:
    """``value`` with the index variable replaced in every string, not in keys."""
    if isinstance(value, str):
        return value.replace(word, name)
    if isinstance(value, dict):
        return {key: _indexed(item, word, name) for key, item in value.items()}
    if isinstance(value, list):
        return [_indexed(item, word, name) for item in value]
    return value


class ResourceChain(Group):
    schema: ClassVar[Schema] = {
        "resources": Property("list", required=True),
        "concurrent": Property("boolean", default=False),
        "resource_properties": Property("map"),
    }
    shared = ("resource_properties",)

    def size(self) -> int:
        return len(self.properties["resources"])

    def definitions(self) -> Iterator[Definition]:
        given = self.properties["resource_properties"] or {}
        path: KeyPath = (*self.definition.path, "properties", "resource_properties")
        for index, declared in enumerate(self.properties["resources"]):
            if not isinstance(declared, str):
                raise self.error(f"{declared!r} is not a type", ("properties", "resources", index))
            yield Definition(str(index), declared, Const(given, path), Const(None, path), Const(None, path),
                             Const(None, path), (), Const(None, path), self.definition.path)
