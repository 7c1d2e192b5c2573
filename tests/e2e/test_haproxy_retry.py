"""A request that a node took and never answered is sent to another node, where doing it twice does no harm."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.cloud import Cloud
from tests.e2e.test_haproxy_reload import BACKEND, PORT, Hello, endpoint, endpoints, server


class Maker(Hello):
    """Answers a POST too."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()


@contextmanager
def silent(address: str) -> Iterator[list[bytes]]:
    """Takes requests, and ends their connections without a word; gives those that it took."""
    taken: list[bytes] = []
    listening = socket.create_server((address, BACKEND))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                taken.append(connection.recv(65536))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def status(cloud: Cloud, method: str, path: str) -> int:
    connection = http.client.HTTPConnection(cloud.vip, PORT, timeout=20)
    # The body comes in a packet of its own.
    connection.request(method, path, b"{}" if method == "POST" else None)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_what_may_be_done_twice_is_asked_of_another_node(cloud: Cloud) -> None:
    half = endpoint(cloud, other=True, member_options="weight 1", repeatable=["/twice"])
    with server(cloud.node_ip, Maker), silent(cloud.vip) as taken:
        cloud.deploy("-e", endpoints(cloud, "half", half=half)).ok()
        assert [status(cloud, "GET", "/") for _ in range(4)] == [200] * 4 and taken
        taken.clear()
        assert [status(cloud, "POST", "/twice") for _ in range(4)] == [200] * 4 and taken
        taken.clear()
        said = [status(cloud, "POST", "/once") for _ in range(4)]
        assert sorted(said) == [200] * 2 + [502] * 2 and len(taken) == 2
    cloud.deploy().ok()
