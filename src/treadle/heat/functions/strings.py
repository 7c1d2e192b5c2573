"""str_replace and its strict forms, str_split, list_join, digest, make_url."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote, urlencode, urlunsplit

from treadle.errors import nearest
from treadle.heat.faults import Fault, brief, kind
from treadle.heat.functions.arguments import ANY, dump, fields, items, produce, want_list, want_string
from treadle.heat.limits.budget import SMALL
from treadle.heat.nodes import Node
from treadle.heat.scope import Scope

#: About what a piece of a string costs while it stands alone.
_PIECE = 128
_REPLACE = "{template: text with words, params: {word: value}}"


def _replacement(value: Any, key: str, *, as_json: bool, allow_empty: bool) -> str:
    if value is None or (not allow_empty and isinstance(value, str | list | dict) and not value):
        if not allow_empty:
            raise Fault(f"the param {key} has no value", "every param needs one here", ("params", key))
        return ""
    if isinstance(value, str | int | float):
        return str(value)
    if as_json and isinstance(value, list | dict):
        return dump(value)
    raise Fault(f"the param {key} must be a string or a number, not {kind(value)}", path=("params", key))


def _replace(scope: Scope, text: Any, params: Any, *, strict: bool = False, as_json: bool = True,
             allow_empty: bool = True) -> str:
    """Replace all keys in one pass, the longest that fits first, then the smallest."""
    if not isinstance(text, str):
        raise Fault(f"the template must be a string, not {kind(text)}", path=("template",))
    if not isinstance(params, dict):
        raise Fault(f"params must be a map, not {kind(params)}", path=("params",))
    if not params:
        return text
    if "" in params:
        raise Fault("an empty string cannot be replaced", path=("params",))
    values = {key: _replacement(value, key, as_json=as_json, allow_empty=allow_empty)
              for key, value in params.items()}
    order = sorted(sorted(values), key=len, reverse=True)
    used: set[str] = set()
    done = _in_one_pass(scope, text, order, values, used)
    unused = [key for key in order if key not in used]
    if strict and unused:
        raise Fault(f"these params are not in the template: {', '.join(unused)}", path=("params",))
    return done


def _in_one_pass(scope: Scope, text: str, order: list[str], values: dict[str, str], used: set[str]) -> str:
    """Key by key: what a replacement brought in is never looked at again."""
    pieces: list[tuple[str, bool]] = [(text, False)]
    for key in order:
        if len(text) > SMALL:
            produce(scope, _PIECE * sum(piece.count(key) for piece, fixed in pieces if not fixed))
        fresh: list[tuple[str, bool]] = []
        for piece, fixed in pieces:
            if fixed or key not in piece:
                fresh.append((piece, fixed))
                continue
            used.add(key)
            for index, part in enumerate(piece.split(key)):
                if index:
                    fresh.append((values[key], True))
                fresh.append((part, False))
        pieces = fresh
    produce(scope, sum(len(piece) for piece, _ in pieces))
    return "".join(piece for piece, _ in pieces)


def _str_replace(scope: Scope, args: Node, **how: bool) -> str:
    parts = fields(args, f"str_replace: {_REPLACE}", ("template", "params"), ANY)
    return _replace(scope, parts["template"].value(scope), parts["params"].value(scope), **how)


def str_replace_plain(scope: Scope, args: Node) -> str:
    """Before 2015-10-15: maps and lists are refused as values."""
    return _str_replace(scope, args, as_json=False)


def str_replace(scope: Scope, args: Node) -> str:
    return _str_replace(scope, args)


def str_replace_strict(scope: Scope, args: Node) -> str:
    return _str_replace(scope, args, strict=True)


def str_replace_vstrict(scope: Scope, args: Node) -> str:
    return _str_replace(scope, args, strict=True, allow_empty=False)


def str_split(scope: Scope, args: Node) -> Any:
    shape = "str_split: [delimiter, string, index]"
    called = args.value(scope)
    if not isinstance(called, list) or len(called) < 2:
        raise Fault("needs a delimiter and a string", f"write it as: {shape}")
    if called[1] is None:
        return None
    # Null splits at white space, as in Python.
    delimiter = None if called[0] is None else want_string(called[0], "the delimiter")
    if delimiter == "":
        raise Fault("the delimiter is empty")
    text = want_string(called[1], "what is split")
    if len(text) > SMALL:
        produce(scope, _PIECE * (len(text) if delimiter is None else text.count(delimiter)))
    found = text.split(delimiter)
    if len(called) < 3:
        return found
    try:
        return found[int(called[2])]
    except (ValueError, TypeError) as error:
        raise Fault(f"the index {brief(called[2])} is not a number", f"write it as: {shape}") from error
    except IndexError as error:
        raise Fault(f"the index {called[2]} is not between 0 and {len(found) - 1}") from error


def _joined(scope: Scope, delimiter: Any, lists: list[Any], *, as_json: bool) -> str:
    words: list[str] = []
    for joined in lists:
        if not joined:
            continue
        if not isinstance(joined, list | tuple):
            raise Fault(f"joins the elements of lists, not {kind(joined)}: {brief(joined)}")
        for word in joined:
            if word is None:
                words.append("")
            elif isinstance(word, str):
                words.append(word)
            elif as_json and isinstance(word, dict | list | tuple):
                words.append(dump(word))
            else:
                raise Fault(f"joins strings, not {kind(word)}: {brief(word)}", "quote the value")
    between = want_string(delimiter, "the delimiter")
    produce(scope, len(between) * len(words) + sum(map(len, words)))
    return between.join(words)


def list_join_one(scope: Scope, args: Node) -> str:
    """Before 2015-10-15: one list of strings."""
    parts = items(args, "list_join: [delimiter, [string, ...]]")
    if len(parts) != 2:
        raise Fault("needs a delimiter and one list", "write it as: list_join: [delimiter, [string, ...]]")
    words = parts[1].value(scope)
    return _joined(scope, parts[0].value(scope), [words if words is None else want_list(words, "what is joined")],
                   as_json=False)


def list_join(scope: Scope, args: Node) -> str:
    parts = items(args, "list_join: [delimiter, [string, ...], ...]")
    if len(parts) < 2:
        raise Fault("needs a delimiter and a list", "write it as: list_join: [delimiter, [string, ...]]")
    return _joined(scope, parts[0].value(scope), [part.value(scope) for part in parts[1:]], as_json=True)


def digest(scope: Scope, args: Node) -> str:
    called = args.value(scope)
    if not isinstance(called, list) or len(called) != 2 or not all(isinstance(a, str) for a in called):
        raise Fault("needs an algorithm and a string", "write it as: digest: [sha512, text]")
    name, text = called
    if name.lower() not in hashlib.algorithms_available:
        raise Fault(f"{name} is not a digest algorithm{nearest(name, sorted(hashlib.algorithms_available))}")
    try:
        return str(hashlib.new(name, text.encode("latin-1")).hexdigest())
    except UnicodeEncodeError as error:
        raise Fault("the text has characters outside Latin-1") from error


_URL = ("scheme", "username", "password", "host", "port", "path", "query", "fragment")


def make_url(scope: Scope, args: Node) -> str:
    """An escaped URL of its parts."""
    given = fields(args, "make_url: {scheme: http, host: name, port: 80}", (), ANY)
    for key in given:
        if key not in _URL:
            raise Fault(f"does not know the argument {key}{nearest(key, _URL)}", path=(key,))
    parts = args.value(scope)
    for key, value in parts.items():
        if key == "query":
            if not isinstance(value, dict):
                raise Fault(f"query must be a map, not {kind(value)}", path=(key,))
        elif key == "port":
            _check_port(value)
        else:
            want_string(value, key)
    if ":" in parts.get("scheme", ""):
        raise Fault("the scheme may not hold a colon", path=("scheme",))
    query = urlencode(parts.get("query", {})).replace("%2F", "/")
    return str(urlunsplit((parts.get("scheme", ""), _netloc(parts), quote(parts.get("path", "")), query,
                           quote(parts.get("fragment", "")))))


def _check_port(port: Any) -> None:
    try:
        fits = 0 < int(port) <= 65535
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise Fault(f"the port {brief(port)} is not a number from 1 to 65535", path=("port",))


def _netloc(parts: dict[str, Any]) -> str:
    user, password = quote(parts.get("username", ""), safe=""), quote(parts.get("password", ""), safe="")
    login = f"{user}:{password}@" if password else f"{user}@" if user else ""
    host = parts.get("host", "")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    host = quote(host, safe=":")
    if ":" in host:
        host = f"[{host}]"
    port = parts.get("port", "")
    return f"{login}{host}:{port}" if port else f"{login}{host}"
