"""The user's clouds.yaml: an entry for the cloud that was deployed. Source: openstacksdk's configuration guide."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treadle.errors import InputError
from treadle.files import write_atomic, write_private
from treadle.rollout.state import StackState

#: What the stack's folder remembers of the entry.
_KEPT = "cloud"
#: There, the CA in PEM; clouds.yaml names a file.
_CA = "ca"


def path() -> Path:
    """Where openstacksdk looks first among the user's own files; ``OS_CLIENT_CONFIG_FILE`` names another."""
    given = os.environ.get("OS_CLIENT_CONFIG_FILE")
    return Path(given) if given else Path.home() / ".config/openstack/clouds.yaml"


def entry(outputs: Mapping[str, Any], hidden: Mapping[str, Any]) -> dict[str, Any]:
    """The cloud's entry: the admin user through the public endpoint."""
    return {"auth": {"auth_url": outputs["KeystoneURL"], "username": "admin", "password": hidden["AdminPassword"],
                     "project_name": "admin", "user_domain_name": "Default", "project_domain_name": "Default"},
            "region_name": outputs.get("KeystoneRegion") or "regionOne", "identity_api_version": "3"}


def keep_entry(state: StackState, outputs: Mapping[str, Any], hidden: Mapping[str, Any]) -> None:
    """Remember the entry of what was generated, until it runs; with the CA where the endpoint's is the cloud's own."""
    if "KeystoneURL" in outputs and "AdminPassword" in hidden:
        state.remember(_KEPT, {**entry(outputs, hidden), _CA: _authority(outputs)})


def _authority(outputs: Mapping[str, Any]) -> str:
    certificates: Mapping[str, Any] = outputs.get("Certificates") or {}
    if not (outputs["KeystoneURL"].startswith("https:") and certificates.get("SSLCertificate")):
        return ""
    from treadle.certificates.check import anchors

    return anchors(certificates)


def write_entry(state: StackState) -> None:
    """Put the stack's entry there, mode 0600; other clouds and comments stay as they are."""
    wanted = state.recall(_KEPT)
    if not wanted:
        return
    authority, file = wanted.pop(_CA, ""), state.path / "ca.crt"
    if authority:
        write_atomic(file, authority)
        wanted["cacert"] = str(file)
    _edit(state.stack, wanted)


def remove_entry(name: str) -> None:
    """Take the entry ``name`` away; a file that then names no cloud stays, empty of clouds."""
    if path().exists():
        _edit(name, None)


def _edit(name: str, wanted: dict[str, Any] | None) -> None:
    import io

    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    file, editor = path(), YAML()
    try:
        document = editor.load(file.read_text()) if file.exists() else None
    except YAMLError as error:
        raise InputError(f"is no YAML: {error}", source=file, hint="correct it; the cloud itself is deployed") from None
    document = document if document is not None else {}
    if not isinstance(document, dict) or not isinstance(document.get("clouds") or {}, dict):
        raise InputError("expected a mapping of clouds", source=file, key="clouds",
                         hint="correct it; the cloud itself is deployed")
    clouds = document["clouds"] = document.get("clouds") or {}
    if clouds.get(name) == wanted:
        return
    if wanted is None:
        del clouds[name]
    else:
        clouds[name] = wanted
    text = io.StringIO()
    editor.dump(document, text)
    write_private(file, text.getvalue())
