"""Wait until Heat has done what it was asked, and tell its events meanwhile."""

from __future__ import annotations

import time
from typing import Any

from treadle.errors import HeatError
from treadle.events import Events
from treadle.heat.remote.client import Heat, RemoteStack
from treadle.heat.remote.resources import RemoteResource, lowest, read_resources

#: Seconds between two looks: short at first, for small stacks.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 2.0
_SHOWN = 20
_EDGES = {"IN_PROGRESS": "begin", "COMPLETE": "end", "FAILED": "fail"}


class Watch:
    """Events of one stack, each told once as ``heat.resource.begin``, ``.end`` or ``.fail``."""

    def __init__(self, heat: Heat, identity: str, events: Events, *, new: bool) -> None:
        from heatclient.common.utils import EventLogContext

        self._heat = heat
        self._identity = identity
        self._events = events
        self._marker = "" if new else heat.last_event(identity)
        self._told: set[str] = set()
        self._names = EventLogContext()
        for resource in [] if new else read_resources(heat, identity):
            if resource.nested:
                name, _, id_ = resource.nested.rpartition("/")
                self._names.id_to_res_info[id_] = (id_, name)
                self._names.id_to_res_info[name] = (resource.stack.rpartition("/")[2], resource.path[-1])

    def tell(self) -> None:
        """Emit what is new. Heat forgets its oldest events; without the marker it lists all again."""
        for event in self._heat.events(self._identity, self._marker):
            self._marker = event.id
            if event.id not in self._told:
                self._told.add(event.id)
                self._emit(event)

    def _emit(self, event: Any) -> None:
        action, _, status = event.resource_status.partition("_")
        name = self._names.build_resource_name(event)
        reason = event.resource_status_reason if status == "FAILED" else ""
        if status in _EDGES and not self._said_by_its_resource(event):
            self._events.emit(f"heat.resource.{_EDGES[status]}", f"{name} {action}_{status}", subject=name,
                              **({"why": reason} if reason else {}))

    def _said_by_its_resource(self, event: Any) -> bool:
        """A nested stack's own event: the resource that it is has one of the same name."""
        inside = any(link["rel"] == "stack" and link["href"].endswith(f"/{event.physical_resource_id}")
                     for link in event.links)
        return inside and not self._identity.endswith(f"/{event.physical_resource_id}")

    def until_done(self, minutes: float, *, gone: bool = False) -> RemoteStack | None:
        """The stack once nothing is in progress; None where it does not exist any more, which is an error unless
        ``gone``. HeatError after ``minutes``, naming the resources that are not ready."""
        deadline, pause = time.monotonic() + minutes * 60, _FIRST_PAUSE
        while True:
            stack = self._heat.stack(self._identity)
            if stack is None or (gone and (stack.action, stack.status) == ("DELETE", "COMPLETE")):
                if gone:
                    return None
                raise HeatError(f"the stack {self._name} was deleted by somebody else meanwhile",
                                hint="run the same command again: it creates the stack")
            self.tell()
            if not stack.busy:
                return stack
            if time.monotonic() > deadline:
                raise self._late(minutes)
            time.sleep(pause)
            pause = min(pause * 1.3, _LONGEST_PAUSE)

    @property
    def _name(self) -> str:
        return self._identity.partition("/")[0]

    def _late(self, minutes: float) -> HeatError:
        waiting = lowest(read_resources(self._heat, self._identity), "IN_PROGRESS")
        return HeatError(f"the stack {self._name} was not ready after {minutes:g} minutes; still in progress: "
                         f"{listed([one.key for one in waiting]) or 'the stack itself'}",
                         hint="Heat goes on with it by itself until its own time is up. Run the same command again: it "
                              "waits for it and goes on; --timeout MINUTES gives more time")


def failed(heat: Heat, stack: RemoteStack) -> HeatError:
    """The error of a stack that FAILED: each resource that a failure comes from, with Heat's reason."""
    name = stack.identity.partition("/")[0]
    resources = read_resources(heat, stack.identity)
    causes = [f"{one.key} ({one.type}): {one.reason}{_not_begun(one, resources)}"
              for one in lowest(resources, "FAILED")]
    late = lowest(resources, "IN_PROGRESS") if "timed out" in stack.reason.lower() else []
    if late:
        causes.append(f"still in progress: {listed([one.key for one in late])}")
    told = listed(causes, "\n  ") or stack.reason
    return HeatError(f"Heat could not {stack.action.lower()} the stack {name}: {stack.reason.strip()}\n  {told}",
                     hint=f"correct it and run the same command again: Heat goes on from what is there. "
                          f"`openstack stack failures list {name}` shows more")


def _not_begun(outer: RemoteResource, resources: list[RemoteResource]) -> str:
    """Heat does not mark a resource whose properties it could not evaluate; it is among those not begun."""
    names = [one.key for one in resources if one.path[:-1] == outer.path and one.status == "INIT_COMPLETE"]
    return f" (not begun: {listed(names)})" if names else ""


def listed(names: list[str], between: str = ", ") -> str:
    more = f"{between}and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return between.join(names[:_SHOWN]) + more
