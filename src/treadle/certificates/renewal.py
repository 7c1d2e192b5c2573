"""What of a cloud's certificates is to be made anew, and why. Pure but for the keys' randomness."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from treadle.certificates.authority import Pair, hosts_of, issue, new_authority, signed_by

AUTHORITY = "ca"
#: How long (days) a CA is valid.
AUTHORITY_DAYS = 3650


@dataclass(frozen=True)
class Holding:
    """A CA, and the certificates that it signed by their names: public and internal."""

    authority: Pair | None = None
    certificates: Mapping[str, Pair] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """What the certificates are for: their hosts by their names, and how they are called in them."""

    hosts: Mapping[str, frozenset[str]]
    cloud: str
    days: int


def renewed(known: Holding, wanted: Wanted, now: datetime,
            anew: Collection[str] = ()) -> tuple[Holding, dict[str, str]]:
    """The holding as it should be, and of each of its parts why it was made anew; '' for what stays.

    What a certificate was valid for it stays valid for, unless it is named in ``anew``."""
    said = {AUTHORITY: _authority_due(known.authority, wanted, now, anew)}
    authority = known.authority
    if authority is None or said[AUTHORITY]:
        authority = new_authority(f"{wanted.cloud} CA", now, max(AUTHORITY_DAYS, wanted.days))
    certificates = {}
    for name, hosts in wanted.hosts.items():
        pair = known.certificates.get(name)
        said[name] = "its CA is new" if said[AUTHORITY] and pair else _due(name, pair, hosts, authority, now, anew)
        kept = hosts_of(pair.parsed) if pair and name not in anew else frozenset()
        certificates[name] = pair if pair and not said[name] else \
            issue(authority, f"{wanted.cloud} {name}", hosts | kept, now, wanted.days)
    return Holding(authority, certificates), said


def _authority_due(pair: Pair | None, wanted: Wanted, now: datetime, anew: Collection[str]) -> str:
    if pair is None:
        return "there was none"
    if AUTHORITY in anew:
        return "it was named"
    until = pair.parsed.not_valid_after_utc
    return f"it ends on {until:%Y-%m-%d}" if until < now + timedelta(days=wanted.days) else ""


def _due(name: str, pair: Pair | None, hosts: frozenset[str], authority: Pair, now: datetime,
         anew: Collection[str]) -> str:
    if pair is None:
        return "there was none"
    if name in anew:
        return "it was named"
    certificate = pair.parsed
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if end - now < (end - begin) / 3:
        return f"it {'ended' if end < now else 'ends'} on {end:%Y-%m-%d}"
    if missing := sorted(hosts - hosts_of(certificate)):
        return f"it was not valid for {', '.join(missing)}"
    return "" if signed_by(certificate, authority.parsed) else "another CA had signed it"
