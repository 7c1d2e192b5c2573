"""One entry of ``docker_config``, checked and typed.

Keys and meanings are paunch's (2.5.3 and 7.0.4); ``reload``, ``health`` and ``drain`` are Treadle's.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from treadle.errors import PlanError, nearest


class Healthcheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the engine sees that the container works. ``interval``, ``timeout`` in seconds or with a unit ("10s")."""

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
    user: str = ""
    group_add: list[str] = msgspec.field(default_factory=list)
    hostname: str = ""
    extra_hosts: list[str] = msgspec.field(default_factory=list)
    privileged: bool = False
    cap_add: list[str] = msgspec.field(default_factory=list)
    cap_drop: list[str] = msgspec.field(default_factory=list)
    security_opt: list[str] = msgspec.field(default_factory=list)
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
    config_volume: str = ""
    reload: Reload | None = None
    health: Health | None = None
    drain: Drain | None = None

    @property
    def one_shot(self) -> bool:
        """Runs to its end and is not expected to stay."""
        return self.action == "run" and not self.detach

    @property
    def argv(self) -> list[str]:
        return argv_of(self.command)

    @property
    def target(self) -> str:
        """The container in which an ``exec`` runs."""
        return self.argv[0] if self.action == "exec" and self.argv else ""

    def environ(self) -> dict[str, str | None]:
        """``{NAME: value}``; None means that the engine's client passes its own value on."""
        if isinstance(self.environment, dict):
            return {key: None if value is None else str(value) for key, value in self.environment.items()}
        pairs = (item.partition("=") for item in self.environment)
        return {name: value if equals else None for name, equals, value in pairs}


def argv_of(command: str | list[str]) -> list[str]:
    """A command as the engine takes it; a string is split as a shell would."""
    return shlex.split(command) if isinstance(command, str) else list(command)


KEYS = tuple(field.name for field in msgspec.structs.fields(Container))
_LISTS = {"volumes", "volumes_from", "environment", "ulimit", "security_opt", "extra_hosts", "cap_add", "cap_drop",
          "group_add", "command", "env_file"}
#: Everything that decides whether a container must be made anew; when and how it is started does not.
_NOT_SPEC = ("image", "start_order", "exit_codes", "config_volume", "check_interval", "reload", "health", "drain")


def parse_container(name: str, entry: Mapping[str, Any], where: str) -> Container:
    """One docker_config entry. ``where`` is the key path for errors, such as ``docker_config.step_3``."""
    where = f"{where}.{name}"
    if not isinstance(entry, Mapping):
        raise PlanError(f"expected a map of container keys, got {entry!r}", key=where)
    for key in entry:
        if key not in KEYS:
            raise PlanError(f"no container key is called {key}{nearest(key, KEYS)}", key=f"{where}.{key}",
                            hint=f"known keys: {', '.join(KEYS)}")
    cleaned = {key: _without_empty(key, value) for key, value in entry.items() if value is not None and value != ""}
    try:
        container = msgspec.convert(cleaned, Container, strict=False, str_keys=True)
    except msgspec.ValidationError as error:
        raise PlanError(str(error), key=where, hint="see docs/containers.md for each key's type") from None
    if container.action == "exec" and not container.target:
        raise PlanError("an exec needs a command whose first word is the container to run in", key=f"{where}.command")
    if container.action == "run" and not container.image:
        raise PlanError("a container needs an image", key=f"{where}.image")
    return container


def _without_empty(key: str, value: Any) -> Any:
    """Empty list items are ignored, as paunch does (templates end lists with an ``if`` that may give '')."""
    if key in _LISTS and isinstance(value, list):
        return [item if isinstance(item, Mapping) else str(item) for item in value if item not in ("", None)]
    return value


def spec_of(container: Container) -> dict[str, Any]:
    """The part of a container that its spec fingerprint covers, as plain data."""
    spec: dict[str, Any] = msgspec.to_builtins(container)
    return {key: value for key, value in spec.items() if key not in _NOT_SPEC}
