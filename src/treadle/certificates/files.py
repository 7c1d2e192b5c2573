"""The environment file with a cloud's certificates and keys, and the file with its CA."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from treadle.certificates.authority import Pair
from treadle.certificates.renewal import Holding
from treadle.errors import InputError
from treadle.files import write_private

#: The parameters of each certificate and its key.
PARAMETERS = {"public": ("SSLCertificate", "SSLKey"), "internal": ("InternalTLSCertificate", "InternalTLSKey")}
ROOT = "SSLRootCertificate"
_KEY = "-----BEGIN PRIVATE KEY-----"
_KNOWN = {ROOT, *(name for pair in PARAMETERS.values() for name in pair)}
_HEAD = """\
# Written by `openstack overcloud certificate generate`, which renews what is due when it is run again.
# There are private keys in it: keep it where nobody else reads, and out of version control.
"""


def authority_file(file: Path) -> Path:
    """Where the CA is, its certificate and its key, which no deploy needs: beside the environment file."""
    return file.with_name(f"{file.stem}-ca.pem")


def read(file: Path) -> Holding:
    """What was written before; nothing where there is no file. Raises InputError for a file that another wrote, or
    that is damaged."""
    authority = authority_file(file)
    given = _parameters(file) if file.exists() else {}
    if given and not authority.exists():
        raise InputError(f"the CA that signed the certificates in {file.name} is not there", source=authority,
                         hint=f"restore it from a backup, or move {file.name} away: then there is a new CA")
    if not authority.exists():
        return Holding()
    certificate, mark, key = authority.read_text().partition(_KEY)
    return Holding(_pair(certificate, mark + key, authority, ""),
                   {name: _pair(given[certificate], given[key], file, certificate)
                    for name, (certificate, key) in (PARAMETERS if given else {}).items()})


def _parameters(file: Path) -> dict[str, str]:
    try:
        document: Any = yaml.safe_load(file.read_text())
    except (yaml.YAMLError, UnicodeDecodeError):
        document = None
    given = document.get("parameter_defaults") if isinstance(document, dict) and len(document) == 1 else None
    if not isinstance(given, dict) or set(given) != _KNOWN or not all(isinstance(v, str) for v in given.values()):
        raise InputError("is there, and is not what this command writes: it is left as it is", source=file,
                         key="--output", hint="name another file")
    return given


def _pair(certificate: str, key: str, file: Path, name: str) -> Pair:
    pair = Pair(certificate, key)
    try:
        fits = pair.fits
    except (ValueError, TypeError):
        fits = False
    if not fits:
        raise InputError("certificate and key do not fit each other", source=file, key=name,
                         hint="restore both from a backup, or move the file away: then all is made anew")
    return pair


def write(file: Path, holding: Holding) -> None:
    """Both files, mode 0600. A kill between the two leaves certificates of another CA, which the next run renews."""
    assert holding.authority is not None
    write_private(authority_file(file), holding.authority.certificate + holding.authority.key)
    given = {ROOT: holding.authority.certificate}
    for name, (certificate, key) in PARAMETERS.items():
        given |= {certificate: holding.certificates[name].certificate, key: holding.certificates[name].key}
    lines = ["parameter_defaults:\n"]
    for name, text in given.items():
        lines += [f"  {name}: |\n", *(f"    {line}\n" for line in text.splitlines())]
    write_private(file, _HEAD + "".join(lines))
