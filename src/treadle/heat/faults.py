"""A fault without a place: whoever knows file and key turns it into a TemplateError."""

from __future__ import annotations

import reprlib

_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxdict, _SHORT.maxlist, _SHORT.maxtuple = 3, 12, 12, 12
_SHORT.maxstring = _SHORT.maxother = 200


class Fault(Exception):
    """``path`` is below the thing that was handed in, such as ``("resource_def", "type")``."""

    def __init__(self, message: str, hint: str = "", path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path = path


def kind(value: object) -> str:
    """What a value is, in the words of a template's author."""
    names = {type(None): "null", bool: "a boolean", int: "a number", float: "a number", str: "a string",
             list: "a list", tuple: "a list", dict: "a map"}
    return names.get(type(value), f"a {type(value).__name__}")


def brief(value: object, limit: int = 60) -> str:
    """A value as it may stand in a message."""
    text = _SHORT.repr(value) if isinstance(value, dict | list | tuple) else repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
