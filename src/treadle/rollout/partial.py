"""Some services of a generation on a node that keeps all else as it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath
from typing import TypeVar

import msgspec

from treadle.errors import InputError, nearest
from treadle.generate import ConfigTree
from treadle.paths import NodePaths
from treadle.plan.containers import Container
from treadle.plan.nodeplan import NodePlan

T = TypeVar("T")
_VOLUMES = "/var/lib/config-data/puppet-generated/"


def containers_of(plan: NodePlan, services: Collection[str]) -> dict[str, Container]:
    """The containers of ``services``, one-shots too; a service may also be named by one of its containers."""
    return {name: container for step in plan.docker_config.values() for name, container in step.items()
            if name in services or plan.owners.get(f"container {name}", name) in services}


def require_services(plans: Iterable[NodePlan], services: Collection[str]) -> None:
    """Raise InputError, with the nearest name, where a service is on none of the nodes."""
    listed = list(plans)
    known = {plan.owners.get(f"container {name}", name) for plan in listed
             for step in plan.docker_config.values() for name in step}
    for service in services:
        if not any(containers_of(plan, {service}) for plan in listed):
            raise InputError(f"no service is called {service}{nearest(service, known)}", key="SERVICE",
                             hint="openstack overcloud service list")


def part(new: NodePlan, old: NodePlan, new_trees: Mapping[str, ConfigTree], old_trees: Mapping[str, ConfigTree],
         services: Collection[str]) -> tuple[NodePlan, dict[str, ConfigTree]]:
    """``old`` with the containers of ``services``, and all configuration that they mount, as ``new`` has them.

    Puppet on the host and bootstrap tasks belong to a whole generation, and stay as they are.
    """
    wanted, replaced = containers_of(new, services), containers_of(old, services)
    mounted = [volume.partition(":")[0] for container in wanted.values() for volume in container.volumes]
    volumes = {path.removeprefix(_VOLUMES).split("/")[0] for path in mounted if path.startswith(_VOLUMES)}
    scripts = {PurePosixPath(path).name for path in mounted
               if path.startswith(NodePaths(new.stack).scripts.as_posix())}
    steps = {step: {**{name: c for name, c in old.docker_config.get(step, {}).items() if name not in replaced},
                    **{name: c for name, c in containers.items() if name in wanted}}
             for step, containers in new.docker_config.items()}
    plan = msgspec.structs.replace(
        old, docker_config=steps, kolla_config=_taken(old.kolla_config, new.kolla_config, mounted),
        scripts=_taken(old.scripts, new.scripts, scripts), host_prep_tasks=new.host_prep_tasks,
        owners={**old.owners, **new.owners}, secrets={**old.secrets, **new.secrets})
    return plan, _taken(old_trees, new_trees, volumes)


def _taken(old: Mapping[str, T], new: Mapping[str, T], names: Collection[str]) -> dict[str, T]:
    """``old`` with the entries ``names`` of ``new``."""
    return {**old, **{name: new[name] for name in names if name in new}}
