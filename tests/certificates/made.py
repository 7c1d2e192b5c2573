"""Certificates of the tests' own: real ones, made on the spot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives import serialization

from treadle.certificates.authority import Pair, issue, new_authority

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CA = new_authority("cloud CA", NOW, 3650)
OTHER_CA = new_authority("other CA", NOW, 3650)
VIP, NAME, NODE, NODE_NAME = "192.0.2.10", "cloud.example.com", "192.0.2.1", "node-0"


def pair(*hosts: str, authority: Pair = CA, begin: datetime = NOW, days: int = 365) -> Pair:
    return issue(authority, "cloud", hosts or (VIP, NAME), begin, days)


def encrypted(key: str) -> str:
    loaded = serialization.load_pem_private_key(key.encode(), None)
    return loaded.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.BestAvailableEncryption(b"x")).decode()


def later(days: float) -> datetime:
    return NOW + timedelta(days=days)
