"""Builds each node's plan from what the overcloud stack gave."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from treadle.errors import PlanError
from treadle.plan import hieradata
from treadle.plan.containers import Container, parse_container
from treadle.plan.nodeplan import TASKS, NodePlan, PuppetConfig, Script
from treadle.plan.nodes import Node
from treadle.plan.puppetconfig import merge_same_volume, parse_entry
from treadle.plan.references import check_references
from treadle.plan.roledata import RoleData, merge
from treadle.plan.taskfiles import inlined
from treadle.secrets import Secrets, flatten

STEPS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Overcloud:
    """Everything that planning needs. ``outputs`` are the overcloud stack's, ``hidden`` its hidden parameters.

    ``settings`` are each node's own hiera settings from the configuration service: ``{node: {key: value}}``.
    ``skipped`` nodes keep their place in the data, but are not touched: no bootstrap task is theirs.
    """

    stack: str
    outputs: Mapping[str, Any]
    hidden: Mapping[str, Any]
    nodes: Sequence[Node]
    puppet_modules: Mapping[str, str]
    fingerprint_key: str
    action: str = "CREATE"
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    #: The templates' shared task files: ``{"update_tasks/pull.yaml": its tasks}``.
    task_files: Mapping[str, Any] = field(default_factory=dict)


def build(cloud: Overcloud) -> list[NodePlan]:
    """One plan a node, in the order of the nodes file. Raises PlanError for role data that says the impossible."""
    role_data = cloud.outputs.get("RoleData")
    if not isinstance(role_data, Mapping):
        raise PlanError("the overcloud stack has no output RoleData", key="outputs.RoleData")
    roles = {name: merge(name, services) for name, services in role_data.items()}
    secrets = {name: text for parameter, value in cloud.hidden.items()
               for name, text in flatten(parameter, value).items()}
    _once_in_the_cluster(roles)
    everyone = _everyone(cloud, roles)
    tasks = _bootstrap_tasks(cloud, roles)
    of_role = {node.role: _role_plan(cloud, node, roles, secrets) for node in
               {node.role: node for node in reversed(cloud.nodes)}.values()}
    return [_of_node(cloud, node, of_role[node.role], _layers(cloud, node, roles, everyone), tasks.get(node.name))
            for node in cloud.nodes]


def _of_node(cloud: Overcloud, node: Node, plan: NodePlan, layers: dict[str, dict[str, Any]],
             tasks: dict[int, list[PuppetConfig]] | None) -> NodePlan:
    """The plan of the node's role, made the node's own."""
    vips: Mapping[str, str] = cloud.outputs.get("VipMap") or {}
    return msgspec.structs.replace(
        plan, node=node.name, address=node.address, hieradata=layers, root=node.root,
        addresses=sorted({node.address, *node.networks.values(), *vips.values()} - {""}),
        docker_puppet_tasks=tasks or {step: [] for step in STEPS}, container_prefix=node.container_prefix)


def _once_in_the_cluster(roles: Mapping[str, RoleData]) -> None:
    """Two different containers of one name on one node would overwrite each other silently."""
    for role in roles.values():
        seen: dict[str, str] = {}
        for step, containers in role["docker_config"].items():
            if not isinstance(containers or {}, Mapping):
                raise PlanError("expected a map of containers", key=f"role {role.role}.docker_config.{step}")
            for name in containers or {}:
                if name in seen:
                    raise PlanError(f"the container {name} stands in {seen[name]} already",
                                    key=f"role {role.role}.docker_config.{step}.{name}")
                seen[name] = step


def _role_plan(cloud: Overcloud, node: Node, roles: Mapping[str, RoleData], secrets: dict[str, str]) -> NodePlan:
    """What all nodes of the role have in common; the rest is for ``_of_node``."""
    role = roles[node.role]
    return NodePlan(
        stack=cloud.stack, node=node.name, role=node.role, address=node.address,
        hieradata={}, hierarchy=hieradata.hierarchy(node.role),
        puppet_configs=merge_same_volume(
            [parse_entry(entry, f"role {node.role}.puppet_config") for entry in role["puppet_config"] if entry]),
        puppet_modules=dict(cloud.puppet_modules),
        step_config="\n".join(role["step_config"]),
        kolla_config=dict(role["kolla_config"]),
        docker_config=_containers(role, Secrets(secrets)),
        scripts={name: _script(s, f"role {role.role}.docker_config_scripts.{name}")
                 for name, s in role["docker_config_scripts"].items()},
        docker_puppet_tasks={},
        host_prep_tasks=list(role["host_prep_tasks"]),
        listens=_listens(role), addresses=[],
        owners=dict(role.owners), secrets=secrets, fingerprint_key=cloud.fingerprint_key,
        root=node.root, container_prefix=node.container_prefix,
        tasks={section: inlined(role[section], cloud.task_files, f"role {node.role}.{section}") for section in TASKS
               if role[section]})


@dataclass(frozen=True)
class _Everyone:
    """What hiera data says of the whole cloud, the same on all its nodes."""

    networks: list[str]
    all_nodes: dict[str, Any]
    vip_data: dict[str, Any]
    bootstrap: dict[str, dict[str, Any]]
    #: Settings that other services have for those of a role.
    settings: dict[str, dict[str, Any]]
    domain: str


def _everyone(cloud: Overcloud, roles: Mapping[str, RoleData]) -> _Everyone:
    outputs = cloud.outputs
    net_map: Mapping[str, Any] = outputs.get("ServiceNetMap") or {}
    service_net = {_snake(key.removesuffix("Network")): value for key, value in net_map.items()}
    networks = sorted({"ctlplane", *(str(value) for value in net_map.values())})
    vips: Mapping[str, str] = outputs.get("VipMap") or {}
    names: Mapping[str, str] = outputs.get("CloudNames") or {}
    domain = str(outputs.get("CloudDomain") or "localdomain")
    primary = str(outputs.get("PrimaryRole") or next(iter(roles), ""))
    everyone = hieradata.all_nodes(cloud.nodes, roles, service_net, primary)
    everyone.update(hieradata.hosts(cloud.nodes, [n for n in networks if n != "ctlplane"], vips, names, domain))
    everyone.update(cloud_name=names.get("external", ""), stack_action=cloud.action, stack_name=cloud.stack,
                    deploy_identifier="")
    first = {node.role: node for node in reversed(cloud.nodes)}
    return _Everyone(networks, everyone, hieradata.vip_data(vips, roles, service_net),
                     {name: hieradata.bootstrap(cloud.nodes, node, roles) for name, node in first.items()},
                     {name: _settings(role, roles) for name, role in roles.items()}, domain)


def _settings(role: RoleData, roles: Mapping[str, RoleData]) -> dict[str, Any]:
    everywhere: dict[str, Any] = {}
    for other in roles.values():
        everywhere.update(other["global_config_settings"])
        for service, settings in other["service_config_settings"].items():
            if service in role.services:
                everywhere.update(settings)
    return everywhere


def _layers(cloud: Overcloud, node: Node, roles: Mapping[str, RoleData],
            everyone: _Everyone) -> dict[str, dict[str, Any]]:
    role = roles[node.role]
    extra: Mapping[str, Any] = cloud.outputs.get("ExtraConfig") or {}
    addresses = hieradata.net_ip_map(node, everyone.networks, everyone.domain)
    return {
        f"{node.role.lower()}_extraconfig": {**(extra.get(node.role) or {}), **cloud.settings.get(node.name, {})},
        "extraconfig": dict(extra.get("all") or {}),
        "service_names": {"service_names": list(role.services),
                          "sensu::subscriptions": role["monitoring_subscription"]},
        "service_configs": hieradata.service_configs(role, everyone.settings[node.role], addresses),
        node.role.lower(): {"tripleo::role": node.role.lower()},
        "bootstrap_node": everyone.bootstrap[node.role],
        "all_nodes": everyone.all_nodes,
        "vip_data": everyone.vip_data,
        "net_ip_map": addresses,
    }


def _snake(name: str) -> str:
    """KeystonePublicApi → keystone_public_api, as all-nodes-config does with ServiceNetMap's keys."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _containers(role: RoleData, secrets: Secrets) -> dict[int, dict[str, Container]]:
    steps: dict[int, dict[str, Container]] = {step: {} for step in STEPS}

    def where(step: int | str, name: str) -> str:
        service = role.owners.get(f"container {name}", "?")
        return f"role {role.role}.{service}.docker_config.step_{step}"

    try:
        for key, containers in role["docker_config"].items():
            step = _step(key, f"role {role.role}.docker_config")
            steps[step].update({name: parse_container(name, entry, where(step, name))
                                for name, entry in (containers or {}).items()})
        check_references(steps, lambda step, name: f"{where(step, name)}.{name}")
    except PlanError as error:  # it shows values, and a secret may stand where it should not
        raise PlanError(secrets.mask(error.message), key=error.key, hint=error.hint) from None
    return steps


def _bootstrap_tasks(cloud: Overcloud, roles: Mapping[str, RoleData]) -> dict[str, dict[int, list[PuppetConfig]]]:
    """``{node: {step: tasks}}``. docker_puppet_tasks run once in the cluster: on the first node that is not skipped, of
    the first role that has them."""
    steps: dict[str, dict[int, list[PuppetConfig]]] = {}
    given: dict[int, list[Any]] = {step: [] for step in STEPS}
    for name, role in roles.items():
        first = next((other for other in cloud.nodes if other.role == name and other.name not in cloud.skipped), None)
        for key, tasks in role["docker_puppet_tasks"].items():
            step = _step(key, f"role {name}.docker_puppet_tasks")
            for task in tasks:
                if not task or task in given[step] or first is None:
                    continue
                given[step].append(task)
                mine = steps.setdefault(first.name, {step: [] for step in STEPS})
                mine[step].append(parse_entry(task, f"role {name}.docker_puppet_tasks.{key}"))
    return {node: {step: merge_same_volume(tasks) for step, tasks in mine.items()} for node, mine in steps.items()}


def _script(entry: Any, where: str) -> Script:
    known = {"content", "mode"}
    if not isinstance(entry, Mapping) or not isinstance(entry.get("content"), str) or entry.keys() - known:
        raise PlanError("expected a map with content (text) and mode", key=where)
    mode = entry.get("mode", "0600")
    mode = f"{mode:04o}" if isinstance(mode, int) else str(mode)  # YAML reads a bare 0700 as the number 448
    if not re.fullmatch(r"[0-7]{3,4}", mode):
        raise PlanError(f"expected an octal mode such as '0700', got {mode}", key=f"{where}.mode")
    return Script(entry["content"], mode)


def _step(key: str, where: str) -> int:
    found = re.fullmatch(r"step_([1-5])", str(key))
    if not found:
        raise PlanError(f"expected step_1 to step_5, got {key}", key=f"{where}.{key}")
    return int(found.group(1))


def _listens(role: RoleData) -> dict[str, list[int]]:
    """Ports of each service, from its ``tripleo.SERVICE.firewall_rules`` (ranges are left out: pools, not ports)."""
    ports: dict[str, list[int]] = {}
    for key, rules in role["config_settings"].items():
        found = re.fullmatch(r"tripleo(?:\.|::)(.+?)(?:\.|::)firewall_rules", key)
        if not found or not isinstance(rules, Mapping):
            continue
        for rule in rules.values():
            dport = rule.get("dport", []) if isinstance(rule, Mapping) else []
            for port in dport if isinstance(dport, list) else [dport]:
                if str(port).isdigit() and rule.get("proto", "tcp") == "tcp":
                    ports.setdefault(found.group(1), []).append(int(port))
    return {service: sorted(set(numbers)) for service, numbers in sorted(ports.items())}

