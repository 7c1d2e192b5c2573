"""Forms of addresses and names that Heat checks without asking a cloud."""

from __future__ import annotations

import ipaddress
import re

from treadle.heat.constraints import Constraint, Form

_MAC = re.compile(r"[0-9a-f]{1,2}([:-])[0-9a-f]{1,2}(\1[0-9a-f]{1,2}){4}"
                  r"|[0-9a-f]{1,4}([.:-])[0-9a-f]{1,4}\3[0-9a-f]{1,4}"
                  r"|[0-9a-f]{5,6}-[0-9a-f]{5,6}|[0-9a-f]{11,12}", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")
_LONGEST_NAME = 255


def is_address(value: str) -> bool:
    """An address without a zone."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return "%" not in value


def is_subnet(value: str) -> bool:
    """An address with a prefix; bits of the host may be set."""
    try:
        found = ipaddress.ip_interface(value)
    except ValueError:
        return False
    return "/" in value and "%" not in value and (found.version == 6 or str(found) == value)


def is_dns_name(value: str) -> bool:
    """Labels of letters, digits and hyphens; the last of an absolute name is no number. Nothing is a name too."""
    if not value:
        return True
    labels = value.removesuffix(".").split(".")
    if len(value.removesuffix(".")) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    return not (value.endswith(".") and len(labels) > 1 and labels[-1].isdigit())


def _is_domain(value: str) -> bool:
    return not value or (value.endswith(".") and is_dns_name(value))


ADDRESS = Constraint(Form("an IP address", is_address))
SUBNET = Constraint(Form("a subnet such as 192.0.2.0/24", is_subnet))
ADDRESS_OR_SUBNET = Constraint(Form("an IP address or a subnet", lambda value: is_address(value) or is_subnet(value)))
MAC = Constraint(Form("a MAC address", lambda value: bool(_MAC.fullmatch(value))))
DNS_NAME = Constraint(Form("a DNS name", is_dns_name))
DNS_DOMAIN = Constraint(Form("a DNS domain, which ends with a dot", _is_domain))
