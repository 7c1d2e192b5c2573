"""Methods: what stands after a dot and is called. Those of maps and strings; METHODS has those of lists too."""

from __future__ import annotations

from typing import Any

from treadle.heat.yaqlnative.forms import Form, form, pure
from treadle.heat.yaqlnative.functions import text
from treadle.heat.yaqlnative.lists import LISTS
from treadle.heat.yaqlnative.regex import matches, replace, right_split, search, search_all, split, want, whole
from treadle.heat.yaqlnative.values import (
    ABSENT,
    LIMIT,
    SCALARS,
    Budget,
    Distinct,
    Frozen,
    Items,
    Keys,
    Leave,
    Once,
    RawMap,
    Values,
    is_map,
    is_sequence,
)


def _map(value: Any) -> Any:
    if not is_map(value):
        raise Leave
    return value


def _listed(budget: Budget, value: Any) -> Any:
    budget.spend(2 * len(_map(value)))
    return value


def _scalar(value: Any) -> Any:
    if type(value) not in SCALARS:
        raise Leave
    return value


def _get(value: Any, key: Any, default: Any) -> Any:
    return _map(value).get(_scalar(key), default)


def _set(budget: Budget, value: Any, key: Any, new: Any) -> Frozen:
    budget.spend(len(_map(value)))
    return Frozen({**value, _scalar(key): new})


def _delete_all(budget: Budget, value: Any, keys: Any) -> RawMap:
    budget.spend(len(_map(value)))
    kept = RawMap(value)
    for key in budget.take(keys):
        kept.pop(_scalar(key), None)
    return kept


def _delete(budget: Budget, value: Any, *keys: Any) -> RawMap:
    return _delete_all(budget, value, keys)


def _contains_value(budget: Budget, value: Any, wanted: Any) -> bool:
    return budget.contains(Values(_listed(budget, value).values()), wanted)


def _merge_with(budget: Budget, first: Any, second: Any) -> RawMap:
    """Maps merge, lists are joined without doubles, else the second wins."""
    budget.spend(len(_map(first)) + len(_map(second)))
    merged = RawMap(first)
    for key, new in second.items():
        if key not in merged:
            merged[key] = new
            continue
        old = merged[key]
        if is_map(new):
            merged[key] = _merge_with(budget, old, new)
        elif type(new) in (list, tuple) and type(old) in (list, tuple):
            if len(old) + len(new) > LIMIT:
                raise Leave
            merged[key] = tuple(budget.unique((*old, *new)))
        elif type(new) in SCALARS:
            merged[key] = new
        else:
            raise Leave
    return merged


def _len(budget: Budget, value: Any) -> int:
    if type(value) is Once:
        return len(budget.take(value))
    if type(value) is str or is_map(value) or is_sequence(value) or type(value) in (Distinct, Keys, Items):
        return len(value)
    raise Leave


def _join(budget: Budget, first: Any, second: Any) -> str:
    separator, values = (first, second) if type(first) is str else (second, first)
    parts = [text(item) for item in budget.take(values)]
    budget.together(parts)
    budget.together((want(separator),) * len(parts))
    return separator.join(parts)


def _is_empty(value: Any) -> bool:
    """Of strings and null; blanks do not count."""
    return value is None or not want(value).strip()


def _norm(value: Any) -> str | None:
    return None if value is None else want(value).strip() or None


def _chars(chars: Any) -> str | None:
    return None if chars is None else want(chars)


def _starts_with(value: Any, *starts: Any) -> bool:
    return want(value).startswith(tuple([want(start) for start in starts]))


def _ends_with(value: Any, *ends: Any) -> bool:
    return want(value).endswith(tuple([want(end) for end in ends]))


def _substring(value: Any, start: Any, length: Any) -> str:
    first = whole(start) + (len(want(value)) if start < 0 else 0)
    return want(value)[first:first + (len(value) if whole(length) < 0 else length)]


def _index_of(budget: Budget, value: Any, wanted: Any, start: Any) -> int:
    if type(value) is str:
        return value.find(want(wanted), 0 if start is ABSENT else whole(start))
    places = _places(budget, value, wanted, start)
    return places[0] if places else -1


def _last_index_of(budget: Budget, value: Any, wanted: Any, start: Any) -> int:
    if type(value) is str:
        return value.rfind(want(wanted), 0 if start is ABSENT else whole(start))
    places = _places(budget, value, wanted, start)
    return places[-1] if places else -1


def _places(budget: Budget, values: Any, wanted: Any, start: Any) -> list[int]:
    if start is not ABSENT:
        raise Leave
    return [place for place, item in enumerate(budget.take(values)) if budget.equal(item, wanted)]


_MAPS: dict[str, Form] = {
    "get": pure(_get, "key default", None),
    "set": form(_set, "key value"),
    "keys": form(lambda budget, value: Keys(_listed(budget, value))),
    "values": form(lambda budget, value: Values(_listed(budget, value).values())),
    "items": form(lambda budget, value: Items(_listed(budget, value).items())),
    "containsKey": pure(lambda value, key: _scalar(key) in _map(value), "key"),
    "containsValue": form(_contains_value, "value"),
    "deleteAll": form(_delete_all, "keys"),
    "delete": form(_delete, rest=True),
    "mergeWith": form(_merge_with, "another"),
}

_STRINGS: dict[str, Form] = {
    "split": form(split, "0 1", None, ABSENT),
    "rightSplit": form(right_split, "separator maxSplits", None, -1),
    "join": form(_join, "0"),
    "replace": form(replace, "0 1 2", ABSENT),
    "matches": form(matches, "0"),
    "search": form(search, "string"),
    "searchAll": form(search_all, "string"),
    "toLower": pure(lambda value: want(value).lower()),
    "toUpper": pure(lambda value: want(value).upper()),
    "trim": pure(lambda value, chars: want(value).strip(_chars(chars)), "chars", None),
    "trimLeft": pure(lambda value, chars: want(value).lstrip(_chars(chars)), "chars", None),
    "trimRight": pure(lambda value, chars: want(value).rstrip(_chars(chars)), "chars", None),
    "norm": pure(_norm),
    "isEmpty": pure(_is_empty),
    "startsWith": pure(_starts_with, rest=True),
    "endsWith": pure(_ends_with, rest=True),
    "substring": pure(_substring, "start length", -1),
    "indexOf": form(_index_of, "0 1", ABSENT),
    "lastIndexOf": form(_last_index_of, "0 1", ABSENT),
    "len": form(_len),
}

METHODS: dict[str, Form] = {**LISTS, **_MAPS, **_STRINGS}
#: Methods that can also be called as functions, with the receiver as first argument.
EXTENSIONS = frozenset(("len", "distinct", "any", "all", "enumerate", "isEmpty", "norm"))
