"""Which changes of its configuration a service can take while it runs. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase

from treadle.instantiate.desired import Desired, Difference
from treadle.plan.containers import Absorbs

#: Options that the service's own code calls mutable: ``{config image: {(section, option)}}``.
Mutable = Mapping[str, Collection[tuple[str, str]]]


def unabsorbed(item: Desired, taken: float, mutable: Mutable) -> list[str]:
    """In words, the changes since ``taken`` that the service's ``reload`` does not cover; empty: all of them can be
    taken while it runs. A change of which nothing is known cannot."""
    unknown = [f"{held.key} changed" for held in item.unseen(taken)
               if held.state.held(taken) is None or not all(r.deltas for r in held.state.unseen(taken))]
    rules = item.container.reload.absorbs if item.container.reload else []
    return unknown + [difference.delta.words for difference in item.differences(taken)
                      if not _absorbed(difference, rules, mutable)]


def wants_mutable(item: Desired, taken: float) -> set[str]:
    """The config images whose lists of mutable options decide about ``item``."""
    rules = item.container.reload.absorbs if item.container.reload else []
    return {difference.held.image for difference in item.differences(taken) for rule in rules
            if difference.held.image and rule.options == "mutable" and _about(rule, difference)}


def _absorbed(difference: Difference, rules: Iterable[Absorbs], mutable: Mutable) -> bool:
    return difference.held.rereadable and any(
        _about(rule, difference) and _taken(difference, rule, mutable) for rule in rules)


def _about(rule: Absorbs, difference: Difference) -> bool:
    return bool(difference.delta.path) and fnmatchcase(difference.file, rule.file)


def _taken(difference: Difference, rule: Absorbs, mutable: Mutable) -> bool:
    section, option = difference.delta.section, difference.delta.option
    if rule.options == "all":
        return True
    if not option:
        return False
    if rule.options == "mutable":
        # oslo.config reads "DEFAULT" and "default" as one, and dashes in names as underscores.
        group = "DEFAULT" if section.upper() == "DEFAULT" else section
        return (group, option.replace("-", "_")) in mutable.get(difference.held.image, ())
    return any(fnmatchcase(f"{section}/{option}", wanted) for wanted in rule.options)
