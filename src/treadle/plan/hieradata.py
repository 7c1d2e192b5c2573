"""The hiera layers of one node, as TripleO's role and all-nodes templates give them.

Source: tripleo-heat-templates 8.4.1, puppet/role.role.j2.yaml (hierarchy), puppet/all-nodes-config.j2.yaml
(``<service>_enabled``, ``_node_ips``, ``_node_names``), overcloud.j2.yaml (bootstrap node, VIPs).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from treadle.plan.nodes import Node
from treadle.plan.roledata import RoleData

Layer = dict[str, Any]


def hierarchy(role: str) -> list[str]:
    """Layer names, first wins. ``docker_puppet`` and ``config_step`` are written when the step is known."""
    return ["docker_puppet", "config_step", f"{role.lower()}_extraconfig", "extraconfig", "service_names",
            "service_configs", role.lower(), "bootstrap_node", "all_nodes", "vip_data", "net_ip_map"]


def underscored(service: str) -> str:
    """Hiera keys use underscores where service names may have dashes."""
    return service.replace("-", "_")


def net_ip_map(node: Node, networks: Sequence[str], domain: str) -> Layer:
    """``{network: ip, network_uri: ip}`` and ``fqdn_<network>`` of one node, and its own name, ``fqdn_canonical``.
    ``loopback`` is as a network which each node has for itself."""
    layer: Layer = {"loopback": loopback(node.address)}
    for network in networks:
        address = node.ip(network)
        layer[network] = address
        layer[f"{network}_uri"] = f"[{address}]" if ":" in address else address
        label = network.replace("_", "")
        layer[f"fqdn_{network}"] = f"{node.name}.{label}.{domain}"
    layer["fqdn_canonical"] = f"{node.name}.{domain}"
    layer["fqdn_external"] = layer.get("fqdn_external", layer["fqdn_canonical"])
    return layer


def loopback(address: str) -> str:
    """Where what only the node itself is to reach listens. Not 127.0.0.1: nodes of several clouds may be one machine,
    and then have addresses of their own on its loopback interface, of which this is none."""
    first, second, third = ip_address(address).packed[-3:]
    return f"127.{first ^ 128}.{second}.{third}"


def service_configs(role: RoleData, everywhere: Mapping[str, Any], addresses: Mapping[str, Any]) -> Layer:
    """config_settings with each top-level value that names a network replaced by the node's IP on it.

    TripleO does the same with ``map_replace``, so ``bind_host: {get_param: [ServiceNetMap, X]}`` works.
    """
    merged = {**role["config_settings"], **everywhere}
    return {key: addresses[value] if isinstance(value, str) and value in addresses else value
            for key, value in merged.items()}


def all_nodes(nodes: Sequence[Node], roles: Mapping[str, RoleData], service_net: Mapping[str, str],
              primary: str) -> Layer:
    """For every service of the cloud: where it runs, by IP on its own network and by name. Those of the role
    ``primary`` are the controllers, which have all their addresses and names in one string each."""
    layer: Layer = {}
    for service in sorted({name for role in roles.values() for name in role.services}):
        hosts = [node for node in nodes if service in roles[node.role].services]
        if not hosts:
            continue
        key = underscored(service)
        network = service_net.get(key, "ctlplane")
        layer[f"{key}_enabled"] = True
        layer[f"{key}_node_ips"] = [node.ip(network) for node in hosts]
        layer[f"{key}_node_names"] = [f"{node.name}.{network.replace('_', '')}" for node in hosts]
        layer[f"{key}_short_node_names"] = [node.name for node in hosts]
    controllers = [node for node in nodes if node.role == primary]
    layer["controller_node_ips"] = ",".join(node.address for node in controllers)
    layer["controller_node_names"] = ",".join(node.name for node in controllers)
    return layer


def bootstrap(nodes: Sequence[Node], node: Node, roles: Mapping[str, RoleData]) -> Layer:
    """The first node of the role, and of each service in the whole cluster (tripleo bug 1792613)."""
    first = next(other for other in nodes if other.role == node.role)
    layer: Layer = {"bootstrap_nodeid": first.name, "bootstrap_nodeid_ip": first.address}
    for service in sorted({name for role in roles.values() for name in role.services}):
        host = bootstrap_node(service, nodes, roles)
        if host:
            layer[f"{underscored(service)}_short_bootstrap_node_name"] = host.name
    return layer


def bootstrap_node(service: str, nodes: Sequence[Node], roles: Mapping[str, RoleData]) -> Node | None:
    """The node that does what must happen once in the cluster for ``service``."""
    return next((node for node in nodes if service in roles[node.role].services), None)


def vip_data(vips: Mapping[str, str], roles: Mapping[str, RoleData], service_net: Mapping[str, str]) -> Layer:
    """``<network>_virtual_ip`` and ``<service>_vip`` for every service."""
    layer: Layer = {f"{network}_virtual_ip": ip for network, ip in vips.items()}
    control = vips.get("ctlplane", "")
    layer["controller_virtual_ip"] = control
    layer["public_virtual_ip"] = vips.get("external", control)
    for service in sorted({name for role in roles.values() for name in role.services}):
        key = underscored(service)
        layer[f"{key}_vip"] = vips.get(service_net.get(key, "ctlplane"), control)
    return layer


def hosts(nodes: Sequence[Node], networks: Sequence[str], vips: Mapping[str, str], cloud: Mapping[str, str],
          domain: str) -> Layer:
    """``treadle_hosts``: ``{fqdn: {ip, host_aliases}}`` of every node and VIP, for /etc/hosts."""
    entries: Layer = {}
    for node in nodes:
        by_ip: dict[str, list[str]] = {node.address: [node.name, f"{node.name}.ctlplane.{domain}",
                                                     f"{node.name}.ctlplane"]}
        for network in networks:
            label = network.replace("_", "")
            by_ip.setdefault(node.ip(network), []).extend(
                [f"{node.name}.{label}.{domain}", f"{node.name}.{label}"])
        for number, (address, names) in enumerate(by_ip.items()):
            fqdn = f"{node.name}.{domain}" if number == 0 else names.pop(0)
            entries[fqdn] = {"ip": address, "host_aliases": list(dict.fromkeys(names))}
    by_vip: dict[str, list[str]] = {}
    for network, name in sorted(cloud.items()):
        if network in vips:
            by_vip.setdefault(vips[network], []).append(name)
    for address, names in by_vip.items():
        unique = list(dict.fromkeys(names))
        entries[unique[0]] = {"ip": address, "host_aliases": unique[1:]}
    return {"treadle_hosts": entries}
