"""One entry of ``docker_config``, checked and typed.

Keys and meanings are paunch's (2.5.3 and 7.0.4, Docker's builder; where only Podman's has a key, its meaning there);
``reload``, ``health``, ``drain``, ``node_drain`` and ``validate`` are Treadle's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from treadle.errors import PlanError, nearest
from treadle.plan.checks import Check, Groups, Oslo
from treadle.plan.commands import argv_of as argv_of
from treadle.plan.containercheck import check


class Healthcheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the engine sees that the container works. ``interval``, ``timeout`` in seconds or with a unit ("10s").
    ``test`` as text is run by a shell; a list is a command, which may begin with CMD or CMD-SHELL."""

    test: str | list[str]
    interval: int | str = 30
    timeout: int | str = 30
    retries: int = 3
    start_period: int | str = 0


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How one sees that a reload took; everything that is given must come true ``within`` its time.

    ``log`` is a regular expression that must match what is written after the reload was begun, to ``file`` in the
    container or, without one, to its output; ``{section}`` and ``{option}`` in it stand for each changed option in
    turn. ``workers``: a child of the main process was started since. ``command`` ends with 0 in the container.
    """

    log: str = ""
    file: str = ""
    workers: bool = False
    command: str | list[str] = msgspec.field(default_factory=list)
    within: int | str = 30


class Absorbs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Changes that a running service can take: in the files of its config volume that match ``file`` (a glob such
    as ``etc/cinder/cinder.conf``), those of ``options``: ``all``, ``mutable`` (what the service's own code declares
    so, see oslo.config), or a list of ``section/option`` globs."""

    file: str
    options: Literal["all", "mutable"] | list[str] = "all"


class Reload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a service takes new configuration while it runs: by a ``signal`` to its main process, or by a ``command``
    in the container. ``drain`` is how long work in progress may take after it (seconds, or with a unit)."""

    absorbs: list[Absorbs]
    seen: Seen
    signal: str = ""
    command: str | list[str] = msgspec.field(default_factory=list)
    drain: int | str = 0


class Health(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What must be true of a container before the next start_order, step or batch goes on: ``command`` ends with 0
    in it (one attempt may take ``timeout``), ``within`` its time, and it has run for ``stay_up`` without a break.
    Without ``command`` the healthcheck's test is asked."""

    command: str | list[str] = msgspec.field(default_factory=list)
    within: int | str = 180
    timeout: int | str = 10
    stay_up: int | str = 0


class Drain(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How new work is kept away before a container is stopped: ``command``, which ends when no work is left or after
    ``within``; ``undo`` lets work in again once it runs. Both run in ``container`` ('' is the container itself)."""

    command: str | list[str]
    undo: str | list[str] = msgspec.field(default_factory=list)
    container: str = ""
    within: int | str = 30


class NodeDrain(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How work is kept away from a whole node: ``command`` in this container, ``undo`` to let it in again, each with
    ``{node}`` for the node's name; or ``stop``: the container is stopped meanwhile. ``where`` says whether that is done
    on the node itself alone, or in this container of every node."""

    command: str | list[str] = msgspec.field(default_factory=list)
    undo: str | list[str] = msgspec.field(default_factory=list)
    stop: bool = False
    where: Literal["node", "all"] = "node"
    within: int | str = 60


class Container(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The specification of one container. Lists keep the template's order."""

    image: str = ""
    command: str | list[str] = msgspec.field(default_factory=list)
    action: Literal["run", "exec"] = "run"
    detach: bool = True
    start_order: int = 0
    exit_codes: list[int] = msgspec.field(default_factory=lambda: [0])
    environment: list[str] | dict[str, Any] = msgspec.field(default_factory=list)
    env_file: str | list[str] = msgspec.field(default_factory=list)
    volumes: list[str] = msgspec.field(default_factory=list)
    volumes_from: list[str] = msgspec.field(default_factory=list)
    net: str = ""
    ipc: str = ""
    pid: str = ""
    uts: str = ""
    cgroupns: str = ""
    user: str = ""
    group_add: list[str] = msgspec.field(default_factory=list)
    hostname: str = ""
    extra_hosts: list[str] = msgspec.field(default_factory=list)
    privileged: bool = False
    cap_add: list[str] = msgspec.field(default_factory=list)
    cap_drop: list[str] = msgspec.field(default_factory=list)
    devices: list[str] = msgspec.field(default_factory=list)
    security_opt: str | list[str] = msgspec.field(default_factory=list)
    ulimit: list[str] = msgspec.field(default_factory=list)
    restart: str = ""
    remove: bool = False
    interactive: bool = False
    tty: bool = False
    log_tag: str = ""
    healthcheck: Healthcheck | None = None
    cpu_shares: int | None = None
    cpuset_cpus: str = ""
    mem_limit: int | str | None = None
    memswap_limit: int | str | None = None
    mem_swappiness: int | None = None
    pids_limit: int | None = None
    stop_signal: str = ""
    stop_grace_period: int | str | None = None
    check_interval: int | None = None
    depends_on: list[str] = msgspec.field(default_factory=list)
    systemd_exec_flags: dict[str, Any] = msgspec.field(default_factory=dict)
    config_volume: str = ""
    reload: Reload | None = None
    health: Health | None = None
    drain: Drain | None = None
    node_drain: NodeDrain | None = None
    validate: list[Check] = msgspec.field(default_factory=list)

    @property
    def one_shot(self) -> bool:
        """Runs to its end and is not expected to stay."""
        return self.action == "run" and not self.detach

    @property
    def argv(self) -> list[str]:
        """The command as the engine takes it. Text is split at blanks and nothing else, as paunch does: TripleO's
        commands hand quotes on to ``bootstrap_host_exec``, which evaluates them."""
        return self.command.split() if isinstance(self.command, str) else list(self.command)

    @property
    def target(self) -> str:
        """The container in which an ``exec`` runs."""
        return self.argv[0] if self.action == "exec" and self.argv else ""

    def environ(self) -> dict[str, str | None]:
        """``{NAME: value}``; None means that the deployer's own value is passed on, if it has one."""
        if isinstance(self.environment, dict):
            return {key: None if value in (None, "") else str(value) for key, value in self.environment.items()}
        pairs = (item.partition("=") for item in self.environment)
        return {name: value if equals else None for name, equals, value in pairs}


KEYS = tuple(field.name for field in msgspec.structs.fields(Container))
_LISTS = {"volumes", "volumes_from", "environment", "ulimit", "security_opt", "extra_hosts", "cap_add", "cap_drop",
          "group_add", "command", "env_file", "depends_on", "devices"}
_TEXTS = {field.name for field in msgspec.structs.fields(Container) if field.type is str}
#: The keys of maps inside an entry, by their place.
_INNER: dict[str, type[msgspec.Struct]] = {
    "healthcheck": Healthcheck, "reload": Reload, "reload.seen": Seen, "reload.absorbs": Absorbs, "health": Health,
    "drain": Drain, "node_drain": NodeDrain, "validate": Check, "validate.oslo": Oslo, "validate.oslo.groups": Groups}
#: Everything that decides whether a container must be made anew; when and how it is started does not.
_NOT_SPEC = ("image", "start_order", "exit_codes", "config_volume", "check_interval", "depends_on",
             "systemd_exec_flags", "reload", "health", "drain", "node_drain", "validate")


def parse_container(name: str, entry: Mapping[str, Any], where: str) -> Container:
    """One docker_config entry. ``where`` is the key path for errors, such as ``docker_config.step_3``.

    Raises PlanError for all that can be known to be wrong without the node, naming the key and what was expected.
    """
    where = f"{where}.{name}"
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", name):
        raise PlanError("a container's name is of a-z, A-Z, 0-9, _, . and -, and begins with a letter or digit",
                        key=where)
    if not isinstance(entry, Mapping):
        raise PlanError(f"expected a map of container keys, got {entry!r}", key=where)
    for key in entry:
        if key not in KEYS:
            raise PlanError(f"no container key is called {key}{nearest(key, KEYS)}", key=f"{where}.{key}",
                            hint=f"known keys: {', '.join(KEYS)}")
    cleaned = {key: _cleaned(key, value) for key, value in entry.items() if value is not None and value != ""}
    try:
        container = msgspec.convert(_with_interval(cleaned), Container, strict=False, str_keys=True)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), where) from None
    check(container, where)
    return container


def _cleaned(key: str, value: Any) -> Any:
    """Empty list items are ignored, as paunch does (templates end lists with an ``if`` that may give ''). Where text
    is wanted a whole number is fine: ``user: 0``."""
    if key in _LISTS and isinstance(value, list):
        return [_text(item) for item in value if item not in ("", None)]
    if key in _INNER and isinstance(value, Mapping):
        return {inner: item for inner, item in value.items() if item is not None}
    return _text(value) if key in _TEXTS else value


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and (not isinstance(value, bool)) else value


def _with_interval(entry: dict[str, Any]) -> dict[str, Any]:
    """``check_interval`` is how often the check runs in seconds (what a systemd timer does for Podman)."""
    check = entry.get("healthcheck")
    if entry.get("check_interval") is None or not isinstance(check, Mapping):
        return entry
    return {**entry, "healthcheck": {"interval": entry["check_interval"], **check}}


_KINDS = {"array": "a list", "str": "text", "int": "a number", "bool": "true or false", "object": "a map",
          "null": "nothing", "float": "a number with a fraction"}


def _refusal(said: str, where: str) -> PlanError:
    """msgspec's words ("Expected `int`, got `str` - at `$.healthcheck.retries`") as ours, with the key in its place."""
    message, _, place = said.partition(" - at `$")
    place = place.rstrip("`").lstrip(".")
    key = f"{where}.{place}" if place else where
    inner = re.sub(r"\[.*?\]", "", place)
    known = tuple(field.name for field in msgspec.structs.fields(_INNER.get(inner, Container)))
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", message):
        return PlanError(f"{inner} has no key {found.group(1)}{nearest(found.group(1), known)}",
                         key=f"{key}.{found.group(1)}", hint=f"known keys: {', '.join(known)}")
    if found := re.fullmatch(r"Object missing required field `(.*)`", message):
        return PlanError(f"{inner} needs {found.group(1)}", key=key)
    if found := re.fullmatch(r"Invalid enum value '(.*)'", message):
        return PlanError(f"expected {'run or exec' if inner == 'action' else 'all, mutable or a list'}, got "
                         f"{found.group(1)}", key=key)
    hint = "YAML takes a bare yes, no, on or off for true or false: put it in quotes" if "got `bool`" in message else ""
    words = re.sub(r"`([^`]*)`", lambda m: " or ".join(
        _KINDS.get(kind, kind) for kind in m.group(1).split(" | ") if kind != "null"), message)
    return PlanError(words[0].lower() + words[1:], key=key, hint=hint or "docs/containers.md has each key's type")


def spec_of(container: Container) -> dict[str, Any]:
    """The part of a container that its spec fingerprint covers, as plain data."""
    spec: dict[str, Any] = msgspec.to_builtins(container)
    return {key: value for key, value in spec.items() if key not in _NOT_SPEC}
