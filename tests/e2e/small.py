"""A small real cloud: light services on real images, configured by real Puppet, deployed in a second or two.

Its templates are written into its folder; all else (overcloud.j2.yaml, networks, Puppet modules) is the project's.
Every service takes parameters in an environment file: NAMEOptions (``{section: {option: value}}``, which
Puppet writes to /etc/small/NAME.conf), NAMEEntry (docker_config keys over its own), NAMEKolla (keys of its
kolla_config file: a change of configuration that Puppet has no part in) and NAMEImage; ``SmallServices`` says which
services there are. ``values`` writes such parameters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.cloud import Cloud
from tests.e2e.engine import PrivateEngine

IMAGE = "treadle/cron:2025.1"
MEMCACHED = "treadle/memcached:2025.1"
PROGRAM = Path(__file__).with_name("small_program.py")
OPTIONS = {"log": {"debug": "false", "prefix": "one"}, "listen": {"backlog": "10"}}

_MANIFEST = """\
$options = lookup('small::NAME', Hash)
$lines = $options.map |$section, $values| {
  ["[${section}]"] + $values.map |$option, $value| { "${option} = ${value}" }
}
file { '/etc/small': ensure => directory, mode => '0755' }
file { '/etc/small/NAME.conf': mode => '0644', content => "${join(flatten($lines), "\\n")}\\n" }
"""
_STANDARD = ("ServiceData", "ServiceNetMap", "EndpointMap", "DefaultPasswords", "RoleParameters")
_CONFIG = "/var/lib/config-data/puppet-generated"


@dataclass(frozen=True)
class Service:
    """One service: one container, called ``name``. ``config`` says how it gets what Puppet wrote: ``kolla`` copies
    it in at each start, ``mounted`` reads it where it lies, ``none`` has none. ``entry`` are docker_config keys;
    with ``secret`` the option ``[database] password`` is the parameter RabbitPassword."""

    name: str
    step: int = 1
    config: str = "kolla"
    entry: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: OPTIONS)
    image: str = IMAGE
    program: str = "serve"
    secret: bool = False

    @property
    def type(self) -> str:
        return f"OS::TripleO::Services::{parameter(self.name)}"

    def words(self) -> list[str]:
        path = "-" if self.config == "none" else f"/etc/small/{self.name}.conf"
        return ["python3", "-u", "/usr/local/bin/small.py", self.program, self.name, path]

    def container(self) -> dict[str, Any]:
        """Its docker_config entry; it ends at once when it is told to."""
        if self.entry.get("action") == "exec":
            return dict(self.entry)
        volumes = ["/var/lib/docker-config-scripts/small.py:/usr/local/bin/small.py:ro",
                   f"/var/lib/small/{self.name}:/var/lib/small"]
        entry: dict[str, Any] = {"image": {"get_param": f"{parameter(self.name)}Image"}, "net": "host", "user": "root"}
        if self.program == "serve":
            entry["restart"] = "unless-stopped"
            entry["healthcheck"] = {"test": "test -e /dev/shm/ready"}
        if self.config == "kolla":
            volumes += [f"/var/lib/kolla/config_files/{self.name}.json:/var/lib/kolla/config_files/config.json:ro",
                        f"{_CONFIG}/{self.name}/:/var/lib/kolla/config_files/src:ro"]
            entry["environment"] = ["KOLLA_CONFIG_STRATEGY=COPY_ALWAYS"]
        else:
            entry["command"] = self.words()
        if self.config == "mounted":
            volumes.append(f"{_CONFIG}/{self.name}/etc/small/:/etc/small:ro")
        return {**entry, "volumes": volumes, **self.entry}

    def template(self, folders: Sequence[str]) -> dict[str, Any]:
        """The HOT file of the service; one task makes the data ``folders`` of all of them."""
        own = parameter(self.name)
        parameters: dict[str, Any] = {name: {"type": "json", "default": {}} for name in _STANDARD}
        parameters.update({
            "RoleName": {"type": "string", "default": ""}, f"{own}Image": {"type": "string", "default": self.image},
            f"{own}Options": {"type": "json", "default": self.options},
            f"{own}Entry": {"type": "json", "default": {}}, f"{own}Kolla": {"type": "json", "default": {}}})
        role_data: dict[str, Any] = {
            "service_name": self.name,
            "docker_config_scripts": {"small.py": {"mode": "0755", "content": PROGRAM.read_text()}},
            "docker_config": {f"step_{self.step}": {self.name: {"map_merge": [
                self.container(), {"get_param": f"{own}Entry"}]}}},
            "host_prep_tasks": [{"name": "data folders", "with_items": list(folders), "file": {
                "path": "{{ treadle_root }}/var/lib/small/{{ item }}", "state": "directory"}}]}
        if self.config != "none":
            secret = {"database": {"password": {"get_param": ["DefaultPasswords", "rabbit_password"]}}}
            role_data["config_settings"] = {f"small::{self.name}": {"map_merge": [
                {"get_param": f"{own}Options"}, secret if self.secret else {}]}}
            role_data["puppet_config"] = {"config_volume": self.name, "puppet_tags": "file", "config_image": IMAGE,
                                          "step_config": _MANIFEST.replace("NAME", self.name)}
        if self.config == "kolla":
            copied = {"source": "/var/lib/kolla/config_files/src/*", "dest": "/", "merge": True,
                      "preserve_properties": True}
            role_data["kolla_config"] = {f"/var/lib/kolla/config_files/{self.name}.json": {"map_merge": [
                {"command": " ".join(self.words()), "config_files": [copied]}, {"get_param": f"{own}Kolla"}]}}
        return {"heat_template_version": "queens", "description": f"The service {self.name} of a small cloud",
                "parameters": parameters, "outputs": {"role_data": {"value": role_data}}}


def parameter(name: str) -> str:
    """How ``name`` begins the names of its parameters: run_once → RunOnce."""
    return "".join(word.capitalize() for word in name.split("_"))


#: What ``reloader`` absorbs, and how one sees that it did.
RELOAD = {"signal": "SIGHUP", "absorbs": [{"file": "etc/small/reloader.conf", "options": ["log/*"]}],
          "seen": {"log": "Option {section}.{option} changed", "within": 3}}

#: Each way to take configuration, one-shots that leave a container and that leave none, and an exec; all five steps.
SERVICES = (
    Service("reader", secret=True),
    Service("once", entry={"environment": ["KOLLA_CONFIG_STRATEGY=COPY_ONCE"]}),
    Service("mounted", config="mounted", entry={"start_order": 1}),
    Service("setup", 2, config="mounted", program="once", entry={"detach": False}),
    Service("cleanup", 2, config="mounted", program="once",
            entry={"detach": False, "remove": True, "start_order": 1}),
    Service("reloader", 3, entry={"reload": RELOAD}),
    Service("marker", 4, config="none", program="once", entry={
        "action": "exec", "command": ["reader", "python3", "-u", "/usr/local/bin/small.py", "once", "marker",
                                      "/etc/small/reader.conf"]}),
    Service("cache", 5, config="none", image=MEMCACHED, entry={
        "command": ["memcached", "-s", "/tmp/socket"], "user": "memcached", "start_order": 2,
        "healthcheck": {"test": "test ! -e /dev/shm/sick -a ! -e /var/lib/small/sick", "interval": 3, "timeout": 5,
                        "retries": 1}}),
)
LONG_RUNNING = ("reader", "once", "mounted", "reloader", "cache")


@dataclass
class SmallCloud(Cloud):
    """A stack of ``services`` alone."""

    services: Sequence[Service] = SERVICES

    @property
    def templates(self) -> Path:
        return self.folder / "small"

    @property
    def roles_file(self) -> Path:
        return self.templates / "roles_data.yaml"

    def write_files(self) -> None:
        super().write_files()
        self.templates.mkdir(exist_ok=True)
        node = {"name": f"{self.name}-0", "role": "Small", "address": self.node_ip, "root": str(self.root),
                "container_prefix": self.engine_name("")}
        self.nodes_file.write_text(yaml.safe_dump({"nodes": [node]}))
        for service in self.services:
            template = service.template([other.name for other in self.services])
            (self.templates / f"{service.name}.yaml").write_text(yaml.safe_dump(template, sort_keys=False))
        self.roles_file.write_text(yaml.safe_dump([{
            "name": "Small", "CountDefault": 1, "tags": ["primary", "controller"],
            "ServicesDefault": [service.type for service in self.services]}]))
        self.environment_file.write_text(yaml.safe_dump({
            "resource_registry": {s.type: str(self.templates / f"{s.name}.yaml") for s in self.services},
            "parameter_defaults": {"ControlFixedIPs": [{"ip_address": self.vip}]}}))

    def deploy_words(self, *more: str) -> list[str]:
        return super().deploy_words("--roles-file", str(self.roles_file), *more)

    def values(self, name: str, **parameters: Any) -> list[str]:
        """The words ``-e FILE`` for an environment file with ``parameters``."""
        return ["-e", self.environment(name, **parameters)]

    def only(self, *names: str) -> dict[str, Any]:
        """The parameter that leaves only the services ``names``."""
        return {"SmallServices": [service.type for service in self.services if service.name in names]}

    def engine_name(self, container: str) -> str:
        return (self.prefix or f"{self.name}-") + container

    def data(self, service: str) -> Path:
        """The folder that ``service`` sees as /var/lib/small."""
        return self.root / "var/lib/small" / service

    def taken(self, service: str) -> Any:
        """What a service says of itself: its options but for the secret one, since when it runs, its process."""
        found = json.loads((self.data(service) / "taken").read_text())
        found["options"].pop("database", None)
        return found

    def ran(self, service: str) -> int:
        """How often a one-shot came to its end."""
        path = self.data(service) / "ran"
        return len(path.read_text().splitlines()) if path.exists() else 0


def options(**changed: str) -> dict[str, dict[str, str]]:
    """A service's options with some of them changed, by SECTION_OPTION: ``log_debug="true"``."""
    found = {section: dict(values) for section, values in OPTIONS.items()}
    for key, value in changed.items():
        section, _, option = key.partition("_")
        found.setdefault(section, {})[option] = value
    return found


def inspected(engine: PrivateEngine, cloud: SmallCloud) -> dict[str, dict[str, Any]]:
    """``{name: what the engine says of it}`` of all containers of the cloud, half-made ones too."""
    ids = engine.docker("ps", "-aq", "--filter", f"label=treadle.stack={cloud.name}").stdout.split()
    found = json.loads(engine.docker("inspect", *ids).stdout) if ids else []
    return {c["Name"].lstrip("/").removeprefix(cloud.engine_name("")): c for c in found}


def lives(engine: PrivateEngine, cloud: SmallCloud) -> dict[str, tuple[str, str, int]]:
    """``{container: (id, when it was started, its main process)}``: any of it changes when it is touched."""
    return {name: (c["Id"], c["State"]["StartedAt"], c["State"]["Pid"]) for name, c in inspected(engine, cloud).items()}
