"""A new service: its files in a tree of templates, and the lines that it adds to files that are there.

What is written is in ``templates/``, in brackets of its own ([[ ]], [% %]) because HOT and Ansible have jinja's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2

from treadle.errors import InputError
from treadle.files import write_atomic, writing

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TLS = "environments/ssl/tls-endpoints-public-"
_PROFILES = "puppet/modules/treadle/manifests/profile/base"


@dataclass(frozen=True)
class Service:
    """``name`` is that of its files, such as barbican-api. ``kind``: an OpenStack project's API under uWSGI, another
    process of such a project (worker), or anything else (daemon)."""

    name: str
    kind: str
    project: str
    image: str
    #: namespace/IMAGE:tag of what is built.
    reference: str
    command: str
    port: int = 0

    @property
    def service(self) -> str:
        return self.name.replace("-", "_")

    @property
    def type(self) -> str:
        return f"OS::TripleO::Services::{camel(self.name)}"

    @property
    def part(self) -> str:
        """What it is of its project: api, of barbican-api."""
        return self.service.removeprefix(f"{self.project}_")

    @property
    def profile(self) -> str:
        inside = f"{self.project}::{self.part}" if self.kind != "daemon" else self.service
        return f"treadle::profile::base::{inside}"

    @property
    def tags(self) -> str:
        if self.kind == "daemon":
            return "file"
        return f"{self.project}_config" + (f",{self.project}_api_uwsgi_config" if self.kind == "api" else "")

    def words(self) -> dict[str, str | int]:
        """What the templates are filled with."""
        owner = self.name if self.kind == "daemon" else self.project
        return {"name": self.name, "Name": camel(self.name), "service": self.service, "type": self.type,
                "kind": self.kind, "project": self.project, "Project": camel(self.project), "Owner": camel(owner),
                "title": self.name.replace("-", " ").capitalize(), "image": self.image, "reference": self.reference,
                "command": self.command, "program": self.command.split()[0], "port": self.port, "part": self.part,
                "profile": self.profile, "tags": self.tags}


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in re.split("[-_]", name))


def check(service: Service) -> None:
    """Raises InputError for what cannot be a service."""
    for key, value in (("NAME", service.name), ("--project", service.project), ("--image", service.image)):
        if not _NAME.fullmatch(value):
            raise InputError(f"cannot be a name: {value}", key=key,
                             hint="use small letters and digits, in parts with a - between them, such as barbican-api")
    if service.kind != "daemon" and not service.name.startswith(f"{service.project}-"):
        raise InputError(f"does not begin with the project's name: {service.name}", key="NAME",
                         hint=f"call it such as {service.project}-{service.kind}, or give another --project")
    if (service.kind == "api") != bool(service.port):
        raise InputError("an API listens on a port" if service.kind == "api" else f"a {service.kind} has no endpoint",
                         key="--port", hint="give it with --kind api, and only there")


def written(service: Service, tree: Path) -> dict[str, str]:
    """``{path below tree: text}`` of new files and of changed ones. Raises InputError where one of the new ones is
    there, or the tree has not what is to be changed. Nothing is written."""
    check(service)
    _check_port(service, tree)
    found = dict(_new(service, tree))
    for path in found:
        if (tree / path).exists():
            raise InputError("is there already", source=tree / path, hint="choose another name, or change that file")
    for path, change in _additions(service).items():
        if (tree / path).exists() or not path.startswith(_TLS):  # other trees may have none of these
            found[path] = change.to(tree / path)
    return found


def _check_port(service: Service, tree: Path) -> None:
    """No two endpoints have one port: they share their VIPs."""
    endpoints = tree / "network/endpoints/endpoint_map.j2.yaml"
    if service.port and endpoints.exists():
        taken = re.search(rf"(\w+?)(?:Admin|Internal|Public): .*port: '{service.port}'", endpoints.read_text())
        if taken and taken.group(1) != camel(service.project):
            raise InputError(f"port {service.port} is taken by {taken.group(1)}", key="--port", source=endpoints,
                             hint="choose another")


def write(texts: Mapping[str, str], tree: Path) -> None:
    for path, text in texts.items():
        with writing(tree / path):
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(tree / path, text)


def _new(service: Service, tree: Path) -> Iterator[tuple[str, str]]:
    loader = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), undefined=jinja2.StrictUndefined,
        variable_start_string="[[ ", variable_end_string=" ]]", block_start_string="[%", block_end_string="%]",
        trim_blocks=True, keep_trailing_newline=True, autoescape=False)

    def text(template: str) -> str:
        return loader.get_template(template).render(service.words())

    project, inside = service.project, service.kind != "daemon"
    if inside and not (tree / f"puppet/services/{project}-base.yaml").exists():
        yield f"puppet/services/{project}-base.yaml", text("puppet-base.yaml.j2")
    if inside and not (tree / f"{_PROFILES}/{project}.pp").exists():
        yield f"{_PROFILES}/{project}.pp", text("project.pp.j2")
    yield f"puppet/services/{service.name}.yaml", text("puppet.yaml.j2")
    yield f"docker/services/{service.name}.yaml", text("docker.yaml.j2")
    profile = f"{project}/{service.part}" if inside else service.service
    yield f"{_PROFILES}/{profile}.pp", text(f"{service.kind}.pp.j2")
    yield f"environments/services/{service.name}.yaml", text("environment.yaml.j2")
    yield f"tests/services/test_{service.service}.py", text("test.py.j2")


@dataclass(frozen=True)
class Addition:
    """Lines for a file that is there: behind the last line of the block that begins with ``after``, unless the file
    has them. A block ends before the first line that ``like`` does not match."""

    after: str
    like: str
    lines: tuple[str, ...]
    more: tuple[Addition, ...] = ()

    def to(self, file: Path) -> str:
        try:
            text = file.read_text()
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", source=file,
                             hint="--templates takes a folder like Treadle's own templates") from error
        for addition in (self, *self.more):
            text = addition.into(text, file)
        return text

    def into(self, text: str, file: Path) -> str:
        lines = text.splitlines()
        wanted = () if self.lines[0] in lines else self.lines
        try:
            at = lines.index(self.after) + 1
        except ValueError:
            raise InputError(f"has no line {self.after.strip()!r}", source=file,
                             hint="add the service by hand, or take Treadle's own file as a pattern") from None
        while at < len(lines) and re.match(self.like, lines[at]):
            at += 1
        return "\n".join([*lines[:at], *wanted, *lines[at:], ""])


def _tls_port(service: Service) -> int:
    """Of the public endpoint, where that is https: TripleO's pattern, such as 13776 of 8776."""
    return 13000 + int(service.port or 0) % 1000


def _additions(service: Service) -> dict[str, Addition]:
    role = Addition("  ServicesDefault:", r"    - OS::", (f"    - {service.type}",))
    found = {
        "overcloud-resource-registry.yaml": Addition(
            "  # Off by default: environments/services/ switches them on", r"  OS::TripleO::Services::",
            (f"  {service.type}: OS::Heat::None",)),
        "roles/Standalone.yaml": role, "roles/Controller.yaml": role, "roles_data.yaml": role,
        "images/images.yaml": Addition("images:", r"(  |$)", (
            f"  - name: {service.image}", f"    for: {service.words()['title']}", "    extra: true")),
    }
    if service.kind == "api":
        name = camel(service.project)
        found["network/service_net_map.j2.yaml"] = Addition(
            "      PublicNetwork: {{ on('external') }}", r"      \w+:",
            (f"      {name}ApiNetwork: {{{{ on('internal_api') }}}}",))
        found["network/endpoints/endpoint_map.j2.yaml"] = Addition(
            "{%- set endpoints = [", r"  \(", (f"  ('{name}', '', '{name}ApiNetwork', '', all),",), (Addition(
                "  EndpointMap:", r"    default:$|      \w+:", tuple(
                    f"      {name}{interface}: {{protocol: http, port: '{service.port}', host: IP_ADDRESS}}"
                    for interface in ("Admin", "Internal", "Public"))),))
        key = f'"{service.project.replace("-", "_")}_password"'
        for host, kind in (("IP_ADDRESS", "ip"), ("CLOUDNAME", "dns")):
            found[f"{_TLS}{kind}.yaml"] = Addition("  EndpointMap:", r"    \w+:", (
                f"    {name}Admin: {{protocol: http, port: '{service.port}', host: IP_ADDRESS}}",
                f"    {name}Internal: {{protocol: http, port: '{service.port}', host: IP_ADDRESS}}",
                f"    {name}Public: {{protocol: https, port: '{_tls_port(service)}', host: {host}}}"))
        found["overcloud.j2.yaml"] = Addition("{%- set secrets = [", r"  \(", (
            f'  ("{name}Password", {key}, "Password of {name}\'s user in Keystone and in the database"),',))
    return found


__all__ = ["Service", "camel", "check", "write", "written"]
