"""Methods of lists, and of everything else that has elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from treadle.heat.yaqlnative.forms import Apply, Form, form
from treadle.heat.yaqlnative.functions import distinct, largest, least
from treadle.heat.yaqlnative.operators import is_number, plus
from treadle.heat.yaqlnative.regex import whole
from treadle.heat.yaqlnative.values import (
    ABSENT,
    LIMIT,
    SCALARS,
    Budget,
    Leave,
    Once,
    Ordered,
    Raw,
    RawMap,
    is_map,
    is_sequence,
    iterable,
)


def _where(budget: Budget, values: Any, keep: Apply) -> Once:
    return Once([item for item in budget.take(values) if keep(item)])


def _select(budget: Budget, values: Any, chosen: Apply) -> Once:
    return Once([chosen(item) for item in budget.take(values)])


def _select_many(budget: Budget, values: Any, chosen: Apply) -> Once:
    found: list[Any] = []
    for item in budget.take(values):
        inner = chosen(item)
        if iterable(inner):
            found.extend(budget.take(inner))
        elif type(inner) in SCALARS or is_map(inner):
            found.append(inner)
        else:
            raise Leave
    return Once(found)


def _flatten(budget: Budget, values: Any) -> Once:
    found: list[Any] = []
    _flatten_into(found, budget, values, 0)
    return Once(found)


def _flatten_into(found: list[Any], budget: Budget, values: Any, depth: int) -> None:
    if depth > 50:
        raise Leave
    for item in budget.take(values):
        if iterable(item):
            _flatten_into(found, budget, item, depth + 1)
        else:
            found.append(item)
    if len(found) > LIMIT:
        raise Leave


def _distinct(budget: Budget, values: Any, key: Apply | None) -> Once:
    if key is None:
        return Once(budget.unique(budget.take(values)))
    seen = set()
    kept = []
    for item in budget.take(values):
        name = budget.freeze(key(item))
        if name not in seen:
            seen.add(name)
            kept.append(item)
    return Once(kept)


def _first(budget: Budget, values: Any, default: Any) -> Any:
    return _one(budget.take(values), 0, default)


def _last(budget: Budget, values: Any, default: Any) -> Any:
    return _one(budget.take(values), -1, default)


def _one(items: Any, place: int, default: Any) -> Any:
    if items:
        return items[place]
    if default is ABSENT:
        raise Leave
    return default


def _single(budget: Budget, values: Any) -> Any:
    only, = budget.take(values)
    return only


def _skip(budget: Budget, values: Any, count: Any) -> Once:
    return Once(list(budget.take(values)[_natural(count):]))


def _limit(budget: Budget, values: Any, count: Any) -> Once:
    return Once(list(budget.take(values)[:_natural(count)]))


def _natural(count: Any) -> int:
    if whole(count) < 0:
        raise Leave
    return int(count)


def _take_while(budget: Budget, values: Any, keep: Apply) -> Once:
    items = budget.take(values)
    return Once(list(items[:_stop(items, keep)]))


def _skip_while(budget: Budget, values: Any, keep: Apply) -> Once:
    items = budget.take(values)
    return Once(list(items[_stop(items, keep):]))


def _stop(items: Any, keep: Apply) -> int:
    return next((place for place, item in enumerate(items) if not keep(item)), len(items))


def _any(budget: Budget, values: Any, keep: Apply | None) -> bool:
    return any(keep is None or keep(item) for item in budget.take(values))


def _all(budget: Budget, values: Any, keep: Apply | None) -> bool:
    return all(item if keep is None else keep(item) for item in budget.take(values))


def _append(budget: Budget, values: Any, *more: Any) -> Once:
    return Once([*budget.take(values), *more])


def _enumerate(budget: Budget, values: Any, start: Any) -> Once:
    return Once([Raw(pair) for pair in enumerate(budget.take(values), whole(start))])


def _reduce(budget: Budget, values: Any, step: Apply, seed: Any) -> Any:
    items = list(budget.take(values))
    if seed is ABSENT:
        seed = items.pop(0)
    for item in items:
        seed = step(seed, item)
    return seed


def _folds(combine: Callable[[Budget, Any, Any], Any]) -> Form:
    def call(budget: Budget, values: Any, initial: Any) -> Any:
        return _reduce(budget, values, lambda total, item: budget.sized(combine(budget, total, item)), initial)

    return form(call, "initial", ABSENT)


def _group_by(budget: Budget, values: Any, key: Apply, chosen: Apply | None) -> Once:
    groups: dict[Any, Raw] = {}
    for item in budget.take(values):
        value = item if chosen is None else chosen(item)
        groups.setdefault(_name(key(item)), Raw()).append(value)
    return Once(list(groups.items()))


def _to_dict(budget: Budget, values: Any, key: Apply, chosen: Apply | None) -> RawMap:
    made = RawMap()
    for item in budget.take(values):
        name = _name(key(item))
        made[name] = item if chosen is None else chosen(item)
    return made


def _name(key: Any) -> Any:
    if type(key) not in SCALARS:
        raise Leave
    return key


def _sorts(reverse: bool) -> Form:
    """Null comes first; the rest must be all numbers or all strings."""

    def call(budget: Budget, values: Any, key: Apply) -> Ordered:
        pairs = [(key(item), item) for item in budget.take(values)]
        names = [name for name, _ in pairs if name is not None]
        if not (all(is_number(name) and name == name for name in names) or all(type(name) is str for name in names)):
            raise Leave
        budget.spend(4 * len(pairs))
        pairs.sort(key=lambda pair: (pair[0] is not None, pair[0] if pair[0] is not None else 0), reverse=reverse)
        return Ordered([item for _, item in pairs])

    return form(call, "&selector")


def _reverse(budget: Budget, values: Any) -> Once:
    return Once(list(reversed(budget.take(values))))


def _zip(budget: Budget, *lists: Any) -> Once:
    return Once(list(zip(*[budget.take(values) for values in lists], strict=False)))


def _to_list(budget: Budget, values: Any) -> Any:
    return budget.sized(values) if type(values) in (list, tuple) else tuple(budget.take(values))


def _contains(budget: Budget, values: Any, wanted: Any) -> bool:
    if not is_sequence(values) and type(wanted) not in SCALARS:
        raise Leave
    return budget.contains(values, wanted)


LISTS: dict[str, Form] = {
    "where": form(_where, "&predicate"),
    "select": form(_select, "&selector"),
    "selectMany": form(_select_many, "&selector"),
    "flatten": form(_flatten),
    "distinct": form(_distinct, "&keySelector", None),
    "first": form(_first, "default", ABSENT),
    "last": form(_last, "default", ABSENT),
    "single": form(_single),
    "skip": form(_skip, "count"),
    "limit": form(_limit, "count"),
    "takeWhile": form(_take_while, "&predicate"),
    "skipWhile": form(_skip_while, "&predicate"),
    "any": form(_any, "&predicate", None),
    "all": form(_all, "&predicate", None),
    "append": form(_append, rest=True),
    "enumerate": form(_enumerate, "start", 0),
    "count": form(lambda budget, values: len(budget.take(values))),
    "sum": _folds(plus),
    "max": _folds(largest),
    "min": _folds(least),
    "reduce": form(_reduce, "&selector seed", ABSENT),
    "aggregate": form(_reduce, "&selector seed", ABSENT),
    "groupBy": form(_group_by, "&keySelector &valueSelector", None),
    "toDict": form(_to_dict, "&keySelector &valueSelector", None),
    "orderBy": _sorts(reverse=False),
    "orderByDescending": _sorts(reverse=True),
    "reverse": form(_reverse),
    "zip": form(_zip, rest=True),
    "toList": form(_to_list),
    "toSet": form(lambda budget, values: distinct(budget, budget.take(values))),
    "contains": form(_contains, "value"),
}
