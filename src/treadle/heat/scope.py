"""What a function may ask of the stack that it is evaluated in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from treadle.errors import TemplateError
    from treadle.heat.files import KeyPath
    from treadle.heat.limits.budget import Budget


class Attributes(Protocol):
    """A resource, as ``get_attr`` and ``get_resource`` see it."""

    def attribute(self, name: str, path: list[Any]) -> Any: ...

    def all_attributes(self) -> dict[str, Any]: ...

    def reference(self) -> str: ...


class Facade(Protocol):
    """The parent's resource that this stack implements."""

    def facade(self, attribute: str) -> Any: ...


class Scope(Protocol):
    """One stack during evaluation. What is asked for and absent raises ``Fault``."""

    @property
    def parent(self) -> Facade | None: ...

    def parameter(self, name: str) -> Any: ...

    def resource(self, name: str) -> Attributes: ...

    def truth(self, condition: Any) -> bool: ...

    @property
    def budget(self) -> Budget: ...

    def file_text(self, name: str) -> str: ...

    def error(self, message: str, path: KeyPath, hint: str = "") -> TemplateError: ...
