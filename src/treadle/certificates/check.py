"""What is given of certificates, held against what the cloud needs of them. Pure: the clock is the caller's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from treadle.certificates.authority import hosts_of, public_bytes, signed_by

#: From when on a deploy warns that a certificate ends.
SOON = timedelta(days=30)
_GENERATE = "`openstack overcloud certificate generate` makes one"


@dataclass(frozen=True)
class Problem:
    """What is wrong with the value of a parameter, and what to do."""

    parameter: str
    message: str
    hint: str = ""


@dataclass(frozen=True)
class Side:
    """One certificate of the cloud. ``hosts`` are those that it has to be valid for, each with what reaches it so."""

    certificate: str
    key: str
    parameters: tuple[str, str]
    intermediate: str = ""
    hosts: Mapping[str, str] = field(default_factory=dict)


def problems(certificates: Mapping[str, Any], keys: Mapping[str, Any], endpoints: Mapping[str, Mapping[str, Any]],
             nodes: Mapping[str, Iterable[str]], now: datetime) -> Iterator[Problem]:
    """What must be put right before anything is touched.

    ``certificates`` is the overcloud's output of this name, ``keys`` its hidden parameters, ``endpoints`` its
    EndpointMap, ``nodes`` the addresses of each node by its name.
    """
    https = {name: end for name, end in endpoints.items() if name.endswith("Public") and end["protocol"] == "https"}
    public = {str(end["host_nobrackets"]): "public endpoints" for end in https.values()}
    given, internal = certificates.get("SSLCertificate") or "", bool(certificates.get("EnableInternalTLS"))
    if https and not given:
        yield Problem("EndpointMap", f"{next(iter(https))} is https, and there is no certificate for it",
                      f"give SSLCertificate and SSLKey; {_GENERATE}")
    if given and not https:
        yield Problem("SSLCertificate", "there is a certificate, and no public endpoint is https",
                      "add -e environments/ssl/tls-endpoints-public-ip.yaml (or -dns.yaml)")
    trusted, found = _roots(certificates)
    yield from found
    sides = [Side(given, str(keys.get("SSLKey") or ""), ("SSLCertificate", "SSLKey"),
                  certificates.get("SSLIntermediateCertificate") or "", public)] if given else []
    if internal:
        inner = {str(end["host_nobrackets"]): "internal endpoints" for name, end in endpoints.items()
                 if not name.endswith("Public")}
        sides.append(Side(certificates.get("InternalTLSCertificate") or "", str(keys.get("InternalTLSKey") or ""),
                          ("InternalTLSCertificate", "InternalTLSKey"),
                          hosts={**{ip: "a node's address" for ips in nodes.values() for ip in ips},
                                 **dict.fromkeys(nodes, "a node's name"), **inner}))
    for side in sides:
        yield from _side(side, trusted, now)


def ending(certificates: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """In words, the certificates that end soon."""
    for name in ("SSLCertificate", "InternalTLSCertificate", "SSLRootCertificate"):
        for certificate in _certificates(certificates.get(name) or "")[:1]:
            left = certificate.not_valid_after_utc - now
            if left < SOON:
                yield f"{name} ends on {certificate.not_valid_after_utc:%Y-%m-%d}"


def anchors(certificates: Mapping[str, Any]) -> str:
    """In PEM, the CAs that a user of the public endpoints has to be given; '' where everybody knows theirs."""
    chain = [*_certificates(certificates.get("SSLCertificate") or ""),
             *_certificates(certificates.get("SSLIntermediateCertificate") or "")]
    roots, _ = _roots(certificates)
    root = _root(chain[0], chain[1:], roots) if chain else None
    return root.public_bytes(serialization.Encoding.PEM).decode() if root else ""


def _certificates(text: str) -> list[x509.Certificate]:
    """All that a PEM text has; none where it is not one."""
    try:
        return x509.load_pem_x509_certificates(text.encode()) if text.strip() else []
    except ValueError:
        return []


def _roots(certificates: Mapping[str, Any]) -> tuple[list[x509.Certificate], list[Problem]]:
    given = {"SSLRootCertificate": certificates.get("SSLRootCertificate") or ""}
    further = certificates.get("CAMap") or {}
    given.update({f"CAMap.{name}": str((ca or {}).get("content") or "") for name, ca in further.items()})
    wrong = [Problem("CAMap", f"{name!r} is no name for a CA", "use letters, digits, dashes and underscores")
             for name in further if not re.fullmatch(r"[A-Za-z0-9_-]+", name) or name == "overcloud"]
    roots = []
    for name, text in given.items():
        found = _certificates(text)
        if len(found) != 1 and (text or name != "SSLRootCertificate"):
            wrong.append(Problem(name.partition(".")[0], f"expected one certificate in PEM in {name}, "
                                 f"got {len(found) or 'none'}", "give each CA an entry of CAMap"))
        roots += found
    return roots, wrong


def _side(side: Side, trusted: list[x509.Certificate], now: datetime) -> Iterator[Problem]:
    name, key_name = side.parameters
    chain = _certificates(side.certificate)
    if not chain:
        yield Problem(name, "expected a certificate in PEM" if side.certificate else "there is no certificate",
                      f"-----BEGIN CERTIFICATE-----; {_GENERATE}")
        return
    leaf = chain[0]
    yield from _key(side, leaf, key_name)
    if not leaf.not_valid_before_utc <= now:
        yield Problem(name, f"the certificate is valid from {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on only")
    if leaf.not_valid_after_utc < now:
        yield Problem(name, f"the certificate ended on {leaf.not_valid_after_utc:%Y-%m-%d}",
                      f"give a new one; {_GENERATE}")
    covered = hosts_of(leaf)
    for host, what in side.hosts.items():
        if not any(_covers(pattern, host) for pattern in covered):
            yield Problem(name, f"the certificate is not valid for {host} ({what}), but for "
                          f"{', '.join(sorted(covered)) or 'no host (it has no subjectAltName)'}",
                          "give one that is, or other hosts in EndpointMap: tls-endpoints-public-dns.yaml names hosts "
                          "by CloudName")
    yield from _trust(side, leaf, [*chain[1:], *_certificates(side.intermediate)], trusted, now)


def _key(side: Side, leaf: x509.Certificate, name: str) -> Iterator[Problem]:
    try:
        key = serialization.load_pem_private_key(side.key.encode(), None)
    except TypeError:
        yield Problem(name, "the key is encrypted, and services could not read it", "openssl pkey -in KEY")
        return
    except ValueError:
        yield Problem(name, "expected a private key in PEM" if side.key else "there is no key for the certificate",
                      "-----BEGIN PRIVATE KEY-----")
        return
    if public_bytes(key.public_key()) != public_bytes(leaf.public_key()):
        yield Problem(name, f"the key is not that of {side.parameters[0]}", "give both of the same pair")


def _trust(side: Side, leaf: x509.Certificate, between: list[x509.Certificate], trusted: list[x509.Certificate],
           now: datetime) -> Iterator[Problem]:
    """From the certificate to one that clients trust. Without a CA of the cloud's own, it is one that all know."""
    name = side.parameters[0]
    root = _root(leaf, between, trusted)
    if root is None and _root(leaf, between, _known_to_all()) is None:
        said = "none of SSLRootCertificate, CAMap and the CAs that all know" if trusted else "a CA that nobody trusts"
        yield Problem(name, f"the certificate is signed by {said}", "give the CA that signed it as SSLRootCertificate"
                      + (", and those between as SSLIntermediateCertificate" if name == "SSLCertificate" else ""))
    elif root is not None and root.not_valid_after_utc < now:
        yield Problem("SSLRootCertificate", f"the CA ended on {root.not_valid_after_utc:%Y-%m-%d}")


def _root(leaf: x509.Certificate, between: list[x509.Certificate],
          roots: list[x509.Certificate]) -> x509.Certificate | None:
    """The one of ``roots`` that ``leaf`` leads to, through certificates of ``between``."""
    current, left = leaf, list(between)
    while True:
        found = next((root for root in roots if root == current or signed_by(current, root)), None)
        above = next((other for other in left if signed_by(current, other)), None)
        if found is not None or above is None:
            return found
        left.remove(above)
        current = above


def _known_to_all() -> list[x509.Certificate]:
    import ssl
    import warnings

    import certifi

    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some old CAs keep no rule of today
        for known in ssl.create_default_context(cafile=certifi.where()).get_ca_certs(binary_form=True):
            with suppress(ValueError):
                found.append(x509.load_der_x509_certificate(known))
    return found


def _covers(pattern: str, host: str) -> bool:
    """As clients compare (RFC 6125): a wildcard stands for one label."""
    pattern, host = pattern.lower(), host.lower()
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:] and not re.fullmatch(r"[\d.]+", host)
    return pattern == host
