"""One option of one file in; out: the generation that made it what it is, and the hiera keys that it may come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from treadle.errors import InputError, nearest
from treadle.history import Generation, History, Recorded, parsed
from treadle.instantiate import options
from treadle.secrets import named_in

_ALL = 1_000_000
#: (the option's masked text, digests of the secrets in it); None where the option is not there.
Value = tuple[str, tuple[str, ...]] | None
_SHOWN = 3


@dataclass(frozen=True)
class Blame:
    """``value`` is masked, and so is ``old`` (None: the option was not there). ``secret``: only a secret in it
    changed. ``generation`` made it so, ``before`` is the one before that ('' for the first)."""

    section: str
    option: str
    value: str
    old: str | None
    secret: bool
    generation: Generation
    before: str


@dataclass(frozen=True)
class Origin:
    """A place in a hiera layer with the option's value. ``likely``: it has the option's name too, or became what it is
    in the same generation."""

    layer: str
    path: tuple[str | int, ...]
    likely: bool

    def __str__(self) -> str:
        return f"{self.layer} {'.'.join(map(str, self.path))}"


def blame(history: History, recorded: Recorded, node: str, volume: str, file: str, option: str) -> Blame:
    """Who made ``option`` (``section/option``, or ``option`` where that is unique) what it is in ``recorded``.
    Raises InputError, with the nearest name, for what there is not."""
    path = _path(recorded, node, volume, file)
    section, name = _option(_options(recorded.repository.read(recorded.id, path)[path].data) or {}, option, file)

    @cache
    def value(commit: str) -> Value:
        found = recorded.repository.read(commit, path, "secrets.json")
        text = (_options(found[path].data) or {}).get((section, name)) if path in found else None
        if text is None:
            return None
        digests = parsed(found["secrets.json"].data) if "secrets.json" in found else {}
        return text, tuple(digests.get(secret, "") for secret in named_in(text.encode()))

    now = value(recorded.id)
    assert now is not None
    made = Generation(recorded.id)
    for made in history.log_of(recorded.id, _ALL, path, "secrets.json"):
        before = value(made.parents[0]) if made.parents else None
        if value(made.id) != before:
            return Blame(section, name, now[0], before[0] if before else None,
                         before is not None and before[0] == now[0], made, made.parents[0] if made.parents else "")
    return Blame(section, name, now[0], None, False, made, "")


def _path(recorded: Recorded, node: str, volume: str, file: str) -> str:
    if node not in recorded.nodes:
        raise InputError(f"generation {recorded.id[:12]} has no node {node}{nearest(node, recorded.nodes)}", key="NODE",
                         hint=f"its nodes: {', '.join(recorded.nodes)}")
    files = recorded.repository.listing(recorded.id, f"nodes/{node}")
    names = [path.removeprefix(f"nodes/{node}/").partition("/") for path in files]
    volumes = sorted({name for name, _, _ in names})
    if volume not in volumes:
        raise InputError(f"{node} has no config volume {volume}{nearest(volume, volumes)}", key="VOLUME",
                         hint=f"its config volumes: {', '.join(volumes) or 'none'}")
    inside = [inner for name, _, inner in names if name == volume]
    wanted = file.lstrip("/")
    if wanted not in inside:
        alike = [inner for inner in inside if inner.endswith(f"/{wanted}")]
        meant = f" (did you mean {alike[0]}?)" if alike else nearest(wanted, inside)
        raise InputError(f"the config volume {volume} of {node} has no file {file}{meant}", key="FILE",
                         hint=f"paths are as in the volume, such as {inside[0]}")
    return f"nodes/{node}/{volume}/{wanted}"


def _options(data: bytes) -> Mapping[tuple[str, str], str] | None:
    return options(data.decode("utf-8", "replace"))


def _option(known: Mapping[tuple[str, str], str], text: str, file: str) -> tuple[str, str]:
    if not known:
        raise InputError("is no file of sections and options", source=file, key="FILE",
                         hint="openstack overcloud config diff shows how it changed")
    names = {f"{section}/{option}": (section, option) for section, option in known}
    found = [key for name, key in names.items() if text in (name, key[1])]
    exact = [key for name, key in names.items() if text == name]
    if not found:
        raise InputError(f"{file} has no option {text}{nearest(text, [*names, *(key[1] for key in known)])}",
                         key="OPTION", hint="name it SECTION/OPTION")
    if len(exact or found) > 1:
        raise InputError(f"{file} has {text} in more than one section", key="OPTION",
                         hint=f"say which: {', '.join(f'{section}/{option}' for section, option in found)}")
    return (exact or found)[0]


def origins(history: History, recorded: Recorded, node: str, found: Blame) -> list[Origin]:
    """Where in the node's hiera data the option's value stands, in the order in which layers win; the likely ones
    alone, where there are any."""
    layers, before = _layers(recorded, node), {}
    if found.before:
        before = _layers(history.at(found.before), node)
    then = _layers(history.at(found.generation.id), node)
    candidates = []
    for layer, document in layers.items():
        for path, value in _leaves(document):
            if _text(value) != found.value.lower():
                continue
            named = _last(path) == found.option
            changed = _at(then.get(layer), path) != _at(before.get(layer), path) and bool(found.before)
            candidates.append(Origin(layer, path, named or changed))
    likely = [one for one in candidates if one.likely]
    named_first = sorted(likely, key=lambda one: _last(one.path) != found.option)
    return named_first[:_SHOWN] or candidates[:_SHOWN]


def _layers(recorded: Recorded, node: str) -> dict[str, Any]:
    """``{layer: document}`` in the order of the hierarchy, secrets masked."""
    files = recorded.repository.read(recorded.id, f"documents/{node}")
    head = f"documents/{node}/plan.json"
    order: Sequence[str] = parsed(files[head].data).get("hierarchy", []) if head in files else []
    found = {}
    for layer in order:
        path = f"documents/{node}/hieradata/{layer}.json"
        if path in files:
            try:
                found[layer] = parsed(files[path].data)
            except ValueError:  # a secret that is a number leaves no JSON behind its mark
                continue
    return found


def _leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, (*path, str(key)))
    elif isinstance(value, list):
        yield path, value
        for number, item in enumerate(value):
            yield from _leaves(item, (*path, number))
    else:
        yield path, value


def _text(value: Any) -> str:
    """As Puppet writes it to a file of options; letters' case aside."""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower()


def _last(path: Sequence[str | int]) -> str:
    return next((part.rpartition("::")[2] for part in reversed(path) if isinstance(part, str)), "")


_NOT_THERE = object()


def _at(value: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return _NOT_THERE
    return value
