"""A container specification as the engine's API wants it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from treadle.engine import NAME, NODE, STACK, canonical
from treadle.errors import PlanError
from treadle.instantiate.desired import Desired
from treadle.instantiate.plan import CONFIG, CONFIG_DATA, CONFIG_ID, CONTAINER_NAME, MANAGED_BY, SPEC, STEP
from treadle.paths import NodePaths
from treadle.plan.containers import Container, Healthcheck, spec_of
from treadle.plan.nodeplan import NodePlan

_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZES = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def seconds(value: int | str, where: str = "") -> float:
    """``10``, ``"10s"`` or ``"1m30s"`` in seconds."""
    text = str(value)
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h|)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise PlanError(f"expected a time such as 10, 10s or 1m30s, got {value!r}", key=where)
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def size(value: int | str, where: str = "") -> int:
    """``1073741824``, ``"1g"`` or ``"512m"`` in bytes."""
    found = re.fullmatch(r"(-?\d+)([bkmg]?)b?", str(value).lower())
    if not found:
        raise PlanError(f"expected a size such as 512m or 1g, got {value!r}", key=where)
    return int(found.group(1)) * _SIZES[found.group(2)]


def health_argv(check: Healthcheck) -> list[str]:
    """The check's command as it is run in the container."""
    if isinstance(check.test, str):
        return ["/bin/sh", "-c", check.test]
    head, *rest = check.test
    if head == "CMD":
        return rest
    return ["/bin/sh", "-c", rest[0]] if head == "CMD-SHELL" else list(check.test)


def labels(item: Desired, plan: NodePlan) -> dict[str, str]:
    """What a container says of itself: whose it is, in paunch's words and ours, and its fingerprints."""
    return {
        CONFIG_ID: f"tripleo_step{item.step}", CONTAINER_NAME: item.name, MANAGED_BY: f"treadle-{plan.role}",
        CONFIG_DATA: canonical(spec_of(item.container)).decode(),
        STACK: plan.stack, NODE: plan.node, NAME: item.name, STEP: str(item.step), SPEC: item.spec,
        CONFIG: item.config,
    }


def request(item: Desired, plan: NodePlan, environment: Mapping[str, str],
            from_files: Mapping[str, str] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """(config, host config) of the engine's "create container". ``environment`` is what bare names inherit from,
    ``from_files`` what the entry's env_file holds (the entry's own environment wins)."""
    c = item.container
    where = f"docker_config.step_{item.step}.{item.name}"
    config: dict[str, Any] = {"Image": c.image, "Labels": labels(item, plan),
                              "Env": _env(c, environment, from_files or {})}
    for key, value in (("Cmd", c.argv), ("User", c.user), ("Hostname", c.hostname), ("StopSignal", c.stop_signal),
                       ("Tty", c.tty), ("OpenStdin", c.interactive)):
        if value:
            config[key] = value
    if c.stop_grace_period is not None:
        config["StopTimeout"] = int(seconds(c.stop_grace_period, f"{where}.stop_grace_period"))
    if c.healthcheck:
        config["Healthcheck"] = _health(c.healthcheck, f"{where}.healthcheck")
    return config, _host(c, plan, where)


def _env(container: Container, environment: Mapping[str, str], from_files: Mapping[str, str]) -> list[str]:
    own = {name: environment[name] if value is None else value for name, value in container.environ().items()
           if value is not None or name in environment}
    return [f"{name}={value}" for name, value in {**from_files, **own}.items()]


def env_file_values(text: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Of an env_file: ``NAME=value`` lines; a bare NAME inherits; blank lines and those with # in front are passed
    over (docker run --env-file)."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if name and not name.startswith("#") and (equals or name in environment):
            values[name] = value if equals else environment[name]
    return values


def _health(check: Healthcheck, where: str) -> dict[str, Any]:
    return {"Test": ["CMD", *health_argv(check)], "Retries": check.retries,
            **{key: int(seconds(value, where) * 1e9) for key, value in (
                ("Interval", check.interval), ("Timeout", check.timeout), ("StartPeriod", check.start_period))}}


def _host(c: Container, plan: NodePlan, where: str) -> dict[str, Any]:
    paths = NodePaths(plan.stack, plan.root)
    host: dict[str, Any] = {"Binds": [_bind(volume, paths) for volume in c.volumes]}
    net = c.net
    if net.startswith("container:"):
        net = f"container:{plan.container_prefix}{net.removeprefix('container:')}"
    plain = {"NetworkMode": net, "IpcMode": c.ipc, "PidMode": c.pid, "UTSMode": c.uts, "Privileged": c.privileged,
             "CapAdd": c.cap_add, "CapDrop": c.cap_drop, "SecurityOpt": c.security_opt, "GroupAdd": c.group_add,
             "ExtraHosts": c.extra_hosts, "CpuShares": c.cpu_shares, "CpusetCpus": c.cpuset_cpus,
             "MemorySwappiness": c.mem_swappiness, "PidsLimit": c.pids_limit,
             "VolumesFrom": [plan.container_prefix + name for name in c.volumes_from]}
    host.update({key: value for key, value in plain.items() if value or (value == 0 and value is not False)})
    for key, value in (("Memory", c.mem_limit), ("MemorySwap", c.memswap_limit)):
        if value is not None:
            host[key] = size(value, where)
    if c.restart:
        name, _, count = c.restart.partition(":")
        host["RestartPolicy"] = {"Name": name, "MaximumRetryCount": int(count or 0)}
    if c.ulimit:
        host["Ulimits"] = [_ulimit(text, f"{where}.ulimit") for text in c.ulimit]
    if c.log_tag:
        host["LogConfig"] = {"Type": "json-file", "Config": {"tag": c.log_tag}}
    return host


def _bind(volume: str, paths: NodePaths) -> str:
    source, colon, rest = volume.partition(":")
    return paths.rebase(source) + colon + (rest) if colon else volume


def _ulimit(text: str, where: str) -> dict[str, Any]:
    found = re.fullmatch(r"([a-z]+)=(-?\d+)(?::(-?\d+))?", text)
    if not found:
        raise PlanError(f"expected a limit such as nofile=1024:4096, got {text!r}", key=where)
    return {"Name": found.group(1), "Soft": int(found.group(2)), "Hard": int(found.group(3) or found.group(2))}

