"""What every resource has: properties read once, attributes, a reference."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from treadle.errors import nearest
from treadle.heat.faults import Fault, kind
from treadle.heat.files import KeyPath
from treadle.heat.functions.references import select
from treadle.heat.properties import Schema, read_properties

if TYPE_CHECKING:
    from typing import Protocol

    from treadle.errors import TemplateError
    from treadle.heat.engine import Engine
    from treadle.heat.registry import Meaning, Registry
    from treadle.heat.scope import Scope
    from treadle.heat.template import Definition

    class Holder(Protocol):
        """A stack, or the hidden stack of a group's members. ``name`` is joined as Heat joins it, by dashes, which
        names of resources may have too; ``path``, joined by slashes, is no other's."""

        engine: Engine
        registry: Registry
        name: str
        path: str
        depth: int

        @property
        def scope(self) -> Scope: ...

        @property
        def directory(self) -> str: ...

        def meaning(self, definition: Definition) -> Meaning: ...

        def error(self, message: str, path: KeyPath, hint: str = "") -> TemplateError: ...


class Resource:
    """One resource of one stack. Properties are evaluated when something first needs them."""

    schema: ClassVar[Schema] = {}
    policies: ClassVar[Schema] = {}
    attributes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, holder: Holder, definition: Definition) -> None:
        self.holder = holder
        self.definition = definition
        self.name = definition.name
        self._properties: dict[str, Any] | None = None
        self._busy = False

    def given(self) -> dict[str, Any]:
        """The properties as the template gives them, functions evaluated."""
        value = self.definition.properties.value(self.holder.scope)
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self.error(f"properties must be a map, not {kind(value)}", ("properties",))
        return dict(value)

    @property
    def properties(self) -> dict[str, Any]:
        """The converted properties; TemplateError at the property that is wrong."""
        if self._properties is None:
            if self._busy:
                raise self.error("the resource depends on itself", ())
            self._busy = True
            try:
                self._properties = self.read(self.given())
            except Fault as fault:
                raise self.error(fault.message, ("properties", *fault.path), fault.hint) from fault
            finally:
                self._busy = False
        return self._properties

    def read(self, given: dict[str, Any]) -> dict[str, Any]:
        return read_properties(self.schema, given)

    def force(self) -> None:
        """Evaluate everything that the definition says, so that its errors show."""
        _ = self.properties
        self.definition.metadata.value(self.holder.scope)
        policy = self.definition.update_policy.value(self.holder.scope)
        if policy:
            self._check_policy(policy)

    def _check_policy(self, policy: Any) -> None:
        if not isinstance(policy, Mapping):
            raise self.error(f"must be a map, not {kind(policy)}", ("update_policy",))
        try:
            read_properties(self.policies, policy, "update policy")
        except Fault as fault:
            raise self.error(fault.message, ("update_policy", *fault.path), fault.hint) from fault

    def attribute(self, name: str, path: list[Any]) -> Any:
        """``get_attr``. Fault for a name that the type does not have; a path that leads nowhere is null."""
        if name not in self.attributes:
            raise self.no_attribute(name, self.attributes)
        return select(self.find(name), path)

    def find(self, name: str) -> Any:
        """The value of one of ``attributes``; a type without any has none to give."""
        raise self.no_attribute(name, self.attributes)

    def all_attributes(self) -> dict[str, Any]:
        return {name: self.find(name) for name in self.attributes}

    def reference(self) -> str:
        """``get_resource``: an identity that stays the same from run to run."""
        return self.holder.engine.identity(f"{self.holder.path}/{self.name}")

    def physical_name(self) -> str:
        """A name in the form of those that Heat makes up, the same in every run."""
        digest = hashlib.blake2b(f"{self.holder.path}/{self.name}".encode(), digest_size=10).digest()
        return f"{self.holder.name}-{self.name}-{base64.b32encode(digest).decode().lower()[:12]}"

    def facade(self, attribute: str) -> Any:
        """What ``resource_facade`` gives inside the template that implements this resource."""
        node = {"metadata": self.definition.metadata, "update_policy": self.definition.update_policy,
                "deletion_policy": self.definition.deletion_policy}[attribute]
        value = node.value(self.holder.scope)
        if attribute == "deletion_policy":
            return str(value).capitalize() if value is not None else "Delete"
        return {} if value is None else value

    def no_attribute(self, name: str, known: Any) -> Fault:
        return Fault(f"the resource {self.name} ({self.definition.type}) has no attribute "
                     f"{name}{nearest(name, known)}", _known(known))

    def error(self, message: str, path: KeyPath, hint: str = "") -> TemplateError:
        return self.holder.error(message, self.definition.path + path, hint)


def _known(names: Any) -> str:
    listed = sorted(str(name) for name in names)
    return f"known are {', '.join(listed)}" if 0 < len(listed) <= 20 else ""
