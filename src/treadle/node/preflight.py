"""What has to be true of a node before anything is changed on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from treadle.engine import Engine, Observed
from treadle.errors import EngineError
from treadle.instantiate import build_desired
from treadle.instantiate.byhand import renamed
from treadle.instantiate.fromnode import env_files, seccomp_files
from treadle.node.hostpuppet import HostPuppet
from treadle.node.listeners import conflicts
from treadle.paths import NodePaths
from treadle.plan.containers import Container
from treadle.plan.folders import made
from treadle.plan.mounts import parse_device, parse_mount
from treadle.plan.nodeplan import NodePlan


def check(plan: NodePlan, engine: Engine, observed: Mapping[str, Observed]) -> None:
    """Raise the first TreadleError that this node has against ``plan``; ``observed`` are the stack's containers."""
    _require_owner(plan)
    _require_images(plan, engine)
    created = [name for containers in plan.docker_config.values() for name, c in containers.items()
               if c.action == "run" and name not in observed]
    for name in (*created, *(name for name, there in observed.items() if renamed(there, plan))):
        _require_no_stranger(plan, engine, name)
    _require_sources(plan)
    if created:
        _require_ports(plan, observed)
    if plan.step_config.strip():
        HostPuppet(plan).require()


def _require_owner(plan: NodePlan) -> None:
    """Two stacks would write into each other's config volumes."""
    marker = NodePaths(plan.stack, plan.root).owner
    owner = marker.read_text().strip() if marker.exists() else plan.stack
    if owner != plan.stack:
        raise EngineError(f"{plan.node} holds the configuration of the stack {owner}", source=marker,
                          hint="give this stack's node a `root` of its own in the nodes file, or delete that stack")


def _require_images(plan: NodePlan, engine: Engine) -> None:
    ids = engine.image_ids(plan.images())
    build_desired(plan, ids, {})
    for image in plan.images():
        if image not in ids:
            raise EngineError(f"the engine has no image {image}",
                              hint="build it: openstack overcloud image build, with the deploy's -e files")


def _require_no_stranger(plan: NodePlan, engine: Engine, name: str) -> None:
    wanted = plan.container_prefix + name
    stranger = engine.owner_of(wanted)
    if stranger:
        raise EngineError(f"a container called {wanted} is there, but it is not this stack's",
                          key=f"{plan.node}: docker_config.{name}",
                          hint=f"remove or rename it: docker rename {stranger.engine_name} NEW-NAME")


def _require_sources(plan: NodePlan) -> None:
    """What containers mount or read is there, or will be made: by host_prep_tasks, or as configuration."""
    paths = NodePaths(plan.stack, plan.root)
    coming = [*made(plan), paths.volumes, paths.kolla_config, paths.scripts, paths.puppet_etc]
    for containers in plan.docker_config.values():
        for name, container in containers.items():
            for key, path in _sources(container):
                source = Path(paths.rebase(path))
                if not source.exists() and not any(source.is_relative_to(folder) for folder in coming):
                    service = plan.owners.get(f"container {name}", "?")
                    raise EngineError(f"{plan.node} has no {source}", key=f"{service}.docker_config.{name}.{key}",
                                      hint="let host_prep_tasks make it, or correct the template")


def _sources(container: Container) -> Iterator[tuple[str, str]]:
    """(key, path of the node) of everything that has to be there when the container is made."""
    for volume in container.volumes:
        if not (mount := parse_mount(volume)).named:
            yield "volumes", mount.source
    yield from (("devices", parse_device(text).source) for text in container.devices)
    yield from (("env_file", path) for path in env_files(container))
    yield from (("security_opt", path) for path in seccomp_files(container).values())


def _require_ports(plan: NodePlan, observed: Mapping[str, Observed]) -> None:
    taken = conflicts(plan.listens, plan.addresses, [c.id for c in observed.values()])
    if taken:
        said = "\n".join(f"  {c.service} wants {c.address}:{c.port}, which {c.holder} has" for c in taken)
        raise EngineError(f"ports are taken on {plan.node}:\n{said}",
                          hint="stop those processes, or choose other addresses or ports by parameters")
