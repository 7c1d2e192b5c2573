"""Heat's custom constraints: those that only need the value are checked, those that ask a cloud are satisfied."""

from __future__ import annotations

import ipaddress
import json
import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from treadle.errors import nearest
from treadle.heat.faults import Fault, brief, kind

_LONGEST_NAME = 255
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
#: Six groups, three, two or one.
_MAC = re.compile(r"[0-9a-f]{1,2}(?:(:|-)[0-9a-f]{1,2})(?:\1[0-9a-f]{1,2}){4}"
                  r"|[0-9a-f]{1,4}([:.-])[0-9a-f]{1,4}\2[0-9a-f]{1,4}"
                  r"|[0-9a-f]{5,6}[:-][0-9a-f]{5,6}|[0-9a-f]{11,12}", re.IGNORECASE)


def _ip_addr(value: str) -> bool:
    return "%" not in value and bool(ipaddress.ip_address(value))


def _net_cidr(value: str) -> bool:
    return value.partition("/")[2].isdecimal() and bool(ipaddress.ip_network(value, strict=False))


def _ip_or_cidr(value: str) -> bool:
    return _net_cidr(value) if "/" in value else _ip_addr(value)


def _mac_addr(value: str) -> bool:
    return _MAC.fullmatch(value) is not None


def _dns_name(value: str) -> bool:
    """RFC 1035 labels in lower case; the last of a name that ends with a dot has more than digits (RFC 1123)."""
    labels = value.removesuffix(".").split(".")
    numeric = value.endswith(".") and len(labels) > 1 and labels[-1].isdigit()
    return not value or (len(value.removesuffix(".")) <= _LONGEST_NAME and not numeric
                         and all(_LABEL.fullmatch(label) for label in labels))


def _rel_dns_name(value: str) -> bool:
    return not value.endswith(".") and len(value) <= _LONGEST_NAME - 3 and _dns_name(value)


def _dns_domain(value: str) -> bool:
    return not value or (value.endswith(".") and _dns_name(value))


def _json_string(value: str) -> bool:
    return not value or json.loads(value) is not ...


def _timezone(value: str) -> bool:
    return not value or bool(zoneinfo.ZoneInfo(value))


def _iso_8601(value: str) -> bool:
    return bool(datetime.fromisoformat(value))


def _expiration(value: str) -> bool:
    moment = datetime.fromisoformat(value.strip()) if value else None
    return moment is None or (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) > datetime.now(UTC)


def _always(value: str) -> bool:  # noqa: ARG001
    return True


#: A cron expression is the alarm service's to judge; the rest of the names needs a cloud to ask.
_BY_VALUE: Mapping[str, Callable[[str], bool]] = {
    "ip_addr": _ip_addr, "net_cidr": _net_cidr, "ip_or_cidr": _ip_or_cidr, "mac_addr": _mac_addr,
    "dns_name": _dns_name, "rel_dns_name": _rel_dns_name, "dns_domain": _dns_domain, "json_string": _json_string,
    "timezone": _timezone, "iso_8601": _iso_8601, "expiration": _expiration, "cron_expression": _always,
}
_OF_CLOUD: Mapping[str, str] = {
    "barbican": "container secret", "blazar": "reservation", "cinder": "backup qos_specs snapshot volume vtype",
    "designate": "zone", "glance": "image", "ironic": "node portgroup",
    "keystone": "domain group project region role service user", "magnum": "cluster_template",
    "manila": "share_network share_snapshot share_type", "mistral": "workflow",
    "neutron": "address_scope flow_classifier lbaas.listener lbaas.loadbalancer lbaas.pool lbaas.provider network "
               "port port_pair port_pair_group qos_policy router security_group segment subnet subnetpool "
               "taas.tap_flow taas.tap_service",
    "nova": "flavor host keypair network server",
    "octavia": "availabilityzone availabilityzoneprofile flavor flavorprofile l7policy listener loadbalancer pool",
    "trove": "flavor", "zaqar": "queue",
}
_NAMES: Mapping[str, Callable[[str], bool]] = {
    **_BY_VALUE, **{f"{service}.{name}": _always for service, names in _OF_CLOUD.items() for name in names.split()}}


@dataclass(frozen=True)
class Custom:
    name: Any

    def check(self, value: Any, convert: Callable[[Any], Any]) -> None:  # noqa: ARG002
        """Heat looks for the constraint when a value is checked, not when the template is read."""
        fits = _NAMES.get(self.name) if isinstance(self.name, str) else None
        if fits is None:
            raise Fault(f"there is no custom constraint {brief(self.name)}{nearest(str(self.name), _NAMES)}")
        if fits is _always:
            return
        if not isinstance(value, str):
            raise Fault(f"{brief(value)} is {kind(value)}, but {self.name} needs a string", "quote it")
        try:
            good = fits(value)
        except (ValueError, KeyError, OSError):
            good = False
        if not good:
            raise Fault(f"{brief(value)} is not a valid {self.name}")
