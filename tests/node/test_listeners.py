"""Who listens on this machine: real sockets of this test, and a small /proc in a folder."""

import os
import socket
from pathlib import Path

import pytest

from treadle.node.listeners import Conflict, Listener, conflicts, listeners


@pytest.fixture
def listening():
    with socket.socket() as server:
        server.bind(("127.0.24.77", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_listening_socket_is_seen_and_its_process_named(listening):
    comm = Path("/proc/self/comm").read_text().strip()
    taken = Conflict("keystone", "127.0.24.77", listening, f"{comm} (process {os.getpid()})")
    assert conflicts({"keystone": [listening]}, ["127.0.24.77"], []) == [taken]


@pytest.mark.parametrize(("listens", "addresses"), [
    ({"keystone": [1]}, ["127.0.24.77"]), ({}, ["127.0.24.77"]), ({"keystone": ["port"]}, []),
    ({"keystone": ["port"]}, ["127.0.24.78"]),
])
def test_other_ports_and_addresses_are_free(listening, listens, addresses):
    wanted = {name: [listening if port == "port" else port for port in ports] for name, ports in listens.items()}
    assert conflicts(wanted, addresses, []) == []


def test_a_bound_socket_that_does_not_listen_is_none():
    with socket.socket() as server:
        server.bind(("127.0.24.77", 0))
        assert server.getsockname()[1] not in {one.port for one in listeners()}


@pytest.mark.parametrize(("bound", "family"), [("0.0.0.0", socket.AF_INET), ("::", socket.AF_INET6)])
def test_the_wildcard_takes_every_address(bound, family):
    try:
        server = socket.socket(family)
        server.bind((bound, 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        server.listen()
        port = server.getsockname()[1]
        assert [c.port for c in conflicts({"s": [port]}, ["192.0.2.200"], [])] == [port]


TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 4D18007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1
   1: 4D18007F:1389 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 222 1
"""
TABLE6 = """\
  sl  local_address                         remote_address                        st ...
   0: 0000000000000000FFFF00004D18007F:1F90 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 333 1
   1: B80D0120000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 444 1
"""


@pytest.fixture
def proc(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net/tcp").write_text(TABLE)
    (tmp_path / "net/tcp6").write_text(TABLE6)
    (tmp_path / "42/fd").mkdir(parents=True)
    (tmp_path / "42/fd/3").symlink_to("socket:[111]")
    (tmp_path / "42/comm").write_text("haproxy\n")
    (tmp_path / "42/cgroup").write_text("0::/system.slice/docker-c0ffee.scope\n")
    (tmp_path / "43").mkdir()  # a process that has ended meanwhile
    return tmp_path


def test_addresses_as_the_kernel_writes_them(proc):
    assert listeners(proc) == [Listener("127.0.24.77", 5000, "111"), Listener("127.0.24.77", 8080, "333"),
                               Listener("2001:db8::1", 80, "444")]


def test_a_machine_without_ipv6(proc):
    (proc / "net/tcp6").unlink()
    assert [one.port for one in listeners(proc)] == [5000]


@pytest.mark.parametrize(("ours", "found"), [
    (["c0ffee"], []), (["decaf"], ["haproxy (process 42)"]), ([], ["haproxy (process 42)"])])
def test_what_our_own_containers_hold_is_no_conflict(proc, ours, found):
    assert [c.holder for c in conflicts({"keystone": [5000]}, ["127.0.24.77"], ours, proc)] == found


def test_a_holder_that_cannot_be_seen_is_a_stranger(proc):
    assert [c.holder for c in conflicts({"api": [8080]}, ["127.0.24.77"], ["c0ffee"], proc)] == ["? (process ?)"]
