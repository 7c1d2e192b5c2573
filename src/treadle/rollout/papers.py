"""Documents of two generations in; how they differ in words out: containers, kolla's files, images, hiera data, inputs.

All texts are masked as git has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from treadle.history import parsed
from treadle.instantiate import spec_words

_LONGEST = 160
_UNSET = object()
#: What the plan's other parts say already, or what no container or Puppet run depends on.
_OWN_LINES = ("kolla_config", "hieradata", "scripts", "owners")
_GROUPS = {"containers": "containers", "kolla_config": "kolla configs", "scripts": "scripts", "images.json": "images",
           "hieradata": "hiera data", "puppet-modules": "Puppet modules", "tasks.json": "tasks",
           "inputs.json": "inputs"}
#: Documents of which each entry is named also where the whole document comes or goes.
_SPELT = ("containers", "images.json", "tasks.json")

Words = Iterator[tuple[str, str]]


def paper_words(name: str, old: bytes | None, new: bytes | None) -> Words:
    """(group, words) of each difference in the document ``name``; None where it is not there. Both the same: only a
    secret in it changed."""
    kind, _, rest = name.partition("/")
    group = _GROUPS.get(kind, "plan")
    if old is not None and old == new:
        yield group, f"{rest or name}: a secret in it changed"
        return
    if kind in ("scripts", "puppet-modules") or (kind not in _SPELT and None in (old, new)):
        yield group, f"{rest or name} {'added' if old is None else 'removed' if new is None else 'changed'}"
        return
    try:
        before, after = (parsed(text) if text else {} for text in (old, new))
    except ValueError:  # a secret that is a number leaves no JSON behind its mark
        yield group, f"{rest or name} changed"
        return
    for words in _WORDS.get(kind, _plan)(rest, before, after):
        yield group, words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"


def _containers(step: str, old: Any, new: Any) -> Iterator[str]:
    number = step.removeprefix("step_").removesuffix(".json")
    for name in sorted(old.keys() | new.keys()):
        if name in old and name in new:
            yield from (f"{name}: {words}" for words in spec_words(old[name], new[name]))
        else:
            yield f"{name} {'added to' if name in new else 'removed from'} step {number}"


def _kolla(name: str, old: Any, new: Any) -> Iterator[str]:
    yield from (f"{name}: {words}" for words in _json(old, new))


def _images(_: str, old: Any, new: Any) -> Iterator[str]:
    for image in sorted(old.keys() | new.keys()):
        if old.get(image) != new.get(image):
            a, b = (found.get(image, "(unset)").removeprefix("sha256:")[:12] or "(unknown)" for found in (old, new))
            yield f"{image} {a} → {b}"


def _tasks(_: str, old: Any, new: Any) -> Iterator[str]:
    for section in sorted(old.keys() | new.keys()):
        before, after = old.get(section, []), new.get(section, [])
        names = dict.fromkeys(str(task.get("name", "?")) for task in _one_sided(before, after))
        yield from (f"{section}: {name} changed" for name in names)
        if before != after and not names:
            yield f"{section} in another order"


def _hieradata(layer: str, old: Any, new: Any) -> Iterator[str]:
    yield from (f"{layer.removesuffix('.json')} {words}" for words in _json(old, new))


def _inputs(_: str, old: Any, new: Any) -> Iterator[str]:
    if old.get("templates") != new.get("templates"):
        yield "templates or Puppet profiles changed"
    texts = ("environments", "roles")
    yield from (f"{key} changed" for key in texts if old.get(key) != new.get(key))
    apart = (*texts, "templates", "sources")
    yield from _json({key: value for key, value in old.items() if key not in apart},
                     {key: value for key, value in new.items() if key not in apart})


def _plan(_: str, old: Any, new: Any) -> Iterator[str]:
    for key in sorted((old.keys() | new.keys()) - set(_OWN_LINES)):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        if key == "docker_puppet_tasks":
            steps = [step for step in sorted(before or {} | (after or {})) if (before or {}).get(step)
                     != (after or {}).get(step)]
            yield from (f"bootstrap tasks of step {step} changed" for step in steps)
        elif key == "puppet_configs":
            changed = {entry["volume"] for entry in _one_sided(before or [], after or [])}
            yield from (f"how the config volume {volume} is generated changed" for volume in sorted(changed))
        else:
            yield from _json(before, after, key)


def _one_sided(old: list[Any], new: list[Any]) -> list[Any]:
    return [entry for entry in old if entry not in new] + [entry for entry in new if entry not in old]


def _json(old: Any, new: Any, where: str = "") -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            yield from _json(old.get(key, _UNSET), new.get(key, _UNSET), f"{where}.{key}" if where else str(key))
    elif isinstance(old, list) and isinstance(new, list):
        yield from (f"{where} + {_value(item)}" for item in new if item not in old)
        yield from (f"{where} - {_value(item)}" for item in old if item not in new)
        if sorted(map(str, old)) == sorted(map(str, new)):
            yield f"{where} in another order"
    elif any(isinstance(value, str) and "\n" in value for value in (old, new)):
        yield f"{where} {'added' if old is _UNSET else 'removed' if new is _UNSET else 'changed'}"
    else:
        yield f"{where} {_value(old)} → {_value(new)}"


def _value(value: Any) -> str:
    return "(unset)" if value is _UNSET else str(value)


_WORDS = {"containers": _containers, "kolla_config": _kolla, "images.json": _images, "hieradata": _hieradata,
          "tasks.json": _tasks, "inputs.json": _inputs}
