"""What the TLS proxy makes of its configuration: what it can listen on, with what is taken left out."""

from __future__ import annotations

import runpy
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[2] / "docker/services/tls-proxy.py"
HEAD = "global\n  maxconn 10\n\ndefaults\n  mode tcp\n\n"


def section(name: str, port: int, ip: str = "127.0.70.5") -> str:
    return f"listen {name}\n  bind {ip}:{port} ssl crt /x.pem\n  server {name} 127.128.70.5:{port}\n"


@pytest.fixture
def script(tmp_path: Path) -> dict[str, Any]:
    """The script, with its files in a folder, and what it would have HAProxy reload told in ``reloads``."""
    found = runpy.run_path(str(FILE))
    known = found["write"].__globals__
    known.update(GIVEN=tmp_path / "given.cfg", USED=tmp_path / "used.cfg", LOCK=tmp_path / "lock", INTERVAL=0.01,
                 # The first time it does not succeed.
                 CONTROL=["sh", "-c", f"echo >> {tmp_path}/reloads; test $(wc -l < {tmp_path}/reloads) -gt 1"])
    return known


@pytest.fixture
def holder() -> Iterator[socket.socket]:
    """An API that holds its address still."""
    with socket.create_server(("127.0.70.5", 0)) as made:
        yield made


def test_all_of_it_is_used_where_every_address_is_free(script: dict[str, Any]) -> None:
    text = HEAD + section("keystone", 5000) + section("glance", 9292)
    script["GIVEN"].write_text(text)
    assert script["write"]() == []
    assert script["USED"].read_text() == text


def test_what_is_taken_is_left_out_until_it_is_free(script: dict[str, Any], holder: socket.socket) -> None:
    port = holder.getsockname()[1]
    text = HEAD + section("keystone", port) + section("glance", 9292)
    script["GIVEN"].write_text(text)
    assert script["write"]() == [f"127.0.70.5 port {port}"]
    assert script["USED"].read_text() == HEAD + section("glance", 9292)
    waiting = threading.Thread(target=script["await_rest"])
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive() and not (script["LOCK"].parent / "reloads").exists()
    script["await_rest"]()  # another one leaves it to the first
    holder.close()
    waiting.join(10)
    assert not waiting.is_alive() and script["USED"].read_text() == text
    assert (script["LOCK"].parent / "reloads").read_text() == "\n\n"


def test_what_haproxy_has_itself_is_free_for_its_next_worker(script: dict[str, Any]) -> None:
    with socket.socket() as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        own.bind(("127.0.70.5", 0))
        own.listen()
        assert script["free"](*own.getsockname())


@pytest.mark.parametrize(("bind", "found"), [
    ("192.0.2.1:5000", ("192.0.2.1", 5000)), ("[2001:db8::1]:5000", ("2001:db8::1", 5000)),
])
def test_addresses_are_read_as_puppet_writes_them(script: dict[str, Any], bind: str, found: tuple[str, int]) -> None:
    assert script["address"](f"listen x\n  bind {bind} ssl crt /x.pem\n") == found
