"""What a closure gets, and how the arguments of a function or method become its closures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from treadle.heat.yaqlnative.parse import Tree, Unknown
from treadle.heat.yaqlnative.values import Budget


class Env:
    """The variables (``$1``, ``$name``) that an expression sees, and what its evaluation may cost."""

    __slots__ = ("budget", "names")

    def __init__(self, names: dict[str, Any], budget: Budget) -> None:
        self.names = names
        self.budget = budget


Run = Callable[[Env], Any]
Build = Callable[[Tree], Run]
Apply = Callable[..., Any]


@dataclass(frozen=True)
class Form:
    """A method. ``call`` takes the budget, the receiver and the arguments; no budget when it is ``pure``.

    ``names`` are those of the arguments, in order, after an & when it is a function of elements; a digit is one that
    has another name for another receiver, and so goes by its place alone. The last ones may be absent, which gives
    ``defaults``. With ``rest`` there may be any number of arguments."""

    call: Callable[..., Any]
    names: tuple[str, ...] = ()
    defaults: tuple[Any, ...] = ()
    rest: bool = False
    pure: bool = False


def form(call: Callable[..., Any], names: str = "", *defaults: Any, rest: bool = False) -> Form:
    return Form(call, tuple(names.split()), defaults, rest)


def pure(call: Callable[..., Any], names: str = "", *defaults: Any, rest: bool = False) -> Form:
    return Form(call, tuple(names.split()), defaults, rest, True)


def bind(shape: Form, arguments: tuple[Tree, ...], build: Build) -> Callable[[Env], list[Any]]:
    """The arguments' values in an environment, in the order of ``shape``; Unknown when they do not fit."""
    if shape.rest:
        runs = positional(arguments, build)
        return lambda env: [run(env) for run in runs]
    given = _by_name(shape, arguments)
    makers = []
    least = len(shape.names) - len(shape.defaults)
    for place, name in enumerate(shape.names):
        tree = given.pop(name.lstrip("&"), None)
        if tree is None and place < least:
            raise Unknown
        if tree is None:
            makers.append(_constant(shape.defaults[place - least]))
        elif name[0] == "&":
            makers.append(_function(build(tree), size(tree)))
        else:
            makers.append(build(tree))
    if given:
        raise Unknown
    return lambda env: [make(env) for make in makers]


def _by_name(shape: Form, arguments: tuple[Tree, ...]) -> dict[str, Tree]:
    given: dict[str, Tree] = {}
    for place, item in enumerate(arguments):
        if item[0] == "pair":
            (kind, name), tree = item[1][:2], item[2]
        elif place < len(shape.names):
            kind, name, tree = "word", shape.names[place].lstrip("&"), item
        else:
            raise Unknown
        if kind != "word" or name in given:
            raise Unknown
        given[name] = tree
    return given


def positional(arguments: tuple[Tree, ...], build: Build) -> list[Run]:
    if any(item[0] == "pair" for item in arguments):
        raise Unknown
    return [build(item) for item in arguments]


def size(tree: Any) -> int:
    """How many parts a tree has: what applying it costs."""
    return 1 + sum(size(part) for part in tree if type(part) is tuple)


def _constant(value: Any) -> Run:
    return lambda _env: value


def _function(run: Run, steps: int) -> Run:
    """Arguments of the call are seen as ``$`` or ``$1``, ``$2`` and so on. The environment can be one for all calls,
    since nothing native is evaluated later."""

    def make(env: Env) -> Apply:
        budget = env.budget
        inner = Env(dict(env.names), budget)
        names = inner.names

        def apply(element: Any, *others: Any) -> Any:
            budget.spend(steps)
            names["$1"] = element
            for place, other in enumerate(others, 2):
                names[f"${place}"] = other
            return run(inner)

        return apply

    return make
