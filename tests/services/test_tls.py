"""What environments/ssl makes of the cloud's endpoints, and of what services speak with each other."""

from __future__ import annotations

from argparse import Namespace
from functools import cache
from typing import Any

import pytest
import yaml

from tests.services.everything import PROJECT
from treadle.cli.authoring import authored

SSL = PROJECT / "environments/ssl"
IP, DNS = "tls-endpoints-public-ip", "tls-endpoints-public-dns"
INTERNAL = "enable-internal-tls"
CA_FILE = "/var/lib/kolla/config_files/ca-certificates/overcloud.crt"


@cache
def outputs(*environments: str) -> dict[str, Any]:
    files = [str(SSL / f"{name}.yaml") for name in environments]
    given = authored(Namespace(template=str(PROJECT), environments=files, roles_file=None, networks_file=None,
                               parameters=[], parameter_files=[]))
    found: dict[str, Any] = given.stack().outputs()
    return found


def services(*environments: str) -> dict[str, dict[str, Any]]:
    """``{service: role_data}``"""
    return {data["service_name"]: data for data in outputs(*environments)["RoleData"]["Standalone"] if data}


def listens(*environments: str) -> dict[str, dict[str, Any]]:
    """What each service tells HAProxy."""
    found: dict[str, dict[str, Any]] = {}
    for data in services(*environments).values():
        settings = (data.get("service_config_settings") or {}).get("haproxy") or {}
        found.update(settings.get("treadle::haproxy::endpoints") or {})
    return found


def settings(*environments: str) -> dict[str, Any]:
    return {key: value for data in services(*environments).values() for key, value in data["config_settings"].items()}


@pytest.mark.parametrize("name", [IP, DNS])
def test_every_public_endpoint_is_https_on_a_port_of_its_own(name: str) -> None:
    """A new endpoint is added to both files."""
    endpoints = outputs(name)["EndpointMap"]
    public = {key: end for key, end in endpoints.items() if key.endswith("Public")}
    others = {(end["host"], end["port"]) for key, end in endpoints.items() if key not in public}
    assert public.keys() == {key for key in outputs()["EndpointMap"] if key.endswith("Public")}
    assert {end["protocol"] for end in public.values()} == {"https"}
    assert len({end["port"] for end in public.values()}) == len(public)
    assert not {(end["host"], end["port"]) for end in public.values()} & others
    for end in public.values():
        assert end["host"] == {IP: "127.0.24.2", DNS: "overcloud.localdomain"}[name]
        assert end["uri"].startswith(f"https://{end['host']}:{end['port']}")


@pytest.mark.parametrize("name", [IP, DNS])
def test_what_is_internal_is_as_without_it(name: str) -> None:
    def internal(*environments: str) -> dict[str, Any]:
        return {key: end for key, end in outputs(*environments)["EndpointMap"].items() if not key.endswith("Public")}

    assert internal(name) == internal()
    assert internal(INTERNAL).keys() == internal().keys()
    for key, end in internal(INTERNAL).items():
        assert end["protocol"] == ("mysql+pymysql" if key == "MysqlInternal" else "https")
        assert end["port"] == internal()[key]["port"]


def test_both_go_together() -> None:
    assert {end["protocol"] for end in outputs(IP, INTERNAL)["EndpointMap"].values()} == {"https", "mysql+pymysql"}


def test_haproxy_hears_of_both_sides() -> None:
    keystone = {"network": "external", "port": "13000", "protocol": "https"}
    assert listens(IP)["keystone"] | {"public": keystone, "port": "5000", "protocol": "http"} == listens(IP)["keystone"]
    assert listens(IP, INTERNAL)["keystone"]["protocol"] == "https"
    for name, end in listens(IP).items():
        assert (name in ("mysql", "nova_metadata")) == ("public" not in end), name
    assert all(end.get("protocol") == "https" for name, end in listens(INTERNAL).items()
               if name not in ("mysql", "horizon"))


def test_browsers_are_sent_to_https() -> None:
    assert listens()["horizon"]["https_only"] is False
    horizon = listens(IP, "enable-tls")["horizon"]
    assert horizon["https_only"] is True and horizon["port"] == 80 and horizon["public"]["port"] == "443"
    assert settings("enable-tls")["horizon::secure_cookies"] is True


def test_every_connection_to_database_and_queue_names_the_ca() -> None:
    plain, tls = settings(), settings(INTERNAL)
    connections = [key for key in tls if key.endswith("database_connection")]
    assert len(connections) > 6
    for key in connections:
        assert "ssl_ca" not in plain[key] and tls[key].endswith(f"?ssl_ca={CA_FILE}"), key
    assert tls["treadle::messaging::port"] == tls["rabbitmq::ssl_port"] == 5671 and tls["rabbitmq::ssl_only"]
    for module in ("cinder", "glance::notify::rabbitmq", "heat", "keystone", "neutron", "nova"):
        assert f"{module}::rabbit_use_ssl" not in plain
        assert tls[f"{module}::rabbit_use_ssl"] is True and tls[f"{module}::kombu_ssl_ca_certs"] == CA_FILE


def test_every_container_trusts_the_cas(tmp_path: Any) -> None:
    (tmp_path / "ca.yaml").write_text(yaml.safe_dump({"parameter_defaults": {
        "SSLRootCertificate": "ROOT", "CAMap": {"company": {"content": "COMPANY"}}}}))
    wanted = {"overcloud": "ROOT", "company": "COMPANY"}
    found = services(str(tmp_path / "ca"))
    for name, text in wanted.items():
        assert found["ca_certs"]["docker_config_scripts"][f"{name}-ca.crt"] == {"mode": "0644", "content": text}
    for data in found.values():
        for step in (data.get("docker_config") or {}).values():
            for container, entry in step.items():
                if entry.get("action") != "exec":
                    assert {f"/var/lib/docker-config-scripts/{name}-ca.crt:"
                            f"/var/lib/kolla/config_files/ca-certificates/{name}.crt:ro" for name in wanted} \
                        <= set(entry["volumes"]), container
    assert services()["ca_certs"]["docker_config_scripts"] == {}


def test_every_api_behind_haproxy_is_asked_by_tls_and_listens_where_only_its_node_reaches_it() -> None:
    """A new API is given its place by puppet/services/common/listen.yaml."""
    proxied: dict[str, Any] = {}
    for data in services(INTERNAL).values():
        told = (data.get("service_config_settings") or {}).get("tls_proxy") or {}
        proxied.update(told.get("treadle::tls_proxy::services") or {})
    behind = {name: end for name, end in listens(INTERNAL).items() if name != "mysql"}
    assert len(behind) > 9 and proxied.keys() == behind.keys()
    plain, tls = settings(), settings(INTERNAL)
    for name, end in behind.items():
        assert end["backend_tls"] is True and "backend_tls" not in listens()[name], name
        assert proxied[name]["port"] == end["backend_port"] == listens()[name]["backend_port"], name
        moved = [key for key, value in tls.items() if value == "loopback" and plain[key] == proxied[name]["network"]]
        assert moved, name
    assert len([value for value in tls.values() if value == "loopback"]) == len(behind)
    assert "loopback" not in plain.values() and "tls_proxy" not in services()
