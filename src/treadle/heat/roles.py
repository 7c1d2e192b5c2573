"""Roles and networks, and the jinja2 templates that are rendered for them the way TripleO renders its tree."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treadle.errors import TemplateError, nearest
from treadle.heat import jinja
from treadle.heat.faults import kind
from treadle.heat.files import Files

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

ROLE_KEYS = (
    "name", "description", "CountDefault", "tags", "networks", "default_route_networks",
    "HostnameFormatDefault", "ServicesDefault", "ImageDefault", "FlavorDefault", "RoleParametersDefault",
    "update_serial", "upgrade_batch_size", "disable_upgrade_deployment", "disable_constraints",
    "networks_skip_config", "uses_deprecated_params", "deprecated_param_image", "deprecated_param_flavor",
    "deprecated_param_extraconfig", "deprecated_param_metadata", "deprecated_param_scheduler_hints",
    "deprecated_param_ips", "deprecated_server_resource_name", "deprecated_nic_config_name",
)
_EXCLUDES = "j2_excludes.yaml"


def load_roles(roles_file: str | Path, files: Files) -> list[dict[str, Any]]:
    """The roles in the order of the file. TemplateError for a role without a name, two of one name, an unknown
    key, or no role at all."""
    file = os.path.abspath(roles_file)  # noqa: PTH100
    data = files.data(file)
    if not isinstance(data, list) or not data:
        raise files.error(f"a roles file is a list of roles, not {kind(data) if data else 'empty'}", file)
    seen: dict[str, int] = {}
    for index, role in enumerate(data):
        if not isinstance(role, dict):
            raise files.error(f"a role must be a map, not {kind(role)}", file, (index,))
        name = role.get("name")
        if not isinstance(name, str) or not name:
            raise files.error("a role needs a name", file, (index,))
        if name.lower() in seen:
            raise files.error(f"the role {name} is there twice", file, (index, "name"),
                              hint=f"it is also role {seen[name.lower()] + 1} of the file")
        seen[name.lower()] = index
        for key in role:
            if key not in ROLE_KEYS:
                raise files.error(f"the role {name} has an unknown key {key}{nearest(key, ROLE_KEYS)}", file,
                                  (index, key))
        _want_lists(role, file, index, files)
    return [dict(role) for role in data]


def _want_lists(role: Mapping[str, Any], file: str, index: int, files: Files) -> None:
    for key in ("tags", "ServicesDefault", "default_route_networks", "networks_skip_config"):
        if role.get(key) is not None and not isinstance(role[key], list):
            raise files.error(f"must be a list, not {kind(role[key])}", file, (index, key))
    services = role.get("ServicesDefault") or []
    for at, service in enumerate(services):
        if service in services[:at]:
            raise files.error(f"the service {service} is there twice", file, (index, "ServicesDefault", at))


def load_networks(networks_file: str | Path, files: Files) -> list[dict[str, Any]]:
    """The networks of a network data file; ``name_lower`` is filled in."""
    file = os.path.abspath(networks_file)  # noqa: PTH100
    data = files.data(file)
    if data is None:
        return []
    if not isinstance(data, list):
        raise files.error(f"a networks file is a list of networks, not {kind(data)}", file)
    networks = []
    for index, network in enumerate(data):
        if not isinstance(network, dict) or not isinstance(network.get("name"), str):
            raise files.error("a network must be a map with a name", file, (index,))
        networks.append({**network, "name_lower": network.get("name_lower") or network["name"].lower()})
    return networks


class Texts(Mapping[str, str]):
    """Rendered files by absolute path, each rendered when it is first read: a cloud uses part of a tree. What
    cannot be rendered is a TemplateError each time that it is read."""

    def __init__(self, wanted: Mapping[str, Callable[[], str]]) -> None:
        self._wanted = wanted
        self._done: dict[str, str] = {}

    def __getitem__(self, path: str) -> str:
        if path not in self._done:
            self._done[path] = self._wanted[path]()
        return self._done[path]

    def __contains__(self, path: object) -> bool:
        return path in self._wanted

    def __iter__(self) -> Iterator[str]:
        return iter(self._wanted)

    def __len__(self) -> int:
        return len(self._wanted)


@dataclass(frozen=True)
class Rendering:
    """``texts`` by absolute path of the file that each would be; ``origins`` says from which j2 file."""

    texts: Texts
    origins: Mapping[str, str]
    roles: Sequence[Mapping[str, Any]]
    networks: Sequence[Mapping[str, Any]]


def render(templates_dir: str | Path, roles_file: str | Path,
           networks_file: str | Path | None = None) -> dict[str, str]:
    """Every ``*.j2.yaml`` below ``templates_dir`` rendered: text by absolute path. TemplateError with the j2
    file and line for a syntax error or an undefined name."""
    return dict(render_tree(templates_dir, roles_file, networks_file, Files()).texts)


def render_tree(templates_dir: str | Path, roles_file: str | Path, networks_file: str | Path | None,
                files: Files) -> Rendering:
    """``render`` with everything that it read; each file is rendered when it is first asked for."""
    root = os.path.abspath(templates_dir)  # noqa: PTH100
    roles = load_roles(roles_file, files)
    default = str(Path(root, "network_data.yaml"))
    chosen = networks_file or (default if files.exists(default) else None)
    networks = load_networks(chosen, files) if chosen else []
    excludes = str(Path(root, _EXCLUDES))
    inputs = [*files.below(root, (".j2.yaml", ".j2")), *([excludes] if files.exists(excludes) else [])]
    key = ("rendering", root, repr(roles), repr(networks), *((path, files.digest(path)) for path in inputs))
    return files.kept(key, lambda: _Renderer(root, roles, networks, files).run())


class _Renderer:
    def __init__(self, root: str, roles: list[dict[str, Any]], networks: list[dict[str, Any]],
                 files: Files) -> None:
        self._root = root
        self._roles = roles
        self._networks = networks
        self._files = files
        self._excluded = self._excludes()
        self._wanted: dict[str, Callable[[], str]] = {}
        self._origins: dict[str, str] = {}
        self._environments: dict[str, SandboxedEnvironment] = {}

    def run(self) -> Rendering:
        for file in self._files.below(self._root, (".j2.yaml",)):
            if file.endswith(".role.j2.yaml"):
                self._for_roles(file)
            elif file.endswith(".network.j2.yaml"):
                self._for_networks(file)
            else:
                self._put(file, file.removesuffix(".j2.yaml") + ".yaml",
                          {"roles": self._roles, "networks": self._networks})
        return Rendering(Texts(self._wanted), self._origins, self._roles, self._networks)

    def _excludes(self) -> set[str]:
        file = str(Path(self._root, _EXCLUDES))
        if not self._files.exists(file):
            return set()
        data = self._files.data(file)
        names = (data or {}).get("name") if isinstance(data, dict | None) else None
        if names is not None and not isinstance(names, list):
            raise self._files.error(f"must be a list of paths, not {kind(names)}", file, ("name",))
        return {str(Path(self._root, str(name))) for name in names or []}

    def _for_roles(self, file: str) -> None:
        directory, name = os.path.split(file)
        source = self._files.text(file)
        for role in self._roles:
            lower = role["name"].lower()
            target = f"{lower}-{name.removesuffix('.role.j2.yaml')}.yaml"
            if "network/config" in directory:
                target = role.get("deprecated_nic_config_name") or f"{lower}.yaml"
            # Templates of old say {{role}} for the name.
            given: dict[str, Any] = {"role": role if "role." in source or "role[" in source else role["name"],
                                     "networks": self._networks}
            if role.get("disable_constraints"):
                given["disable_constraints"] = True
            self._put(file, str(Path(directory, target)), given, excludable=True)

    def _for_networks(self, file: str) -> None:
        directory, name = os.path.split(file)
        word = "port" if directory.endswith("ports") else "network"
        for network in self._networks:
            if network.get("enabled", True) is not False:
                target = name.removesuffix(".network.j2.yaml").replace(word, network["name_lower"]) + ".yaml"
                self._put(file, str(Path(directory, target)), {"network": network}, excludable=True)

    def _put(self, file: str, target: str, given: Mapping[str, Any], *, excludable: bool = False) -> None:
        if excludable and target in self._excluded:
            return
        if target in self._origins and self._origins[target] != file:
            raise TemplateError(f"{target} would be rendered from {self._origins[target]} too", source=file)
        self._origins[target] = file
        self._wanted[target] = lambda: jinja.rendered(self._environment(file), file, given)

    def _environment(self, file: str) -> SandboxedEnvironment:
        """One for each directory: includes come from the template's own directory, then from the root."""
        directory = os.path.dirname(file)  # noqa: PTH120
        if directory not in self._environments:
            self._environments[directory] = jinja.environment((directory, self._root))
        return self._environments[directory]
