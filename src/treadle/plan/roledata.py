"""Merges the ``role_data`` of a role's services, section by section.

Source: tripleo-heat-templates 8.4.1, common/services/role.role.j2.yaml and tools/yaml-validate.py. Each
section keeps TripleO's merge rule; a section that nobody knows is an error.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from treadle.errors import PlanError, nearest
from treadle.plan.merging import distinct, merge_with

ServiceData = Mapping[str, Any]
Rule = Callable[[list[Any]], Any]


def _shallow(values: list[Any]) -> dict[str, Any]:
    return {key: item for value in values for key, item in value.items()}


def _deep(values: list[Any]) -> dict[str, Any]:
    return functools.reduce(merge_with, values, {})


def _flat(values: list[Any]) -> list[Any]:
    return distinct(item for value in values for item in (value if isinstance(value, list) else [value]))


def _by_step(values: list[Any]) -> dict[str, list[Any]]:
    """docker_puppet_tasks: ``{step_N: task}`` of each service to ``{step_N: [task, ...]}``."""
    steps: dict[str, list[Any]] = {}
    for value in values:
        for step, task in value.items():
            steps.setdefault(step, []).extend(task if isinstance(task, list) else [task])
    return {step: distinct(tasks) for step, tasks in steps.items()}


#: Section name: (type of one service's value, how the values of all services become one).
SECTIONS: dict[str, tuple[type | tuple[type, ...], Rule]] = {
    "service_name": (str, _flat),
    "config_settings": (dict, _shallow),
    "global_config_settings": (dict, _shallow),
    "service_config_settings": (dict, _deep),
    "step_config": (str, _flat),
    "puppet_config": (dict, _flat),
    "kolla_config": (dict, _deep),
    "docker_config": (dict, _deep),
    "docker_config_scripts": (dict, _deep),
    "docker_puppet_tasks": (dict, _by_step),
    "host_prep_tasks": (list, _flat),
    "deploy_steps_tasks": (list, _flat),
    "external_deploy_tasks": (list, _flat),
    "external_post_deploy_tasks": (list, _flat),
    "workflow_tasks": (dict, _deep),
    "update_tasks": (list, _flat),
    "post_update_tasks": (list, _flat),
    "upgrade_tasks": (list, _flat),
    "post_upgrade_tasks": (list, _flat),
    "pre_upgrade_rolling_tasks": (list, _flat),
    "fast_forward_upgrade_tasks": (list, _flat),
    "fast_forward_post_upgrade_tasks": (list, _flat),
    "upgrade_batch_tasks": (list, _flat),
    "monitoring_subscription": (str, _flat),
    "logging_source": ((dict, list), _flat),
    "logging_groups": (list, _flat),
    "metadata_settings": (list, _flat),
}


@dataclass(frozen=True)
class RoleData:
    """What the services of one role want, merged. ``sections`` has every key of ``SECTIONS``."""

    role: str
    services: tuple[str, ...] = ()
    sections: Mapping[str, Any] = field(default_factory=dict)
    #: Service that names a container or config volume, for messages: ``{"volume keystone": "keystone"}``.
    owners: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, section: str) -> Any:
        return self.sections[section]


def merge(role: str, services: Iterable[ServiceData | None]) -> RoleData:
    """Merge the role_data of ``services`` (None where a service is mapped to OS::Heat::None).

    Raises PlanError for an unknown section or one of the wrong type, naming role, service and section.
    """
    present = [service for service in services if service]
    for service in present:
        _check(role, service)
    sections = {name: rule([s[name] for s in present if s.get(name) is not None and _used(name, s)])
                for name, (_, rule) in SECTIONS.items()}
    return RoleData(role, tuple(sections["service_name"]), sections, _owners(present))


def _used(section: str, service: ServiceData) -> bool:
    """step_config counts only where no containers are: a containerized service's runs inside its config volume."""
    return section != "step_config" or service.get("docker_config") is None


def _check(role: str, service: ServiceData) -> None:
    if not isinstance(service, Mapping):
        raise PlanError(f"expected each service's role_data, got {service!r}", key=f"role {role}.role_data")
    name = service.get("service_name") or "?"
    for section, value in service.items():
        where = f"role {role}.{name}.role_data.{section}"
        if section not in SECTIONS:
            raise PlanError(f"no section is called {section}{nearest(section, SECTIONS)}", key=where,
                            hint=f"known sections: {', '.join(sorted(SECTIONS))}")
        wanted = SECTIONS[section][0]
        if value is not None and not isinstance(value, wanted):
            kinds = " or ".join(t.__name__ for t in (wanted if isinstance(wanted, tuple) else (wanted,)))
            raise PlanError(f"expected a {kinds}, got {type(value).__name__}", key=where)


def _owners(services: Iterable[ServiceData]) -> dict[str, str]:
    owners: dict[str, str] = {}
    for service in services:
        name = str(service.get("service_name") or "?")
        config = service.get("puppet_config") or {}
        if config.get("config_volume"):
            owners.setdefault(f"volume {config['config_volume']}", name)
        for containers in (service.get("docker_config") or {}).values():
            for container in containers or {}:
                owners.setdefault(f"container {container}", name)
    return owners
