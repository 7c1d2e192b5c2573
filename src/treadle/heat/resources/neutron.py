"""Stand-ins for networks, subnets and ports."""

from __future__ import annotations

from typing import Any, ClassVar

from treadle.heat.constraints import AllowedValues, Bounds, Constraint
from treadle.heat.properties import Property, Schema
from treadle.heat.resources.addresses import ADDRESS, ADDRESS_OR_SUBNET, DNS_DOMAIN, DNS_NAME, MAC, SUBNET
from treadle.heat.resources.stand_in import (
    EMPTY_MAP,
    FLAG,
    GATEWAY,
    LIST,
    NETWORK_CIDR,
    REQUIRED,
    TAGS,
    StandIn,
    optional,
)

_VNIC = ("normal", "direct", "macvtap", "direct-physical", "baremetal", "virtio-forwarder", "smart-nic")
_RA_MODE = Property("string", constraints=(
    Constraint(AllowedValues(("dhcpv6-stateful", "dhcpv6-stateless", "slaac"))),))
_ON = Property("boolean", default=True)
_OFF = Property("boolean", default=False)
FIXED_IP = Property("string", constraints=(ADDRESS,))
_NEEDED_IP = Property("string", required=True, constraints=(ADDRESS,))
_MAC = Property("string", constraints=(MAC,))

PORT_EXTRA: Schema = {
    "value_specs": EMPTY_MAP,
    "admin_state_up": _ON,
    "mac_address": _MAC,
    "allowed_address_pairs": Property("list", each=Property("map", fields={
        "mac_address": _MAC,
        "ip_address": Property("string", required=True, constraints=(ADDRESS_OR_SUBNET,)),
    })),
    "binding:vnic_type": Property("string", default="normal", constraints=(Constraint(AllowedValues(_VNIC)),)),
    "port_security_enabled": FLAG,
    **optional("qos_policy"),
    "propagate_uplink_status": FLAG,
    "no_fixed_ips": _OFF,
}


class Net(StandIn):
    schema: ClassVar[Schema] = {
        **optional("name", "tenant_id", "qos_policy"),
        "value_specs": EMPTY_MAP,
        "admin_state_up": _ON,
        "shared": _OFF,
        "dhcp_agent_ids": LIST,
        "port_security_enabled": FLAG,
        "dns_domain": Property("string", constraints=(DNS_DOMAIN,)),
        "availability_zone_hints": LIST,
        "tags": TAGS,
    }
    attributes = ("status", "name", "subnets", "admin_state_up", "tenant_id", "port_security_enabled", "mtu",
                  "qos_policy_id", "l2_adjacency", "segments")

    def find(self, name: str) -> Any:
        return {"subnets": ["fake-subnet"], "mtu": 1500}.get(name, super().find(name))


class Subnet(StandIn):
    schema: ClassVar[Schema] = {
        "network": REQUIRED,
        **optional("name", "network_id", "subnetpool", "gateway_ip", "tenant_id", "segment"),
        "prefixlen": Property("integer", constraints=(Constraint(Bounds("range", 0, None)),)),
        "cidr": Property("string", constraints=(SUBNET,)),
        "value_specs": EMPTY_MAP,
        "ip_version": Property("integer", default=4, constraints=(Constraint(AllowedValues((4, 6))),)),
        "dns_nameservers": Property("list", default=[]),
        "enable_dhcp": _ON,
        "allocation_pools": Property("list", each=Property("map", fields={"start": _NEEDED_IP, "end": _NEEDED_IP})),
        "host_routes": Property("list", each=Property("map", fields={
            "destination": Property("string", required=True, constraints=(SUBNET,)), "nexthop": _NEEDED_IP})),
        "ipv6_ra_mode": _RA_MODE,
        "ipv6_address_mode": _RA_MODE,
        "tags": TAGS,
    }
    renamed: ClassVar[dict[str, str]] = {"network_id": "network"}
    attributes = ("name", "network_id", "tenant_id", "allocation_pools", "gateway_ip", "host_routes", "ip_version",
                  "cidr", "dns_nameservers", "enable_dhcp")

    def find(self, name: str) -> Any:
        return {"allocation_pools": [], "gateway_ip": GATEWAY, "host_routes": [], "cidr": NETWORK_CIDR,
                "dns_nameservers": [], "enable_dhcp": True}.get(name, super().find(name))


class Port(StandIn):
    schema: ClassVar[Schema] = {
        "network": REQUIRED,
        **optional("name", "network_id"),
        "device_id": Property("string", default=""),
        "device_owner": Property("string", default=""),
        "fixed_ips": Property("list", each=Property("map", fields={
            **optional("subnet_id", "subnet"), "ip_address": FIXED_IP})),
        "security_groups": LIST,
        "replacement_policy": Property("string", default="AUTO", constraints=(
            Constraint(AllowedValues(("REPLACE_ALWAYS", "AUTO"))),)),
        "dns_name": Property("string", constraints=(DNS_NAME,)),
        "tags": TAGS,
        **PORT_EXTRA,
    }
    renamed: ClassVar[dict[str, str]] = {"network_id": "network"}
    attributes = ("admin_state_up", "device_id", "device_owner", "fixed_ips", "mac_address", "name", "network_id",
                  "security_groups", "status", "tenant_id", "allowed_address_pairs", "subnets",
                  "port_security_enabled", "qos_policy_id", "dns_assignment", "network", "propagate_uplink_status")

    def find(self, name: str) -> Any:
        if name == "fixed_ips":
            return [{"ip_address": self.address, "subnet_id": "fake-subnet"}]
        return {"mac_address": "00:00:00:00:00:01", "subnets": ["fake-subnet"],
                "network": {"tags": [], "mtu": 1500, "name": "ctlplane"}}.get(name, super().find(name))
