"""Certificates that were given are good for this cloud, or nothing is touched."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from treadle.cli.inputs import Inputs
    from treadle.errors import TreadleError
    from treadle.heat import Files
    from treadle.plan.nodes import Node


def require_certificates(outputs: Mapping[str, Any], hidden: Mapping[str, Any], nodes: Sequence[Node], given: Inputs,
                         files: Files) -> None:
    """Raise TemplateError, with file and key, for the first certificate or key that the cloud cannot use; warn of those
    that end soon. Templates that know nothing of certificates are let pass."""
    certificates: Mapping[str, Any] = outputs.get("Certificates") or {}
    endpoints: Mapping[str, Any] = outputs.get("EndpointMap") or {}
    if not any(certificates.values()) and not any(end.get("protocol") == "https" for end in endpoints.values()):
        return
    from datetime import UTC, datetime

    from treadle.certificates.check import ending, problems

    now = datetime.now(UTC)
    addresses = {node.name: [node.address, *node.networks.values()] for node in nodes}
    if certificates:
        for problem in problems(certificates, hidden, endpoints, addresses, now):
            raise _error(problem.parameter, problem.message, problem.hint, given, files)
    for words in ending(certificates, now):
        print(f"warning: {words}; `openstack overcloud certificate generate` renews what it made", file=sys.stderr)


def _error(name: str, message: str, hint: str, given: Inputs, files: Files) -> TreadleError:
    """With the file and line where the parameter has its value."""
    from treadle.errors import InputError
    from treadle.heat.environment import load_environments

    environment = load_environments(given.environments, files)
    for section, values in (("parameters", environment.parameters),
                            ("parameter_defaults", environment.parameter_defaults)):
        if name in values:
            origin = environment.origin(section, name)
            return files.error(message, origin.file, origin.path, hint=hint)
    return InputError(message, key=name, hint=hint)
