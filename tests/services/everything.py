"""All services that the project's templates know, evaluated in one role."""

from __future__ import annotations

from argparse import Namespace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]
PREFIX = "OS::TripleO::Services::"
#: What a template is given by its role, whether or not it needs all of it.
GIVEN = {"ServiceData", "ServiceNetMap", "EndpointMap", "DefaultPasswords", "RoleName", "RoleParameters"}


def environments() -> list[Path]:
    """Those that switch a service on which is off by default."""
    return [*sorted((PROJECT / "environments/services").glob("*.yaml")), PROJECT / "environments/nova-libvirt.yaml",
            PROJECT / "environments/ssl/enable-internal-tls.yaml"]


@cache
def registry() -> dict[str, str]:
    """``{type: template}`` of all services, with those of the environments."""
    found = {}
    for file in [PROJECT / "overcloud-resource-registry.yaml", *environments()]:
        for name, target in (yaml.safe_load(file.read_text()).get("resource_registry") or {}).items():
            if name.startswith(PREFIX):
                found[name] = target if target == "OS::Heat::None" else \
                    str((file.parent / target).resolve().relative_to(PROJECT))
    return found


def templates() -> list[str]:
    """Every template that is a service: not what several of them begin with."""
    found = [*PROJECT.glob("docker/services/*.yaml"), *PROJECT.glob("puppet/services/*.yaml")]
    return sorted(str(path.relative_to(PROJECT)) for path in found
                  if not path.stem.endswith(("-base", "-common")))


def parameters() -> dict[str, str]:
    """``{parameter: template}`` of all services' templates."""
    found = [*PROJECT.glob("docker/services/*.yaml"), *PROJECT.glob("puppet/services/*.yaml")]
    return {name: path.name for path in found for name in declared(str(path)).get("parameters", {})}


@cache
def role_data(environment: str = "") -> dict[str, dict[str, Any]]:
    """``{type: role_data}`` of every service, all of them in the role Standalone, and with a further
    environment file."""
    from treadle.cli.authoring import authored

    types = sorted(registry())
    files = [*map(str, environments()), *filter(None, [environment])]
    given = authored(Namespace(template=str(PROJECT), environments=files,
                               parameters=[f"StandaloneServices={','.join(types)}"], parameter_files=[],
                               roles_file=None, networks_file=None))
    found: list[dict[str, Any]] = given.stack().outputs()["RoleData"]["Standalone"]
    return dict(zip([name for name in types if registry()[name] != "OS::Heat::None"], found, strict=True))


def declared(template: str) -> dict[str, Any]:
    """A template as it is written."""
    document: dict[str, Any] = yaml.safe_load((PROJECT / template).read_text())
    return document
