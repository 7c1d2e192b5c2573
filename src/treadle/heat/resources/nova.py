"""Stand-ins for servers and key pairs, and OS::Heat::DeployedServer, which needs no cloud."""

from __future__ import annotations

from typing import Any, ClassVar

from treadle.heat.constraints import AllowedValues, Bounds, Constraint
from treadle.heat.properties import Property, Schema
from treadle.heat.resources.base import Resource
from treadle.heat.resources.neutron import FIXED_IP, PORT_EXTRA
from treadle.heat.resources.stand_in import EMPTY_MAP, FLAG, MAP, REQUIRED, TAGS, WHOLE, StandIn, optional


def _one_of(*values: str, default: str | None = None) -> Property:
    return Property("string", default=default, constraints=(Constraint(AllowedValues(values)),))


_NOT_EMPTY = Property("string", constraints=(Constraint(Bounds("length", 1, None)),))
_TRANSPORT: Schema = {
    "software_config_transport": _one_of("POLL_SERVER_CFN", "POLL_SERVER_HEAT", "POLL_TEMP_URL", "ZAQAR_MESSAGE",
                                         default="POLL_SERVER_CFN"),
    "deployment_swift_data": Property("map", default={}, fields={"container": _NOT_EMPTY, "object": _NOT_EMPTY}),
}
_DEVICE: Schema = {"volume_size": WHOLE, "delete_on_termination": FLAG, **optional("volume_id", "snapshot_id")}
_DEVICE_2: Schema = {
    **_DEVICE,
    **optional("device_name", "image_id", "image", "volume_type"),
    "swap_size": WHOLE,
    "ephemeral_size": Property("integer", constraints=(Constraint(Bounds("range", 1, None)),)),
    "ephemeral_format": _one_of("ext2", "ext3", "ext4", "xfs", "ntfs"),
    "device_type": _one_of("cdrom", "disk"),
    "disk_bus": _one_of("ide", "lame_bus", "sata", "scsi", "usb", "virtio"),
    "boot_index": WHOLE,
}
_NIC: Schema = {
    **optional("uuid", "network", "port", "subnet", "floating_ip", "tag"),
    "allocate_network": _one_of("none", "auto"),
    "fixed_ip": FIXED_IP,
    "port_extra_properties": Property("map", fields=PORT_EXTRA),
}


class Server(StandIn):
    schema: ClassVar[Schema] = {
        "flavor": REQUIRED,
        **optional("name", "image", "key_name", "admin_user", "availability_zone", "reservation_id", "admin_pass"),
        "block_device_mapping": Property("list", each=Property("map", fields={"device_name": REQUIRED, **_DEVICE})),
        "block_device_mapping_v2": Property("list", each=Property("map", fields=_DEVICE_2)),
        "flavor_update_policy": _one_of("RESIZE", "REPLACE", default="RESIZE"),
        "image_update_policy": _one_of("REBUILD", "REPLACE", "REBUILD_PRESERVE_EPHEMERAL", default="REBUILD"),
        "security_groups": Property("list", default=[]),
        "networks": Property("list", each=Property("map", fields=_NIC)),
        "scheduler_hints": MAP,
        "metadata": EMPTY_MAP,
        "user_data_format": _one_of("HEAT_CFNTOOLS", "RAW", "SOFTWARE_CONFIG", default="HEAT_CFNTOOLS"),
        "user_data_update_policy": _one_of("REPLACE", "IGNORE", "REBUILD", default="REPLACE"),
        "user_data": Property("string", default=""),
        "config_drive": FLAG,
        "diskConfig": _one_of("AUTO", "MANUAL"),
        "personality": EMPTY_MAP,
        "tags": TAGS,
        **_TRANSPORT,
    }
    attributes = ("name", "addresses", "networks", "first_address", "instance_name", "accessIPv4", "accessIPv6",
                  "console_urls", "tags", "os_collect_config")

    def find(self, name: str) -> Any:
        if name == "os_collect_config":
            return {}
        if name == "first_address":
            return self.address
        if name == "networks":
            return {"ctlplane": [self.address]}
        return {"ctlplane": [{"addr": self.address, "port": "p"}]} if name == "addresses" else super().find(name)


class KeyPair(StandIn):
    schema: ClassVar[Schema] = {
        "name": Property("string", required=True, constraints=(Constraint(Bounds("length", 1, 255)),)),
        "save_private_key": Property("boolean", default=False),
        **optional("public_key", "user"),
        "type": _one_of("ssh", "x509"),
    }
    attributes = ("public_key", "private_key")

    def find(self, name: str) -> Any:
        return "ssh-rsa x" if name == "public_key" else ""


class DeployedServer(Resource):
    """A machine that is there already. Its agent's configuration is what the resource's metadata say; Heat would
    add where to poll."""

    schema: ClassVar[Schema] = {**optional("name"), "metadata": MAP, **_TRANSPORT}
    attributes = ("name", "os_collect_config")

    def find(self, name: str) -> Any:
        if name == "name":
            return self.properties["name"] or self.physical_name()
        metadata = self.definition.metadata.value(self.holder.scope) or {}
        return metadata.get("os-collect-config", {})
