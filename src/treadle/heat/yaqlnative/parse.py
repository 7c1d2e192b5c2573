"""The grammar of yaql, as far as it has native forms: text to a tree of small tuples.

A tree's first part is its kind: const, word, var, attr, method, call, index, list, map, pair, not, minus, plus, let,
elvis, or a binary operator. Precedence is the library's.
"""

from __future__ import annotations

import re
from typing import Any

Tree = tuple[Any, ...]

_TOKEN = re.compile(r"""
    (?P<space>[ \t\r\n]+)
  | (?P<var>\$\w*)
  | (?P<number>\b\d+(?:\.\d+)?\b)
  | (?P<call>\b[^\W\d]\w*\()
  | (?P<word>(?!__)\b[^\W\d]\w*\b)
  | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`)
  | (?P<sign>=>|->|!=|>=|<=|=~|!~|\?\.|[.\[\]{}(),=<>+*/-])
""", re.VERBOSE)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_OTHER_ESCAPES = "abfvxuUN01234567"
_WORDS = {"true": True, "false": False, "null": None}
_OPERATORS = ("in", "and", "or", "not", "mod")
_POWERS = {
    "->": 1, "or": 2, "and": 3, "=": 5, "!=": 5, "in": 5, "<": 5, ">": 5, "<=": 5, ">=": 5, "+": 6, "-": 6,
    "*": 7, "/": 7, "mod": 7, "=~": 8, "!~": 8,
}
_NOT, _SIGNED = 4, 9
_MAX_DEPTH = 40
_MAX_LENGTH = 4000
_MAX_DIGITS = 100


class Unknown(Exception):
    """The expression has a part without a native form (or is no yaql at all: the library will say so)."""


def parse(text: str) -> Tree:
    """The tree of an expression; Unknown if it has a part that only the library understands."""
    if len(text) > _MAX_LENGTH:
        raise Unknown
    return _Parser(_tokens(text)).whole()


def _tokens(text: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unknown
        at = match.end()
        kind, value = str(match.lastgroup), match.group()
        if kind == "text":
            found.append(("const", _unquoted(value)))
        elif kind == "number":
            found.append(("const", _number(value)))
        elif kind == "word" and value in _WORDS:
            found.append(("const", _WORDS[value]))
        elif kind == "word" and value in _OPERATORS:
            found.append(("sign", value))
        elif kind != "space":
            found.append((kind, value[:-1] if kind == "call" else value))
    return [*found, ("end", "")]


def _number(digits: str) -> int | float:
    if len(digits) > _MAX_DIGITS:
        raise Unknown
    return float(digits) if "." in digits else int(digits)


def _unquoted(quoted: str) -> str:
    body = quoted[1:-1]
    if quoted[0] == "`":
        return body.replace("\\`", "`")
    return _ESCAPE.sub(_unescaped, body)


def _unescaped(match: re.Match[str]) -> str:
    """A backslash before a sign that it does not change stays, as in the library."""
    if match.group(1) in _OTHER_ESCAPES:
        raise Unknown
    return _ESCAPES.get(match.group(1), match.group())


class _Parser:
    """By descent: ``least`` is how tightly an operator must bind to belong to the operand that is being read."""

    def __init__(self, tokens: list[tuple[str, Any]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Tree:
        tree = self._expression(0)
        if self._tokens[self._at][0] != "end":
            raise Unknown
        return tree

    def _take(self, kind: str, value: str) -> bool:
        if self._tokens[self._at] == (kind, value):
            self._at += 1
            return True
        return False

    def _need(self, value: str) -> None:
        if not self._take("sign", value):
            raise Unknown

    def _expression(self, least: int) -> Tree:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise Unknown
        left = self._operand(least)
        while True:
            kind, value = self._tokens[self._at]
            power = _POWERS.get(value, 0) if kind == "sign" else 0
            if not power or power < least:
                break
            self._at += 1
            if value == "->":  # the one operator that groups to the right
                if left[0] != "call":
                    raise Unknown
                left = ("let", left, self._expression(power))
            else:
                left = (value, left, self._expression(power + 1))
        self._depth -= 1
        return left

    def _operand(self, least: int) -> Tree:
        if self._take("sign", "not"):
            if least > _NOT:
                raise Unknown
            return ("not", self._expression(_NOT))
        for sign, kind in (("-", "minus"), ("+", "plus")):
            if self._take("sign", sign):
                return (kind, self._postfix(self._primary()))
        return self._postfix(self._primary())

    def _primary(self) -> Tree:
        kind, value = self._tokens[self._at]
        self._at += 1
        if kind in ("const", "word"):
            return (kind, value)
        if kind == "var":
            return ("var", "$1" if value == "$" else value)
        if kind == "call":
            return ("call", value, self._arguments(")"))
        if (kind, value) == ("sign", "("):
            tree = self._expression(0)
            self._need(")")
            return ("group", tree)
        if (kind, value) == ("sign", "["):
            return ("list", self._arguments("]"))
        if (kind, value) == ("sign", "{"):
            return ("map", self._arguments("}"))
        raise Unknown

    def _postfix(self, tree: Tree) -> Tree:
        while True:
            if self._take("sign", "."):
                tree = self._member(tree)
            elif self._take("sign", "?."):
                tree = ("elvis", tree, self._member(("hole",)))
            elif self._take("sign", "["):
                tree = ("index", tree, self._arguments("]"))
            else:
                return tree

    def _member(self, tree: Tree) -> Tree:
        kind, value = self._tokens[self._at]
        self._at += 1
        if kind == "word":
            return ("attr", tree, value)
        if kind == "call":
            return ("method", tree, value, self._arguments(")"))
        raise Unknown

    def _arguments(self, close: str) -> tuple[Tree, ...]:
        found: list[Tree] = []
        if self._take("sign", close):
            return ()
        while True:
            item = self._expression(0)
            if self._take("sign", "=>"):
                item = ("pair", item, self._expression(0))
            elif item[0] == "word" or (found and found[-1][0] == "pair"):
                raise Unknown
            found.append(item)
            if self._take("sign", close):
                return tuple(found)
            self._need(",")
