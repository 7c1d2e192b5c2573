"""Which nodes are meant: ``--limit`` in Ansible's patterns, ``--roles``, ``--skip``. Every command narrows by this."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from treadle.errors import InputError, nearest
from treadle.plan.nodeplan import NodePlan
from treadle.plan.nodes import Node, membership

#: ``Compute[0]``, ``Compute[-1]``, ``Compute[0:2]`` (both ends count), ``Compute[1:]``.
_SUBSCRIPT = re.compile(r"(.+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]")
_BETWEEN = re.compile(r":(?![^\[]*\])")
_EXAMPLES = "such as compute-*, Compute[0:2], 'Controller,!controller-1', '~compute-[01]'"


@dataclass(frozen=True)
class Member:
    """A node, and the names by which it is found beside its own: its role and its scopes."""

    name: str
    role: str
    scopes: tuple[str, ...] = ()


def members(plans: Iterable[NodePlan], nodes: Mapping[str, Node]) -> list[Member]:
    """Those of ``plans``, in their order; what the nodes file says of them, where it does."""
    return [Member(plan.node, plan.role, _scopes(nodes.get(plan.node))) for plan in plans]


def members_of(nodes: Iterable[Node]) -> list[Member]:
    return [Member(node.name, node.role, _scopes(node)) for node in nodes]


def _scopes(node: Node | None) -> tuple[str, ...]:
    return tuple(name for kind, name in membership(node).items() if kind != "host") if node else ()


def narrowed(known: Sequence[Member], *, limit: str = "", roles: Iterable[str] = (),
             skip: Iterable[str] = ()) -> list[str]:
    """The names that are left, in the order of ``known``. Raises InputError for what names no node, and where none is
    left."""
    left = {member.name for member in known}
    if limit:
        left &= limited(known, limit)
    wanted = [role for given in roles for role in given.split(",") if role]
    there = list(dict.fromkeys(member.role for member in known))
    for role in wanted:
        if role not in there:
            raise InputError(f"no node has the role {role}{nearest(role, there)}", key="--roles",
                             hint=f"roles: {', '.join(there)}")
    if wanted:
        left &= {member.name for member in known if member.role in wanted}
    names = [member.name for member in known]
    for name in skip:
        if name not in names:
            raise InputError(f"no node is called {name}{nearest(name, names)}", key="--skip",
                             hint=f"nodes: {', '.join(names)}")
        left.discard(name)
    if not left:
        given = [("--limit", limit), ("--roles", wanted), ("--skip", list(skip))]
        raise InputError("no node is left", key=next((key for key, said in given if said), ""))
    return [name for name in names if name in left]


def limited(known: Sequence[Member], pattern: str) -> set[str]:
    """The nodes of a pattern: terms between commas (or colons), each a name, a role, a region, zone, aggregate or
    hardware; ``*``, ``?``, ``[]`` and ``~regex`` as Ansible has them. Terms add up; those with ``&`` must hold too,
    those with ``!`` must not. Raises InputError for a term that finds nothing."""
    terms = [term.strip() for term in (pattern.split(",") if "," in pattern else _BETWEEN.split(pattern))]
    if not all(term.lstrip("!&") for term in terms):
        raise InputError(f"{pattern!r} has an empty term", key="--limit", hint=_EXAMPLES)
    plain = [term for term in terms if term[0] not in "!&"] or ["all"]
    found = {name for term in plain for name in _found(known, term)}
    for term in terms:
        if term[0] == "&":
            found &= _found(known, term[1:])
    for term in terms:
        if term[0] == "!":
            found -= _found(known, term[1:])
    return found


def _found(known: Sequence[Member], term: str) -> set[str]:
    subscript = None if term.startswith("~") else _SUBSCRIPT.fullmatch(term)
    matching = _matching(term if subscript is None else subscript[1])
    by_group = [member.name for member in known if any(map(matching, (member.role, *member.scopes, "all")))]
    fuzzy = term.startswith("~") or any(sign in (subscript[1] if subscript else term) for sign in "*?[")
    by_name = [member.name for member in known if matching(member.name)] if fuzzy or not by_group else []
    found = [member.name for member in known if member.name in {*by_group, *by_name}]
    if subscript:
        found = _at(found, subscript)
    if not found:
        names = [word for member in known for word in (member.name, member.role, *member.scopes)]
        raise InputError(f"{term} is no node, role or group of this stack{nearest(term, dict.fromkeys(names))}",
                         key="--limit", hint=_EXAMPLES)
    return set(found)


def _matching(term: str) -> Callable[[str], bool]:
    if term.startswith("~"):
        try:
            compiled = re.compile(term[1:])
        except re.error as error:
            raise InputError(f"{term[1:]} is no regular expression: {error}", key="--limit") from None
        return lambda name: bool(compiled.match(name))
    return lambda name: fnmatchcase(name, term)


def _at(found: list[str], subscript: re.Match[str]) -> list[str]:
    if subscript[2]:
        at = int(subscript[2])
        return [found[at]] if -len(found) <= at < len(found) else []
    return found[int(subscript[3]):int(subscript[4]) + 1 if subscript[4] else None]
