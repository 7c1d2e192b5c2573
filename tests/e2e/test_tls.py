"""A cloud with TLS for users and between services: who has the CA is served, who has not is not, and a new certificate
comes into force while requests go on."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.cloud import PROJECT, Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.load import Load, Request
from tests.e2e.test_haproxy_reload import life

SSL = PROJECT / "environments/ssl"
PUBLIC, INTERNAL = 13000, 5000
_WITHOUT = ("CinderApi", "CinderScheduler", "CinderVolume", "RabbitMQ", "Memcached")


def words(cloud: Cloud) -> list[str]:
    files = [cloud.folder / "identity.yaml", *(SSL / f"{name}.yaml" for name in (
        "enable-tls", "tls-endpoints-public-ip", "enable-internal-tls")), cloud.folder / "certificates.yaml"]
    return [word for file in files for word in ("-e", str(file))]


def generate(cloud: Cloud, *more: str) -> None:
    cloud.run("openstack", "overcloud", "certificate", "generate", "--templates", str(PROJECT), "--stack", cloud.name,
              "--nodes", str(cloud.nodes_file), "-e", str(cloud.environment_file), "--output",
              str(cloud.folder / "certificates.yaml"), *more).ok()


@pytest.fixture
def secured(another: Cloud) -> Iterator[Cloud]:
    """Identity alone: users, tokens, and the database."""
    (another.folder / "identity.yaml").write_text(yaml.safe_dump({"resource_registry": {
        f"OS::TripleO::Services::{name}": "OS::Heat::None" for name in _WITHOUT}}))
    generate(another)
    another.deploy(*words(another)).ok()
    yield another


def serial(cloud: Cloud, port: int, context: ssl.SSLContext) -> str:
    """Of the certificate that who asks there gets."""
    with socket.create_connection((cloud.vip, port), 20) as plain, \
            context.wrap_socket(plain, server_hostname=cloud.vip) as connection:
        found = connection.getpeercert()
        assert found
        return str(found["serialNumber"])


def key_lines(cloud: Cloud) -> list[str]:
    given = yaml.safe_load((cloud.folder / "certificates.yaml").read_text())["parameter_defaults"]
    return [line for name in ("SSLKey", "InternalTLSKey") for line in given[name].splitlines() if "-----" not in line]


def test_a_token_comes_by_tls_and_a_new_certificate_while_requests_go_on(secured: Cloud, engine: PrivateEngine) -> None:
    entry = yaml.safe_load((secured.folder / "clouds.yaml").read_text())["clouds"][secured.name]
    assert entry["auth"]["auth_url"] == f"https://{secured.vip}:{PUBLIC}"
    assert secured.token()["expires"]
    refused = secured.openstack("--os-cacert", "/etc/ssl/certs/ca-certificates.crt", "token", "issue")
    assert refused.code and "SSL exception" in refused.err, refused.text
    # A generation holds no line of a key, in whatever file it stands.
    history = secured.run("git", f"--git-dir={secured.state / secured.name / 'history.git'}", "log", "-p", "--all").ok()
    assert "@secret:SSLKey@" in history.out
    assert [line for line in key_lines(secured) if line in history.out] == []

    context = ssl.create_default_context(cafile=entry["cacert"])
    before = life(engine, secured, "haproxy")
    old = serial(secured, PUBLIC, context), serial(secured, INTERNAL, context)
    database = life(engine, secured, "mysql")
    generate(secured, "--renew", "public", "--renew", "internal")
    assert secured.planned(*words(secured)) == {"haproxy": "reload", "mysql": "reload"}
    with Load(secured.vip, PUBLIC, Request("/v3"), context=context) as load:
        secured.deploy(*words(secured)).ok()
    assert load.failed == [] and load.asked > 50
    new = serial(secured, PUBLIC, context), serial(secured, INTERNAL, context)
    assert not set(old) & set(new) and new[0] != new[1]
    assert life(engine, secured, "haproxy") == before and life(engine, secured, "mysql") == database
    assert Path(entry["cacert"]).exists() and secured.token()["expires"]
