"""Types that would ask a cloud: Heat's own schemas, no service behind them, fixed attributes.

Heat loads every module of its ``plugin_dirs``; ``resource_mapping`` and ``constraint_mapping`` are its hooks.
"""

from __future__ import annotations

from typing import Any

from heat.engine import constraints, resource
from heat.engine.resources.openstack.cinder import volume
from heat.engine.resources.openstack.mistral import external_resource, workflow
from heat.engine.resources.openstack.neutron import floatingip, net, port, router, security_group, subnet
from heat.engine.resources.openstack.nova import flavor, keypair, server
from stevedore import extension

TYPES = {
    "OS::Nova::Server": server.Server,
    "OS::Nova::KeyPair": keypair.KeyPair,
    "OS::Nova::Flavor": flavor.NovaFlavor,
    "OS::Neutron::Port": port.Port,
    "OS::Neutron::Net": net.Net,
    "OS::Neutron::Subnet": subnet.Subnet,
    "OS::Neutron::Router": router.Router,
    "OS::Neutron::RouterInterface": router.RouterInterface,
    "OS::Neutron::FloatingIP": floatingip.FloatingIP,
    "OS::Neutron::SecurityGroup": security_group.SecurityGroup,
    "OS::Cinder::Volume": volume.CinderVolume,
    "OS::Mistral::Workflow": workflow.Workflow,
    "OS::Mistral::ExternalResource": external_resource.MistralExternalResource,
}
#: Constraints that need nothing but the value stay Heat's.
BY_VALUE = ("cron_expression", "timezone", "dns_name", "dns_domain", "rel_dns_name", "expiration", "ip_addr",
            "ip_or_cidr", "iso_8601", "json_string", "mac_addr", "net_cidr")
SUBNET = {"cidr": "192.168.24.0/24", "gateway_ip": "192.168.24.1"}


def attributes(address: str, name: str) -> dict[str, Any]:
    return {
        "fixed_ips": [{"ip_address": address, "subnet_id": "fake-subnet"}],
        "networks": {"ctlplane": [address]},
        "addresses": {"ctlplane": [{"addr": address, "port": "p"}]},
        "first_address": address,
        "subnets": ["fake-subnet"],
        **SUBNET,
        "subnet": SUBNET,
        "network": {"tags": [], "mtu": 1500, "name": "ctlplane"},
        "name": name,
        "mac_address": "00:00:00:00:00:01",
        "public_key": "ssh-rsa x",
        "mtu": 1500,
        "enable_dhcp": True,
        "accessIPv4": "",
        "os_collect_config": {},
        "show": {},
        "host_routes": [],
        "dns_nameservers": [],
        "allocation_pools": [],
    }


class WithoutCloud:
    """Mixed into a resource of Heat's in front of the class that would call the service."""

    entity = None
    required_service_extension = None
    made = 9

    @staticmethod
    def restart() -> None:
        """Count the resources of the next stack from the beginning."""
        WithoutCloud.made = 9

    @classmethod
    def is_service_available(cls, _context: Any) -> tuple[bool, None]:
        return True, None

    def translation_rules(self, _properties: Any) -> list[Any]:
        return []

    def validate(self) -> Any:
        return resource.Resource.validate(self)

    def handle_create(self) -> None:
        WithoutCloud.made += 1
        self.number = WithoutCloud.made
        self.resource_id_set(f"fake-{self.number}")

    def get_reference_id(self) -> str:
        return self.resource_id or self.name

    def get_live_state(self, *_args: Any) -> dict[str, Any]:
        return {}

    def _show_resource(self) -> dict[str, Any]:
        return {"name": self.name}

    def _resolve_any_attribute(self, name: str) -> Any:
        return self._resolve_attribute(name)

    def _resolve_attribute(self, name: str) -> Any:
        address = f"192.168.24.{getattr(self, 'number', 10) % 245}"
        return attributes(address, self.physical_resource_name()).get(name, "")


class Satisfied(constraints.BaseCustomConstraint):
    """Whatever the cloud would be asked for is there."""

    expected_exceptions = ()

    def validate(self, _value: Any, _context: Any) -> bool:
        return True

    def validate_with_client(self, _client: Any, _value: Any) -> bool:
        return True


def resource_mapping() -> dict[str, type]:
    return {name: type(f"{kind.__name__}WithoutCloud", (WithoutCloud, kind), {}) for name, kind in TYPES.items()}


def constraint_mapping() -> dict[str, type]:
    names = extension.ExtensionManager("heat.constraints").names()
    return {name: Satisfied for name in names if name not in BY_VALUE}
