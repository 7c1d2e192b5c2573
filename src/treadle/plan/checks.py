"""An entry's ``validate``: how its configuration is checked before anything takes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from treadle.errors import PlanError
from treadle.plan.commands import argv_of
from treadle.plan.quantities import seconds

if TYPE_CHECKING:
    from treadle.plan.containers import Container

#: What an ``output`` can tell by named groups.
PARTS = ("file", "line", "section", "option", "level", "message")


class Groups(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Sections that an option names: those listed in ``named_by`` (``section/option``), with ``prefix`` before each,
    have the options of the section ``like``, those of the class that their option ``driver`` names (its
    ``get_driver_options``), and ``options``, which no namespace knows."""

    named_by: str
    like: str = ""
    driver: str = ""
    prefix: str = ""
    options: list[str] = msgspec.field(default_factory=list)


class Oslo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Files of oslo.config that the service reads together, in this order; ``namespaces`` of its options, all that the
    image has where none is given."""

    files: list[str]
    namespaces: list[str] = msgspec.field(default_factory=list)
    groups: list[Groups] = msgspec.field(default_factory=list)


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One check, run in a container of its own after Kolla has copied the configuration: ``oslo``, or a ``command``
    that ends with another code than 0 where something is wrong.

    Each place where the regular expression ``output`` matches what the command wrote is a finding; its named groups are
    those of PARTS. What matches ``ignore`` is none. An option without a file is looked for in ``file``, first in its
    ``section``. ``within``: how long it may take.
    """

    oslo: Oslo | None = None
    command: str | list[str] = msgspec.field(default_factory=list)
    output: str = ""
    ignore: str = ""
    file: str = ""
    section: str = ""
    within: int | str = 120


def check_checks(container: Container, key: Callable[[str], str]) -> None:
    """Raise PlanError for what a check may not say."""
    for number, given in enumerate(container.validate):
        def place(name: str, number: int = number) -> str:
            return key(f"validate[{number}]{name and '.'}{name}")

        try:
            argv = argv_of(given.command)
        except ValueError as error:
            raise PlanError(f"{given.command!r} is not a command: {str(error).lower()}", key=place("command")) from None
        if bool(argv) == bool(given.oslo):
            said = "both are" if argv else "neither is"
            raise PlanError(f"a check is oslo or a command, and {said} given", key=place(""))
        if given.oslo:
            _oslo(given, given.oslo, place)
        _expressions(given, place)
        if not seconds(given.within, place("within")):
            raise PlanError("expected a time above 0", key=place("within"))


def _oslo(given: Check, oslo: Oslo, place: Callable[[str], str]) -> None:
    for name in ("output", "ignore", "file", "section"):
        if getattr(given, name):
            raise PlanError(f"{name} is for a command; oslo's findings are known", key=place(name))
    if not oslo.files or not all(path.startswith("/") for path in oslo.files):
        raise PlanError("expected the files' absolute paths in the container", key=place("oslo.files"))
    for group in oslo.groups:
        if not all(group.named_by.partition("/")):
            raise PlanError(f"expected section/option, got {group.named_by!r}", key=place("oslo.groups"))


def _expressions(given: Check, place: Callable[[str], str]) -> None:
    for name in ("output", "ignore"):
        try:
            groups = re.compile(getattr(given, name)).groupindex
        except re.error as error:
            raise PlanError(f"{getattr(given, name)} is not a regular expression: {error}", key=place(name)) from None
        if name == "output" and given.output and "message" not in groups:
            raise PlanError("expected a named group message: (?P<message>.*)", key=place(name))
        for group in groups:
            if name == "output" and group not in PARTS:
                raise PlanError(f"no part of a finding is called {group}", key=place(name),
                                hint=f"known parts: {', '.join(PARTS)}")
