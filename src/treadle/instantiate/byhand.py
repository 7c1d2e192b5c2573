"""What somebody changed in a container itself: what the engine says of it against what Treadle asked for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from treadle.engine import Observed
from treadle.instantiate.desired import Desired
from treadle.instantiate.plan import Action, Kind
from treadle.instantiate.replace import OLD
from treadle.plan.containers import Container
from treadle.plan.nodeplan import NodePlan

Request = tuple[Mapping[str, Any], Mapping[str, Any]]


def listed_changes(item: Desired, there: Observed, plan: NodePlan) -> list[str]:
    """What the engine's list tells: another name, other networks."""
    name = plan.container_prefix + item.name
    words = [f"name {name} → {there.engine_name}"] if renamed(there, plan) else []
    wanted = networks(item.container)
    if wanted is not None and there.networks:
        words += [f"networks + {network}" for network in there.networks if network not in wanted]
        words += [f"networks - {network}" for network in wanted if network not in there.networks]
    return words


def renamed(there: Observed, plan: NodePlan) -> bool:
    """Whether somebody gave it another name: not what a deploy did that is replacing it."""
    name = plan.container_prefix + there.name
    return there.engine_name not in (name, name + OLD)


def networks(container: Container) -> tuple[str, ...] | None:
    """The engine's networks that a container is in; None where it shares another's."""
    if container.net.startswith("container:"):
        return None
    return ("bridge",) if container.net in ("", "default") else (container.net,)


def inspected_changes(item: Desired, wanted: Request, said: Mapping[str, Any]) -> list[str]:
    """What ``inspect`` says (``said``) against the request that made the container, in the words of docker_config.

    Compared are limits, which `docker update` changes, and what a copy made by hand may have otherwise. What the
    entry leaves to the engine or to the image is its own, except for limits.
    """
    config, host = wanted
    there_config, there_host = said.get("Config") or {}, said.get("HostConfig") or {}
    fields = [(field, host, there_host) for field in _limits(item)]
    fields += [(field, host, there_host) for field in _HOST if field.key in host or field.always]
    fields += [(field, config, there_config) for field in _CONFIG if field.key in config]
    words = []
    for field, asked, has in fields:
        a, b = field.of(asked.get(field.key)), field.of(has.get(field.key))
        if a != b:
            words += field.words(a, b)
    return words + _environment(item, there_config.get("Env") or ())


@dataclass(frozen=True)
class _Field:
    """One key of the engine, what docker_config calls it, and how two values of it are made comparable."""

    key: str
    name: str
    of: Callable[[Any], Any] = lambda value: value or None
    always: bool = False

    def words(self, old: Any, new: Any) -> list[str]:
        if isinstance(old, tuple) or isinstance(new, tuple):
            a, b = old or (), new or ()
            found = [f"{self.name} + {value}" for value in b if value not in a]
            found += [f"{self.name} - {value}" for value in a if value not in b]
            return found or [f"{self.name} in another order"]
        return [f"{self.name} {'(unset)' if old is None else old} → {'(unset)' if new is None else new}"]


def _set(value: Any) -> tuple[str, ...] | None:
    return tuple(sorted(map(str, value))) if value else None


def _capabilities(value: Any) -> tuple[str, ...] | None:
    return _set([str(name).upper().removeprefix("CAP_") for name in value or ()])


def _restart(value: Any) -> str | None:
    name = (value or {}).get("Name") or "no"
    count = (value or {}).get("MaximumRetryCount") or 0
    return None if name == "no" else f"{name}:{count}" if count else str(name)


def _ulimits(value: Any) -> tuple[str, ...] | None:
    return _set([f"{limit['Name']}={limit['Soft']}:{limit['Hard']}" for limit in value or ()])


def _devices(value: Any) -> tuple[str, ...] | None:
    return _set([":".join(device[key] for key in ("PathOnHost", "PathInContainer", "CgroupPermissions"))
                 for device in value or ()])


def _unlimited(value: Any) -> Any:
    return None if value in (None, 0, -1) else value


def _mode(value: Any) -> Any:
    """The engine puts an id in the place of another container's name."""
    return "container:" if str(value or "").startswith("container:") else value or None


_LIMITS = (
    _Field("Memory", "mem_limit", _unlimited), _Field("MemoryReservation", "memory reservation", _unlimited),
    _Field("CpuShares", "cpu_shares"), _Field("NanoCpus", "cpus"), _Field("CpuPeriod", "cpu period"),
    _Field("CpuQuota", "cpu quota", _unlimited), _Field("CpusetCpus", "cpuset_cpus"),
    _Field("CpusetMems", "cpuset mems"), _Field("BlkioWeight", "blkio weight"),
    _Field("PidsLimit", "pids_limit", _unlimited), _Field("RestartPolicy", "restart", _restart),
)
_HOST = (
    _Field("Binds", "volumes", _set, always=True), _Field("Privileged", "privileged", always=True),
    _Field("CapAdd", "cap_add", _capabilities), _Field("CapDrop", "cap_drop", _capabilities),
    _Field("Devices", "devices", _devices),
    _Field("PidMode", "pid", _mode), _Field("UTSMode", "uts"), _Field("GroupAdd", "group_add", _set),
    _Field("ExtraHosts", "extra_hosts", _set), _Field("Ulimits", "ulimit", _ulimits),
    _Field("MemorySwappiness", "mem_swappiness"),
)
_CONFIG = (
    _Field("Cmd", "command", lambda value: " ".join(value or ()) or None), _Field("User", "user"),
    _Field("Hostname", "hostname"), _Field("StopSignal", "stop_signal"),
    _Field("StopTimeout", "stop_grace_period", lambda value: value), _Field("Tty", "tty"),
    _Field("OpenStdin", "interactive"),
)


def _limits(item: Desired) -> tuple[_Field, ...]:
    """Without its own limit of memory and swap the engine makes one up from that of memory."""
    swap = _Field("MemorySwap", "memswap_limit", _unlimited)
    return (*_LIMITS, swap) if item.container.memswap_limit is not None else _LIMITS


def _environment(item: Desired, there: Sequence[str]) -> list[str]:
    """Variables that the entry gives a value; the image has its own, and bare names were the deployer's then."""
    has = dict(pair.partition("=")[::2] for pair in there)
    return [f"environment {name} {value} → {has.get(name, '(unset)')}"
            for name, value in item.container.environ().items() if value is not None and has.get(name) != value]


#: What leaves the container as somebody made it.
_TOO_LITTLE = (Kind.NONE, Kind.START, Kind.RELOAD, Kind.RESTART)


def heeding(actions: Sequence[Action], stopped: Mapping[str, str],
            changed: Mapping[str, Sequence[str]]) -> list[Action]:
    """The planner's actions with what people did: a service that was stopped on purpose (``{container: by whom and
    why}``) is not started, and a container that was ``changed`` by hand (``{container: words}``) is made anew."""
    return [_held(_remade(action, changed.get(action.name, ())), stopped) for action in actions]


def _remade(action: Action, words: Sequence[str]) -> Action:
    if not words or action.desired is None or action.observed is None:
        return action
    reasons = (*(f"by hand: {word}" for word in words), *action.reasons)
    if action.kind in _TOO_LITTLE and not action.desired.container.one_shot:
        return replace(action, kind=Kind.RECREATE, reasons=reasons, differences=())
    return replace(action, reasons=reasons) if action.kind is Kind.RECREATE else action


def _held(action: Action, stopped: Mapping[str, str]) -> Action:
    item, there = action.desired, action.observed
    if item is None:
        return action
    if item.container.action == "exec" and item.container.target in stopped and action.kind is not Kind.NONE:
        why = f"waits for {item.container.target}, which is {stopped[item.container.target]}"
        return replace(action, kind=Kind.NONE, reasons=(), held=why)
    if item.name not in stopped or not item.stays:
        return action
    if there is not None and there.state in ("running", "paused", "restarting"):
        return replace(action, kind=Kind.STOP, reasons=(f"it is {there.state}, but {stopped[item.name]}",),
                       differences=(), held=stopped[item.name])
    return replace(action, kind=Kind.NONE, reasons=(), differences=(), held=stopped[item.name])
