"""HAProxy takes new configuration while clients go on: no request fails, no connection is lost."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.cloud import Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.load import Load, Request
from treadle.instantiate.processes import Processes

PORT, TUNNEL, THIRD, BACKEND = 8123, 8124, 8125, 9001
CONTROL = "/usr/local/bin/haproxy_control"


class Hello(BaseHTTPRequestHandler):
    """Says who answers; keeps connections."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = str(self.request.getsockname()[0]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """The test looks at the clients."""


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A health check ends its connection as soon as it knows enough; what a client saw is what counts."""


@contextmanager
def server(address: str, handler: type[Hello] = Hello) -> Iterator[Server]:
    made = Server((address, BACKEND), handler)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
        thread.join()


def endpoint(cloud: Cloud, port: int = PORT, *, other: bool = False, **more: Any) -> dict[str, Any]:
    """Settings of an endpoint: a server named as the node and, where ``other``, one on the VIP."""
    addresses = {f"{cloud.name}-0": cloud.node_ip, **({"other": cloud.vip} if other else {})}
    return {"port": port, "backend_port": BACKEND, "ip_addresses": list(addresses.values()),
            "server_names": list(addresses), "member_options": "check inter 200ms", **more}


def endpoints(cloud: Cloud, name: str, **given: Any) -> str:
    return cloud.environment(name, ExtraConfig={"treadle::haproxy::endpoints": given})


def container(engine: PrivateEngine, cloud: Cloud, name: str) -> dict[str, Any]:
    found = engine.docker("ps", "-aq", "--filter", f"label=treadle.stack={cloud.name}",
                          "--filter", f"label=treadle.name={name}").stdout.split()
    inspected: dict[str, Any] = json.loads(engine.docker("inspect", *found).stdout)[0]
    return inspected


def life(engine: PrivateEngine, cloud: Cloud, name: str) -> tuple[str, str, int]:
    """(id, when it was started, the service's own process): all stay when a container is only reloaded."""
    there = container(engine, cloud, name)
    return there["Id"], there["State"]["StartedAt"], Processes(Path("/proc")).main(there["State"]["Pid"])


def control(engine: PrivateEngine, cloud: Cloud, *words: str) -> str:
    return engine.docker("exec", container(engine, cloud, "haproxy")["Id"], CONTROL, *words).stdout


def answer(cloud: Cloud, port: int) -> tuple[int, str]:
    """(status, who answered)"""
    connection = http.client.HTTPConnection(cloud.vip, port, timeout=20)
    connection.request("GET", "/")
    got = connection.getresponse()
    text = got.read().decode()
    connection.close()
    return got.status, text


def state(engine: PrivateEngine, cloud: Cloud, server: str, section: str = "steady") -> str:
    """Of a server of a section, as the worker of now sees it: UP, DOWN, DRAIN, ..."""
    script = ("import runpy, csv; c = runpy.run_path('/usr/local/bin/haproxy_control'); "
              "[print(r['status']) for r in csv.DictReader(c['ask']('@1 show stat').removeprefix('# ').splitlines())"
              f" if (r['pxname'], r['svname']) == ('{section}', '{server}')]")
    return engine.docker("exec", container(engine, cloud, "haproxy")["Id"], "python3", "-c", script).stdout.strip()


def awaited(true: Callable[[], bool], within: float = 30) -> None:
    until = time.monotonic() + within
    while not true():
        assert time.monotonic() < until
        time.sleep(0.2)


@pytest.fixture
def steady(cloud: Cloud) -> Iterator[str]:
    """An endpoint of the operator's own, with one server that answers; gives its environment file."""
    with server(cloud.node_ip):
        one = endpoints(cloud, "steady", steady=endpoint(cloud))
        cloud.deploy("-e", one).ok()
        yield one
        cloud.deploy().ok()


@pytest.mark.usefixtures("steady")
def test_a_backend_is_added_under_load_and_no_request_fails(cloud: Cloud, engine: PrivateEngine) -> None:
    tunnel = endpoint(cloud, TUNNEL, mode="tcp")
    two = endpoints(cloud, "two", steady=endpoint(cloud, other=True), tunnel=tunnel)
    three = endpoints(cloud, "three", steady=endpoint(cloud, other=True), tunnel=tunnel, third=endpoint(cloud, THIRD))
    before = life(engine, cloud, "haproxy")
    assert cloud.planned("-e", two) == {"haproxy": "reload"}
    with server(cloud.vip), Load(cloud.vip, PORT, Request("/")) as load:
        cloud.deploy("-e", two).ok()
        assert {answer(cloud, PORT)[1] for _ in range(6)} == {cloud.node_ip, cloud.vip}
        # A connection that the next reload finds goes on in the worker that it came to.
        held = http.client.HTTPConnection(cloud.vip, TUNNEL, timeout=20)
        assert Request("/").ask(held) == ""
        port = held.sock.getsockname()
        cloud.deploy("-e", three).ok()
        assert Request("/").ask(held) == ""
        assert held.sock.getsockname() == port
        held.close()
    assert load.failed == []
    assert load.asked > 200
    assert answer(cloud, THIRD) == (200, cloud.node_ip)
    assert life(engine, cloud, "haproxy") == before


def test_a_server_that_is_down_gets_no_request_after_a_reload(cloud: Cloud, engine: PrivateEngine,
                                                              steady: str) -> None:
    """A new worker would take it for a good one until its checks have failed."""
    two = endpoints(cloud, "two", steady=endpoint(cloud, other=True, member_options="check inter 2s fall 5"))
    cloud.deploy("-e", two).ok()
    awaited(lambda: state(engine, cloud, "other") == "DOWN")
    control(engine, cloud, "reload")
    assert state(engine, cloud, "other") == "DOWN"
    assert cloud.planned("-e", steady) == {"haproxy": "reload"}


def test_a_broken_configuration_is_refused_before_anything_is_touched(cloud: Cloud, engine: PrivateEngine,
                                                                      steady: str) -> None:
    """Puppet has it checked while it is generated."""
    broken = endpoints(cloud, "broken", steady=endpoint(cloud, member_options="check no-such-word"))
    before = life(engine, cloud, "haproxy")
    done = cloud.deploy("-e", broken)
    assert done.code == 1
    assert "no-such-word" in done.err and "nothing was changed" in done.err, done.text
    assert cloud.planned("-e", steady) == {}
    assert life(engine, cloud, "haproxy") == before


@pytest.mark.usefixtures("steady")
def test_a_configuration_that_is_broken_in_the_container_is_refused_and_no_request_fails(
        cloud: Cloud, engine: PrivateEngine) -> None:
    before = life(engine, cloud, "haproxy")
    with Load(cloud.vip, PORT, Request("/")) as load:
        broken = engine.docker("exec", before[0], "sh", "-c",
                               f"echo no-such-word >> /etc/haproxy/haproxy.cfg; {CONTROL} reload", check=False)
        assert broken.returncode == 78 and "no-such-word" in broken.stdout, broken
        copied = engine.docker("exec", before[0], "sh", "-c", f"kolla_set_configs && {CONTROL} reload", check=False)
        assert copied.returncode == 0, copied
    assert load.failed == [] and load.asked > 20
    assert life(engine, cloud, "haproxy") == before
    assert answer(cloud, PORT) == (200, cloud.node_ip)


@pytest.mark.usefixtures("steady")
def test_a_server_is_drained_only_where_another_takes_over(cloud: Cloud, engine: PrivateEngine) -> None:
    assert "no other server" in control(engine, cloud, "drain", "5", "steady")
    assert answer(cloud, PORT) == (200, cloud.node_ip)
    with server(cloud.vip):
        cloud.deploy("-e", endpoints(cloud, "two", steady=endpoint(cloud, other=True))).ok()
        assert {answer(cloud, PORT)[1] for _ in range(6)} == {cloud.node_ip, cloud.vip}
        with Load(cloud.vip, PORT, Request("/")) as load:
            control(engine, cloud, "drain", "5", "steady")
            assert {answer(cloud, PORT)[1] for _ in range(6)} == {cloud.vip}
            control(engine, cloud, "undo", "steady")
            awaited(lambda: {answer(cloud, PORT)[1] for _ in range(6)} == {cloud.node_ip, cloud.vip})
            # The same for all sections that have another server, by the command for a node.
            node = ("--stack", cloud.name, f"{cloud.name}-0")
            done = cloud.run("openstack", "overcloud", "node", "drain", *node).ok()
            assert "keystone: no other server could take over" in done.out and "steady: no" not in done.out
            assert {answer(cloud, PORT)[1] for _ in range(6)} == {cloud.vip}
            cloud.run("openstack", "overcloud", "node", "undrain", *node).ok()
            awaited(lambda: {answer(cloud, PORT)[1] for _ in range(6)} == {cloud.node_ip, cloud.vip})
        assert load.failed == []
