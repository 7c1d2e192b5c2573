"""Trees to closures. Each closure takes an environment and gives a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from treadle.heat.yaqlnative.forms import Build, Env, Run, bind, positional
from treadle.heat.yaqlnative.functions import FUNCTIONS, MAKERS
from treadle.heat.yaqlnative.methods import EXTENSIONS, METHODS
from treadle.heat.yaqlnative.operators import BINARY, UNARY
from treadle.heat.yaqlnative.parse import Tree, Unknown, parse
from treadle.heat.yaqlnative.values import SCALARS, Budget, Frozen, Leave, Once, is_map, is_sequence


def native(expression: str) -> Callable[[Any], Any] | None:
    """``expression`` as a function of its data that gives plain lists and maps, or None if it has a part without
    a native form. The function raises whatever it meets where the library has to decide: the caller then asks
    the library, which gives the value or the error."""
    try:
        run = build(parse(expression))
    except Unknown:
        return None

    def evaluate(data: Any) -> Any:
        budget = Budget()
        return budget.result(run(Env({"$1": {"data": data}}, budget)))

    return evaluate


def build(tree: Tree) -> Run:
    maker = _MAKERS.get(tree[0])
    if maker is None:
        raise Unknown
    return maker(tree)


def _const(tree: Tree) -> Run:
    value = tree[1]
    return lambda _env: value


def _var(tree: Tree) -> Run:
    name = tree[1]
    return lambda env: env.budget.sized(env.names.get(name))


def _hole(tree: Tree) -> Run:  # noqa: ARG001
    return lambda env: env.names[""]


def _elvis(tree: Tree) -> Run:
    left, right = build(tree[1]), build(tree[2])

    def run(env: Env) -> Any:
        value = left(env)
        return None if value is None else right(Env({**env.names, "": value}, env.budget))

    return run


def _attr(tree: Tree) -> Run:
    left, key = build(tree[1]), tree[2]
    return lambda env: _member(env, left(env), key)


def _member(env: Env, value: Any, key: str) -> Any:
    """The value of a map's key; of everything else that has elements, theirs."""
    if is_map(value):
        return env.budget.sized(value[key])
    return Once([_member(env, item, key) for item in env.budget.take(value)])


def _method(tree: Tree) -> Run:
    left, shape = build(tree[1]), METHODS.get(tree[2])
    if shape is None:
        raise Unknown
    call, arguments = shape.call, bind(shape, tree[3], build)
    if shape.pure:
        return lambda env: env.budget.sized(call(left(env), *arguments(env)))
    return lambda env: env.budget.sized(call(env.budget, left(env), *arguments(env)))


def _call(tree: Tree) -> Run:
    name, arguments = tree[1], tree[2]
    if name in EXTENSIONS:
        if not arguments or arguments[0][0] == "pair":
            raise Unknown
        return _method(("method", arguments[0], name, arguments[1:]))
    if name in MAKERS:
        made = MAKERS[name](arguments, build)
        return lambda env: env.budget.sized(made(env))
    shape = FUNCTIONS.get(name)
    if shape is None:
        raise Unknown
    call, values = shape.call, bind(shape, arguments, build)
    if shape.pure:
        return lambda env: env.budget.sized(call(*values(env)))
    return lambda env: env.budget.sized(call(env.budget, *values(env)))


def _index(tree: Tree) -> Run:
    left, inside = build(tree[1]), positional(tree[2], build)
    if len(inside) == 2:
        return lambda env: env.budget.sized(METHODS["get"].call(left(env), *[item(env) for item in inside]))
    if len(inside) != 1:
        raise Unknown
    only = inside[0]

    def run(env: Env) -> Any:
        value, key = left(env), only(env)
        if is_map(value) and type(key) in SCALARS:
            return env.budget.sized(value[key])
        if is_sequence(value) and type(key) is int:
            return env.budget.sized(env.budget.sized(value)[key])
        raise Leave

    return run


def _list(tree: Tree) -> Run:
    items = positional(tree[1], build)

    def run(env: Env) -> Any:
        values = tuple([item(env) for item in items])
        env.budget.together(values)
        return values

    return run


def _map(tree: Tree) -> Run:
    return pairs(tree[1], build)


def pairs(arguments: tuple[Tree, ...], inner: Build) -> Run:
    """A map from pairs ``key => value``; a bare word is a key too."""
    if any(item[0] != "pair" for item in arguments):
        raise Unknown
    items = [(inner(("const", item[1][1]) if item[1][0] == "word" else item[1]), inner(item[2])) for item in arguments]

    def run(env: Env) -> Any:
        made = Frozen()
        for key, value in items:
            name = key(env)
            if type(name) not in SCALARS:
                raise Leave
            made[name] = value(env)
        return made

    return run


def _let(tree: Tree) -> Run:
    """``let(name => value, ...) -> body`` and ``with(value, ...) -> body``: values without a name are $1, $2, ..."""
    _, name, arguments = tree[1]
    if name not in ("let", "with"):
        raise Unknown
    items = []
    for place, item in enumerate(arguments, 1):
        if item[0] != "pair":
            items.append((f"${place}", build(item)))
        elif item[1][0] == "word" and name == "let":
            items.append(("$" + item[1][1], build(item[2])))
        else:
            raise Unknown
    body = build(tree[2])
    return lambda env: body(Env({**env.names, **{key: value(env) for key, value in items}}, env.budget))


def _group(tree: Tree) -> Run:
    return build(tree[1])


def _not(tree: Tree) -> Run:
    inner = build(tree[1])
    return lambda env: not inner(env)


def _and(tree: Tree) -> Run:
    left, right = build(tree[1]), build(tree[2])
    return lambda env: left(env) and right(env)


def _or(tree: Tree) -> Run:
    left, right = build(tree[1]), build(tree[2])
    return lambda env: left(env) or right(env)


def _unary(tree: Tree) -> Run:
    call, inner = UNARY[tree[0]], build(tree[1])
    return lambda env: call(inner(env))


def _binary(tree: Tree) -> Run:
    call, left, right = BINARY[tree[0]], build(tree[1]), build(tree[2])
    if tree[0] in ("=", "!=") and tree[2] == ("const", None):
        wanted = tree[0] == "="
        return lambda env: (left(env) is None) is wanted
    return lambda env: env.budget.sized(call(env.budget, left(env), right(env)))


_MAKERS: dict[str, Callable[[Tree], Run]] = {
    "const": _const, "var": _var, "hole": _hole, "elvis": _elvis, "attr": _attr, "method": _method, "call": _call,
    "index": _index, "list": _list, "map": _map, "let": _let, "group": _group, "not": _not, "and": _and, "or": _or,
    **dict.fromkeys(UNARY, _unary), **dict.fromkeys(BINARY, _binary),
}
