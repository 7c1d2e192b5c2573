"""What somebody changed by hand on a node, against what was deployed last. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from treadle.instantiate.plan import Action, Kind


class What(enum.StrEnum):
    """Kinds of drift, in the order in which they are shown."""

    REMOVED = "container removed"
    STOPPED = "container stopped"
    PAUSED = "container paused"
    STARTED = "container started"
    CHANGED = "container changed"
    EXTRA = "container added"
    STRANGER = "container in the way"
    IMAGE = "image"
    CONFIGURATION = "configuration"


@dataclass(frozen=True)
class Finding:
    """One difference. ``words`` say how, from what was deployed to what is there, without secrets; ``repair`` is what
    the next deploy would do about it."""

    node: str
    what: What
    name: str
    words: tuple[str, ...]
    repair: str


@dataclass(frozen=True)
class Seen:
    """What is known of one node.

    ``actions``: what a deploy of the plan and configuration that were deployed last would do, all of it, NONE
    included, with what it would do where each container is looked into. ``listed``, ``inspected``: ``{container:
    words}`` of what a hand changed in it, seen by every deploy, and by one that looks into each container alone.
    ``strangers``: ``{container: engine name}`` of those that are not the stack's and have the name of one of its.
    ``configuration``: ``{key: words}`` of config volumes, kolla's files and scripts. ``missing``: images of the plan
    that the engine has no more.
    """

    node: str
    actions: Sequence[Action]
    listed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    inspected: Mapping[str, Sequence[str]] = field(default_factory=dict)
    strangers: Mapping[str, str] = field(default_factory=dict)
    configuration: Mapping[str, Sequence[str]] = field(default_factory=dict)
    missing: Sequence[str] = ()


def drift(seen: Seen) -> list[Finding]:
    """Every finding, by kind and name. Restarted by hand is no drift, nor is what fails or waits by itself."""
    found = [*_containers(seen), *_strangers(seen), *_images(seen), *_configuration(seen)]
    order = list(What)
    return sorted(found, key=lambda finding: (order.index(finding.what), finding.name))


def _containers(seen: Seen) -> Iterator[Finding]:
    for action in seen.actions:
        words = (*seen.listed.get(action.name, ()), *seen.inspected.get(action.name, ()))
        # What only a look into the container shows, a deploy sees only if it is asked to look.
        deep = bool(words) and not seen.listed.get(action.name) and action.kind is Kind.RECREATE and not _others(action)
        state = _state(action)
        if state is not None:
            plain = {What.STOPPED: Kind.START, What.PAUSED: Kind.RESTART}.get(state[0])
            yield Finding(seen.node, *state, f"{plain} {action.name}" if deep and plain else _repair(action))
        if words and action.desired is not None:
            yield Finding(seen.node, What.CHANGED, action.name, words,
                          f"{action.kind} {action.name} (with --repair)" if deep else _repair(action))


def _others(action: Action) -> bool:
    """Whether it would be made anew for another reason as well."""
    return any(reason.startswith(("spec", "image ", "config: ")) for reason in action.reasons)


def _state(action: Action) -> tuple[What, str, tuple[str, ...]] | None:
    """The drift that the planner itself sees in a container."""
    item, there = action.desired, action.observed
    if item is None:
        return What.EXTRA, action.name, ("it says that it is the stack's, but nothing that was deployed wants it",)
    if item.recorded or (there is None and (action.held or action.kind is Kind.NONE)):
        return None
    if there is None:
        return What.REMOVED, action.name, ("not there",)
    if action.kind is Kind.STOP:
        return What.STARTED, action.name, action.reasons
    if there.state == "paused":
        return What.PAUSED, action.name, ("it is paused",)
    if item.stays and not there.running and not action.held:
        return What.STOPPED, action.name, (f"it is {there.state}" + (
            "" if there.exit_code is None else f" ({there.exit_code})"),)
    return None


def _repair(action: Action) -> str:
    if action.kind is Kind.NONE:
        return f"nothing: {action.held}" if action.held else "nothing"
    return f"{action.kind} {action.name}"


def _strangers(seen: Seen) -> Iterator[Finding]:
    for name, engine_name in seen.strangers.items():
        yield Finding(seen.node, What.STRANGER, name, (f"{engine_name} is not this stack's",),
                      f"refuse, until it is removed or renamed: docker rename {engine_name} NEW-NAME")


def _images(seen: Seen) -> Iterator[Finding]:
    """A tag that points to another image than the one that runs."""
    for image in seen.missing:
        yield Finding(seen.node, What.IMAGE, image, ("removed from the engine",),
                      "refuse, until it is there: openstack overcloud image build")
    moved: dict[str, list[Action]] = {}
    for action in seen.actions:
        item, there = action.desired, action.observed
        if item and there and item.container.image not in seen.missing and there.image_id != item.image_id:
            moved.setdefault(item.container.image, []).append(action)
    for image, actions in moved.items():
        pairs = {(action.observed.image_id, action.desired.image_id) for action in actions
                 if action.observed and action.desired}
        words = tuple(f"{_short(old)} → {_short(new)}" for old, new in sorted(pairs))
        yield Finding(seen.node, What.IMAGE, image, words, ", ".join(_repair(action) for action in actions))


def _short(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]


def _configuration(seen: Seen) -> Iterator[Finding]:
    for key, words in seen.configuration.items():
        touched = [_repair(action) for action in seen.actions if action.desired
                   and any(reason.startswith("config: ") for reason in action.reasons)
                   and any(held.key.partition("/")[0] == key for held in action.desired.sources)]
        yield Finding(seen.node, What.CONFIGURATION, key, tuple(words), ", ".join(["put it back", *touched]))
