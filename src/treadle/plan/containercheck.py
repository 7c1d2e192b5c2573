"""What an entry of docker_config may not say, although each of its values has the right type.

The engine would refuse most of it too, but in the middle of a step; here nothing has been changed yet.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from treadle.errors import PlanError, nearest
from treadle.plan.checks import check_checks
from treadle.plan.commands import argv_of
from treadle.plan.mounts import parse_device, parse_mount
from treadle.plan.quantities import seconds, size
from treadle.plan.terms import CAPABILITIES, LIMITS, SECURITY, SIGNALS, is_signal

if TYPE_CHECKING:
    from treadle.plan.containers import Container

Where = Callable[[str], str]
#: What means something to an exec; ``image``, ``detach`` and ``config_volume`` do no harm.
_OF_EXEC = {"action", "command", "user", "privileged", "environment", "exit_codes", "start_order", "image", "detach",
            "config_volume"}


def check(container: Container, where: str) -> None:
    """Raise PlanError for the first thing that is wrong; ``where`` is the container's key path."""
    def key(name: str) -> str:
        return f"{where}.{name}"

    rules = (_action, _namespaces, _mounts, _limits, _numbers, _names, _healthcheck, _ends, _reload, _health, _drain,
             _node_drain, check_checks)
    for rule in rules:
        rule(container, key)


def _argv(command: str | list[str], where: str) -> list[str]:
    try:
        return argv_of(command)
    except ValueError as error:
        raise PlanError(f"{command!r} is not a command: {str(error).lower()}", key=where) from None


def _action(c: Container, key: Where) -> None:
    if c.action == "run":
        if not c.image:
            raise PlanError("a container needs an image", key=key("image"))
        return
    if not c.target:
        raise PlanError("an exec needs a command whose first word is the container to run in", key=key("command"))
    if len(c.argv) < 2:
        raise PlanError(f"what is to be run in {c.target}? the command has no word after the container's name",
                        key=key("command"))
    for name in msgspec.to_builtins(c).keys() - _OF_EXEC:
        raise PlanError(f"an exec has no use for {name}: it runs in {c.target} as that is", key=key(name),
                        hint=f"an exec takes {', '.join(sorted(_OF_EXEC - {'image', 'detach', 'config_volume'}))}")


def _namespaces(c: Container, key: Where) -> None:
    modes = {"ipc": ("host", "none", "private", "shareable"), "pid": ("host",), "uts": ("host",),
             "cgroupns": ("host", "private")}
    for name, known in modes.items():
        given = getattr(c, name)
        alone = name in ("uts", "cgroupns")
        joins = not alone and re.fullmatch(r"container:.+", given)
        if given and given not in known and not joins:
            also = "" if alone else " or container:NAME"
            raise PlanError(f"expected {', '.join(known)}{also}, got {given!r}", key=key(name))
    if c.net == "container:":
        raise PlanError("expected host, none, container:NAME or a network of the engine, got 'container:'",
                        key=key("net"))
    shared = c.net.startswith("container:")
    if c.hostname and (shared or c.uts == "host"):
        raise PlanError(f"with {f'net: {c.net}' if shared else 'uts: host'} the name is not its own",
                        key=key("hostname"), hint="leave one of the two out")
    if c.extra_hosts and shared:
        raise PlanError(f"with net: {c.net} its /etc/hosts is not its own", key=key("extra_hosts"),
                        hint=f"give them to {c.net.removeprefix('container:')}")


def _mounts(c: Container, key: Where) -> None:
    places: dict[str, str] = {}
    for volume in c.volumes:
        mount = parse_mount(volume, key("volumes"))
        place = mount.destination.rstrip("/")
        if place in places:
            raise PlanError(f"{place} is mounted twice: {places[place]} and {volume}", key=key("volumes"))
        places[place] = volume
    for item in c.volumes_from:
        if not re.fullmatch(r"[^:]+(:(ro|rw))?", item):
            raise PlanError(f"expected NAME or NAME:ro, got {item!r}", key=key("volumes_from"))
    for item in c.devices:
        parse_device(item, key("devices"))


def _limits(c: Container, key: Where) -> None:
    for text in c.ulimit:
        name, soft, hard = ulimit(text, key("ulimit"))
        if name not in LIMITS:
            raise PlanError(f"no limit is called {name}{nearest(name, LIMITS)}", key=key("ulimit"),
                            hint=f"known limits: {', '.join(sorted(LIMITS))}")
        if hard != -1 and not 0 <= soft <= hard:
            raise PlanError(f"the soft limit is above the hard one in {text}", key=key("ulimit"))
    memory = size(c.mem_limit, key("mem_limit")) if c.mem_limit is not None else 0
    swap = size(c.memswap_limit, key("memswap_limit")) if c.memswap_limit is not None else 0
    if swap > 0 and not memory:
        raise PlanError("memory and swap together are limited, so memory must be too", key=key("memswap_limit"),
                        hint="set mem_limit, at most as large")
    if 0 < swap < memory:
        raise PlanError(f"memory and swap together ({c.memswap_limit}) are less than memory alone ({c.mem_limit})",
                        key=key("memswap_limit"))
    if c.cpuset_cpus not in ("", "all") and not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", c.cpuset_cpus):
        raise PlanError(f"expected CPUs such as 0-3 or 0,2, or all, got {c.cpuset_cpus!r}", key=key("cpuset_cpus"))


def ulimit(text: str, where: str) -> tuple[str, int, int]:
    """``nofile=1024:4096`` as (name, soft, hard); -1 is no limit."""
    found = re.fullmatch(r"([a-z]+)=(-1|\d+)(?::(-1|\d+))?", text)
    if not found:
        raise PlanError(f"expected a limit such as nofile=1024:4096, got {text!r}", key=where)
    return found.group(1), int(found.group(2)), int(found.group(3) or found.group(2))


def _numbers(c: Container, key: Where) -> None:
    for name, least, most in (("cpu_shares", 0, 262144), ("mem_swappiness", -1, 100), ("pids_limit", -1, None),
                              ("check_interval", 1, None)):
        value = getattr(c, name)
        if value is not None and (value < least or (most is not None and value > most)):
            until = f"at least {least}" if most is None else f"{least} to {most}"
            raise PlanError(f"expected a number, {until}, got {value}", key=key(name))
    for code in c.exit_codes:
        if not 0 <= code <= 255:
            raise PlanError(f"an exit code is 0 to 255, got {code}", key=key("exit_codes"))
    if not c.exit_codes:
        raise PlanError("which exit code means success?", key=key("exit_codes"), hint="leave it out for 0")


def _names(c: Container, key: Where) -> None:
    for name in ("cap_add", "cap_drop"):
        for given in getattr(c, name):
            if given.upper().removeprefix("CAP_") not in CAPABILITIES:
                raise PlanError(f"no capability is called {given}{nearest(given.upper(), CAPABILITIES)}",
                                key=key(name))
    for given in [c.security_opt] if isinstance(c.security_opt, str) else c.security_opt:
        word = re.split("[=:]", given)[0]
        if word not in SECURITY:
            raise PlanError(f"no security option is called {word}{nearest(word, SECURITY)}", key=key("security_opt"),
                            hint=f"known: {', '.join(sorted(SECURITY))}")
    for given in c.extra_hosts:
        name, _, address = given.partition(":")
        if not name or not (address == "host-gateway" or _is_address(address)):
            raise PlanError(f"expected NAME:IP, got {given!r}", key=key("extra_hosts"))
    for name in c.environ():
        if not name or "=" in name:
            raise PlanError("a variable has no name", key=key("environment"))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def _healthcheck(c: Container, key: Where) -> None:
    if c.healthcheck is None:
        return
    given = c.healthcheck.test
    test = given.split() if isinstance(given, str) else given
    if test and test[0] in ("CMD", "CMD-SHELL") and isinstance(given, list):
        if test[0] == "CMD-SHELL" and len(test) > 2:
            raise PlanError("CMD-SHELL takes one text that holds the whole command", key=key("healthcheck.test"))
        test = test[1:]
    if not test or test == ["NONE"]:
        raise PlanError("expected the command that checks it", key=key("healthcheck.test"),
                        hint="leave healthcheck out where nothing is to be checked")
    for name in ("interval", "timeout", "start_period"):
        time = seconds(getattr(c.healthcheck, name), key(f"healthcheck.{name}"))
        if 0 < time < 0.001 or (not time and name != "start_period"):
            raise PlanError("expected at least 1ms", key=key(f"healthcheck.{name}"))
    if c.healthcheck.retries < 1:
        raise PlanError(f"expected at least 1, got {c.healthcheck.retries}", key=key("healthcheck.retries"))


def _ends(c: Container, key: Where) -> None:
    """How it ends, and what follows."""
    if c.stop_signal and not is_signal(c.stop_signal):
        raise _no_signal(c.stop_signal, key("stop_signal"))
    if c.stop_grace_period is not None:
        seconds(c.stop_grace_period, key("stop_grace_period"))
    if not re.fullmatch(r"|no|always|unless-stopped|on-failure(:\d+)?", c.restart):
        raise PlanError(f"expected no, always, unless-stopped or on-failure[:COUNT], got {c.restart!r}",
                        key=key("restart"))
    restarts = c.restart not in ("", "no")
    if c.remove and restarts:
        raise PlanError(f"with restart: {c.restart} it does not end, so it cannot be removed then", key=key("remove"))
    if c.one_shot and c.restart.startswith(("always", "unless-stopped")):
        raise PlanError(f"a one-shot (detach: false) with restart: {c.restart} would never be done",
                        key=key("restart"), hint="leave it out, or say on-failure:COUNT")


def _no_signal(name: str, where: str) -> PlanError:
    return PlanError(f"no signal is called {name}{nearest(name.upper().removeprefix('SIG'), SIGNALS)}", key=where)


def _stays(c: Container, name: str, key: Where) -> None:
    if c.one_shot or c.action == "exec":
        raise PlanError(f"{name} is for containers that stay; this one runs to its end", key=key(name))


def _reload(c: Container, key: Where) -> None:
    if c.reload is None:
        return
    _stays(c, "reload", key)
    given, seen = c.reload, c.reload.seen
    if bool(given.signal) == bool(_argv(given.command, key("reload.command"))):
        said = "both are given" if given.signal else "neither is given"
        raise PlanError(f"a reload is a signal or a command, and {said}", key=key("reload"))
    if given.signal and not is_signal(given.signal):
        raise _no_signal(given.signal, key("reload.signal"))
    seconds(given.drain, key("reload.drain"))
    if c.remove:
        raise PlanError("a reload that does not take ends in a restart, and with remove: true it would be gone",
                        key=key("remove"))
    if not given.absorbs:
        raise PlanError("expected what the reload can absorb: at least one file", key=key("reload.absorbs"))
    for number, part in enumerate(given.absorbs):
        for option in part.options if isinstance(part.options, list) else ():
            if "/" not in option:
                raise PlanError(f"expected section/option, got {option!r}",
                                key=key(f"reload.absorbs[{number}].options"))
    seconds(seen.within, key("reload.seen.within"))
    if not (seen.log or seen.workers or _argv(seen.command, key("reload.seen.command"))):
        raise PlanError("expected how one sees that the reload took", key=key("reload.seen"),
                        hint="give log, workers or command")
    if seen.file and not seen.log:
        raise PlanError("the file is read for log, which is not given", key=key("reload.seen.file"))
    try:
        re.compile(seen.log.replace("{section}", "DEFAULT").replace("{option}", "debug"))
    except re.error as error:
        raise PlanError(f"{seen.log} is not a regular expression: {error}", key=key("reload.seen.log")) from None


def _health(c: Container, key: Where) -> None:
    if c.health is None:
        return
    _stays(c, "health", key)
    within, timeout, stay_up = (seconds(getattr(c.health, name), key(f"health.{name}"))
                                for name in ("within", "timeout", "stay_up"))
    if not _argv(c.health.command, key("health.command")) and c.healthcheck is None and not stay_up:
        raise PlanError("expected a command, a stay_up, or a healthcheck beside it", key=key("health"))
    if not within or not timeout:
        raise PlanError("expected a time above 0", key=key("health.timeout" if within else "health.within"))


def _drain(c: Container, key: Where) -> None:
    if c.drain is None:
        return
    _stays(c, "drain", key)
    _argv(c.drain.undo, key("drain.undo"))
    if not _argv(c.drain.command, key("drain.command")):
        raise PlanError("expected the command that keeps new work away", key=key("drain.command"))
    seconds(c.drain.within, key("drain.within"))


def _node_drain(c: Container, key: Where) -> None:
    given = c.node_drain
    if given is None:
        return
    _stays(c, "node_drain", key)
    command, undo = _argv(given.command, key("node_drain.command")), _argv(given.undo, key("node_drain.undo"))
    if bool(command) == given.stop or (undo and given.stop):
        raise PlanError("expected a command that keeps work away from a node, or stop", key=key("node_drain"))
    if given.stop and given.where == "all":
        raise PlanError("a container of another node is not stopped", key=key("node_drain.where"))
    seconds(given.within, key("node_drain.within"))
