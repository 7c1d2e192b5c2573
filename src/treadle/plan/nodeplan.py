"""``NodePlan``: the one document that travels to a node, and its parts."""

from __future__ import annotations

from typing import Any

import msgspec

from treadle.plan.containers import Container

VERSION = 1
#: Sections of role_data whose tasks Ansible runs in a deploy, and when a cloud moves on.
TASKS = ("deploy_steps_tasks", "external_deploy_tasks", "external_post_deploy_tasks", "update_tasks",
         "post_update_tasks", "pre_upgrade_rolling_tasks", "upgrade_tasks", "post_upgrade_tasks",
         "fast_forward_upgrade_tasks", "fast_forward_post_upgrade_tasks")


class PuppetConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One config volume to generate: Puppet ``manifest`` run with ``tags`` in a container of ``image``.

    ``tags`` without the default ones. ``volumes`` are further mounts ("source:dest[:ro]").
    """

    volume: str
    manifest: str
    image: str
    tags: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of docker_config_scripts; ``mode`` is octal text."""

    content: str
    mode: str = "0600"


class NodePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a node needs to generate, propagate and instantiate. Holds secrets: keep it 0600.

    Paths are the node's own, before the root is put in front. Steps are the keys ``1`` to ``5``.
    """

    stack: str
    node: str
    role: str
    address: str
    hieradata: dict[str, dict[str, Any]]
    hierarchy: list[str]
    puppet_configs: list[PuppetConfig]
    puppet_modules: dict[str, str]
    step_config: str
    kolla_config: dict[str, dict[str, Any]]
    docker_config: dict[int, dict[str, Container]]
    scripts: dict[str, Script]
    docker_puppet_tasks: dict[int, list[PuppetConfig]]
    host_prep_tasks: list[dict[str, Any]]
    listens: dict[str, list[int]]
    addresses: list[str]
    owners: dict[str, str]
    secrets: dict[str, str]
    fingerprint_key: str
    root: str = ""
    container_prefix: str = ""
    #: Ansible tasks of the sections TASKS of role_data, of those that have any.
    tasks: dict[str, list[dict[str, Any]]] = {}
    version: int = VERSION

    def mounts(self) -> list[str]:
        """Every mount of containers and bootstrap tasks, as templates give it."""
        containers = [c for step in self.docker_config.values() for c in step.values()]
        tasks = [task for step in self.docker_puppet_tasks.values() for task in step]
        return [volume for one in containers for volume in one.volumes] + [
            volume for one in tasks for volume in one.volumes]

    def images(self) -> list[str]:
        """Every image that this plan names, sorted, each once."""
        named = {config.image for config in self.puppet_configs}
        named |= {task.image for tasks in self.docker_puppet_tasks.values() for task in tasks}
        named |= {c.image for containers in self.docker_config.values() for c in containers.values() if c.image}
        return sorted(named)
