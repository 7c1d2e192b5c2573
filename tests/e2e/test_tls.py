"""A cloud with TLS for users and between services: who has the CA is served, who has not is not, and a new certificate
comes into force while requests go on."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tests.e2e.cloud import PROJECT, Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.load import Load, Request
from tests.e2e.test_haproxy_reload import awaited, container, life, state
from treadle.certificates.authority import issue, new_authority
from treadle.engine import Engine
from treadle.events import silent
from treadle.generate import Job, Workshop, from_layers
from treadle.plan.nodeplan import PuppetConfig

SSL = PROJECT / "environments/ssl"
PUBLIC, INTERNAL = 13000, 5000
#: What the node's APIs are reached at, under Apache and uWSGI.
BACKENDS = {5000: "/v3", 8776: "/healthcheck"}
_WITHOUT = ("CinderScheduler", "CinderVolume", "Memcached")
PROXY = "/usr/local/bin/tls_proxy"
PEM = "/etc/pki/tls/private/overcloud_internal.pem"


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
    """Users, tokens and an API that asks for them, with a database and a message queue."""
    (another.folder / "identity.yaml").write_text(yaml.safe_dump({"resource_registry": {
        f"OS::TripleO::Services::{name}": "OS::Heat::None" for name in _WITHOUT}}))
    generate(another)
    another.deploy(*words(another)).ok()
    yield another


def serial(host: str, port: int, context: ssl.SSLContext) -> str:
    """Of the certificate that who asks there gets."""
    with socket.create_connection((host, port), 20) as plain, \
            context.wrap_socket(plain, server_hostname=host) as connection:
        found = connection.getpeercert()
        assert found
        return str(found["serialNumber"])


def key_lines(cloud: Cloud) -> list[str]:
    given = yaml.safe_load((cloud.folder / "certificates.yaml").read_text())["parameter_defaults"]
    return [line for name in ("SSLKey", "InternalTLSKey") for line in given[name].splitlines() if "-----" not in line]


def status(host: str, port: int, path: str, context: ssl.SSLContext | None = None) -> int:
    """By TLS where there is a context; -1 where HTTP is not answered."""
    connection = http.client.HTTPSConnection(host, port, timeout=20, context=context) if context else \
        http.client.HTTPConnection(host, port, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (http.client.BadStatusLine, ConnectionError):
        return -1
    finally:
        connection.close()


def apis_speak_tls_alone(cloud: Cloud, context: ssl.SSLContext) -> None:
    """On the node's own address, with a certificate that is valid for it."""
    for port, path in BACKENDS.items():
        assert status(cloud.node_ip, port, path, context) == 200
        assert status(cloud.node_ip, port, path) == -1
        with pytest.raises(ssl.SSLCertVerificationError):
            status(cloud.node_ip, port, path, ssl.create_default_context())


def another_ca_is_not_trusted(cloud: Cloud, engine: PrivateEngine, context: ssl.SSLContext) -> None:
    """A node that shows a certificate of another CA gets no request, until it shows its own again."""
    node, now = f"{cloud.name}-0", datetime.now(UTC)
    foreign = issue(new_authority("another", now, 30), "another", {node, cloud.node_ip}, now, 30)
    proxy = container(engine, cloud, "tls_proxy")["Id"]
    engine.docker("exec", "-i", proxy, "sh", "-c", f"cat > {PEM}", given=(foreign.certificate + foreign.key).encode())
    engine.docker("exec", proxy, PROXY, "reload")
    awaited(lambda: state(engine, cloud, node, "keystone") == "DOWN")
    assert status(cloud.vip, PUBLIC, "/v3", context) == 503
    engine.docker("restart", proxy)
    awaited(lambda: state(engine, cloud, node, "keystone") == "UP")
    assert status(cloud.vip, PUBLIC, "/v3", context) == 200


def test_a_node_without_an_api_may_have_the_proxy(engine: PrivateEngine, tmp_path: Path) -> None:
    image = "treadle/haproxy:2025.1"
    etc = from_layers({"all": {"service_names": ["tls_proxy"], "loopback": "127.0.0.1", "step": 5,
                               "treadle::profile::base::tls_proxy::certificate": ["certificate", "key"]}}, ["all"])
    shop = Workshop(Engine(engine.url), silent(), tmp_path, PROJECT / "puppet/modules", "proxy", "node-0")
    tree = shop.run([Job(PuppetConfig("proxy", "include treadle::profile::base::tls_proxy", image))], etc)[0].tree
    assert tree
    written = tree.files["etc/haproxy/tls-proxy.cfg"].content
    engine.docker("run", "--rm", "-i", "--network", "none", "--entrypoint", "sh", image, "-c",
                  "cat > /tmp/cfg; exec haproxy -c -f /tmp/cfg", given=written)


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
    apis_speak_tls_alone(secured, context)
    assert secured.openstack("volume", "list").ok().out.strip() == ""
    another_ca_is_not_trusted(secured, engine, context)

    places = [(secured.vip, PUBLIC), (secured.vip, INTERNAL), (secured.node_ip, INTERNAL)]
    reloaded = ("haproxy", "tls_proxy", "mysql", "rabbitmq")
    old, lives = [serial(*place, context) for place in places], [life(engine, secured, name) for name in reloaded]
    generate(secured, "--renew", "public", "--renew", "internal")
    assert secured.planned(*words(secured)) == {**dict.fromkeys(reloaded, "reload"), "rabbitmq_password": "exec"}
    with Load(secured.vip, PUBLIC, Request("/v3"), context=context) as load:
        secured.deploy(*words(secured)).ok()
    assert load.failed == [] and load.asked > 50
    new = [serial(*place, context) for place in places]
    assert not set(old) & set(new) and new[0] != new[1] == new[2]
    assert [life(engine, secured, name) for name in reloaded] == lives
    assert Path(entry["cacert"]).exists() and secured.token()["expires"]
