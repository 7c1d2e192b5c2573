"""Passwords and keys of a stack: generated once, kept for its life.

Pure: the caller brings randomness and keeps the result (0600). Names are those of TripleO's parameters
(tripleo-common's PASSWORD_PARAMETER_NAMES) and of our own templates.
"""

from __future__ import annotations

import base64
import string
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Random = Callable[[int], bytes]
_ALPHABET = string.ascii_letters + string.digits


def _password(random: Random, length: int = 25) -> str:
    """Letters and digits only: safe in URLs, INI files and SQL. 25 of them are 148 bits."""
    text = ""
    while len(text) < length:
        # Bytes beyond the largest multiple of the alphabet are thrown away, so that no letter is likelier.
        text += "".join(_ALPHABET[b % 62] for b in random(length) if b < 248)
    return text[:length]


def _fernet(random: Random) -> str:
    return base64.urlsafe_b64encode(random(32)).decode()


def _fernet_keys(directory: str, random: Random) -> dict[str, dict[str, str]]:
    """Key 0 is staged, key 1 is primary (keystone's fernet repository)."""
    return {f"{directory}/{index}": {"content": _fernet(random)} for index in (0, 1)}


_SPECIAL: dict[str, Callable[[Random], Any]] = {
    "BarbicanSimpleCryptoKek": _fernet,
    "CorosyncAuthkey": lambda random: _password(random, 128),  # corosync takes no shorter one
    "HeatAuthEncryptionKey": lambda random: _password(random, 32),  # a key of AES-256, which takes no other length
    "KeystoneFernetKeys": lambda random: _fernet_keys("/etc/keystone/fernet-keys", random),
    "KeystoneCredential0": _fernet,
    "KeystoneCredential1": _fernet,
    "RabbitCookie": lambda random: _password(random, 20),
}


def complete(existing: Mapping[str, Any], wanted: Iterable[str], random: Random) -> dict[str, Any]:
    """``existing`` and a new value for each name of ``wanted`` that it lacks. Existing values never change."""
    passwords = dict(existing)
    for name in sorted(wanted):
        if passwords.get(name) in (None, "", {}):
            passwords[name] = _SPECIAL.get(name, _password)(random)
    return passwords
