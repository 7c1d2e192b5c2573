"""A container specification as the engine's API wants it. Pure."""

from __future__ import annotations

import math
from typing import Any

from treadle.engine import NAME, NODE, STACK, canonical
from treadle.instantiate.desired import Desired
from treadle.instantiate.fromnode import FromNode
from treadle.instantiate.plan import CONFIG, CONFIG_DATA, CONFIG_ID, CONTAINER_NAME, MANAGED_BY, SPEC, STEP
from treadle.paths import NodePaths
from treadle.plan.containercheck import ulimit
from treadle.plan.containers import Container, Healthcheck, spec_of
from treadle.plan.mounts import parse_device, parse_mount
from treadle.plan.nodeplan import NodePlan
from treadle.plan.quantities import seconds, size


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


def request(item: Desired, plan: NodePlan, node: FromNode) -> tuple[dict[str, Any], dict[str, Any]]:
    """(config, host config) of the engine's "create container". ``node`` is what it takes over from there."""
    c = item.container
    own = node.passed_on(c.environ())
    config: dict[str, Any] = {"Image": c.image, "Labels": labels(item, plan),
                              "Env": [f"{name}={value}" for name, value in {**node.env_files, **own}.items()]}
    # Nobody is there to write to a one-shot: its standard input is at its end from the beginning.
    for key, value in (("Cmd", c.argv), ("User", c.user), ("Hostname", c.hostname), ("StopSignal", c.stop_signal),
                       ("Tty", c.tty), ("OpenStdin", c.interactive and not c.one_shot)):
        if value:
            config[key] = value
    if c.stop_grace_period is not None:
        config["StopTimeout"] = math.ceil(seconds(c.stop_grace_period))
    if c.healthcheck:
        config["Healthcheck"] = _health(c.healthcheck)
    return config, _host(c, plan, node)


def _health(check: Healthcheck) -> dict[str, Any]:
    test = ["CMD-SHELL", check.test] if isinstance(check.test, str) else ["CMD", *health_argv(check)]
    return {"Test": test, "Retries": check.retries,
            **{key: int(seconds(value) * 1e9) for key, value in (
                ("Interval", check.interval), ("Timeout", check.timeout), ("StartPeriod", check.start_period))}}


def _host(c: Container, plan: NodePlan, node: FromNode) -> dict[str, Any]:
    paths = NodePaths(plan.stack, plan.root)
    host: dict[str, Any] = {"Binds": [_bind(volume, paths, plan.container_prefix) for volume in c.volumes]}
    modes = {key: _mode(mode, plan.container_prefix) for key, mode in (
        ("NetworkMode", c.net), ("IpcMode", c.ipc), ("PidMode", c.pid), ("UTSMode", c.uts),
        ("CgroupnsMode", c.cgroupns))}
    plain = {**modes, "Privileged": c.privileged, "CapAdd": c.cap_add, "CapDrop": c.cap_drop,
             "GroupAdd": c.group_add, "ExtraHosts": c.extra_hosts, "CpuShares": c.cpu_shares,
             "CpusetCpus": c.cpuset_cpus.removeprefix("all") if c.cpuset_cpus else node.cpus,
             "MemorySwappiness": c.mem_swappiness, "PidsLimit": c.pids_limit,
             "Devices": [_device(text) for text in c.devices],
             "VolumesFrom": [plan.container_prefix + name for name in c.volumes_from],
             # Of a one-shot the executor reads the log first.
             "AutoRemove": c.remove and not c.one_shot}
    host.update({key: value for key, value in plain.items() if value or (value == 0 and value is not False)})
    for key, limit in (("Memory", c.mem_limit), ("MemorySwap", c.memswap_limit)):
        if limit is not None:
            host[key] = size(limit)
    if c.restart:
        name, _, count = c.restart.partition(":")
        host["RestartPolicy"] = {"Name": name, "MaximumRetryCount": int(count or 0)}
    if c.ulimit:
        host["Ulimits"] = [dict(zip(("Name", "Soft", "Hard"), ulimit(text, ""), strict=True)) for text in c.ulimit]
    if c.log_tag:
        host["LogConfig"] = {"Type": "", "Config": {"tag": c.log_tag}}  # '' is the engine's default driver
    return {**host, **_security(c, node)}


def _security(c: Container, node: FromNode) -> dict[str, Any]:
    """As the engine's own client translates its ``--security-opt``: profiles travel as text."""
    given = [c.security_opt] if isinstance(c.security_opt, str) else c.security_opt
    options = [f"seccomp={node.profiles[text]}" if text in node.profiles else text
               for text in given if text and text != _UNMASKED]
    found: dict[str, Any] = {"SecurityOpt": options} if options else {}
    return {**found, "MaskedPaths": [], "ReadonlyPaths": []} if _UNMASKED in given else found


_UNMASKED = "systempaths=unconfined"


def _mode(mode: str, prefix: str) -> str:
    kind, colon, name = mode.partition(":")
    return f"container:{prefix}{name}" if colon and kind == "container" else mode


def _device(text: str) -> dict[str, str]:
    found = parse_device(text)
    return {"PathOnHost": found.source, "PathInContainer": found.destination, "CgroupPermissions": found.rights}


def _bind(volume: str, paths: NodePaths, prefix: str) -> str:
    source, colon, rest = volume.partition(":")
    return (prefix + source if parse_mount(volume).named else paths.rebase(source)) + colon + rest
