#!/usr/bin/env python3
"""Reloads HAProxy, and takes servers out of its sections and back, through its master's socket.

    haproxy_control reload
    haproxy_control drain SECONDS SECTION...
    haproxy_control undo SECTION...
    haproxy_control drain-node SECONDS NODE
    haproxy_control undo-node NODE

``reload`` checks the configuration first; where it is broken nothing is done and the exit status is 78 (EX_CONFIG).
``drain`` lets nobody new come to this node's server of each SECTION and waits until it has no session left, SECONDS at
most. Where no other server of the section could take over it does nothing: a server that is about to go is better
than none. ``drain-node`` does the same with all servers of a node, this one or another.

Source of commands and columns: HAProxy 3.0, management.txt, sections 9.1, 9.3 and 9.4.
"""

from __future__ import annotations

import csv
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

MASTER = "/run/haproxy-master.sock"
CONFIG = "/etc/haproxy/haproxy.cfg"
#: How this node's servers are called in every section; Puppet writes it.
OWN_NAME = Path("/etc/treadle/haproxy/server")
REFUSED = 78
RUNNING, FORCED_MAINTENANCE, FORCED_DRAIN = 2, 0x01, 0x08


@dataclass(frozen=True)
class Server:
    """One server of one section, as ``show servers state`` has it."""

    section: str
    name: str
    operation: int
    administration: int

    @property
    def takes_work(self) -> bool:
        return self.operation == RUNNING and self.administration == 0


def ask(command: str) -> str:
    """Send one command to the master, or with ``@1`` before it to the worker of now."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(MASTER)
        connection.sendall(f"{command}\n".encode())
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def servers() -> list[Server]:
    rows = [line.split() for line in ask("@1 show servers state").splitlines()]
    columns = next(row[1:] for row in rows if row[:1] == ["#"])
    found = (dict(zip(columns, row, strict=False)) for row in rows if len(row) > 6 and row[0] != "#")
    return [Server(row["be_name"], row["srv_name"], int(row["srv_op_state"]), int(row["srv_admin_state"]))
            for row in found]


def workers() -> list[str]:
    """How each worker is addressed: that of now, and older ones that end what they began."""
    rows = (line.split() for line in ask("show proc").splitlines())
    return [f"@!{row[0]}" for row in rows if len(row) > 1 and row[1] == "worker"]


def sessions(section: str, name: str) -> int:
    """Of one server, in all workers."""
    count = 0
    for worker in workers():
        lines = ask(f"{worker} show stat").removeprefix("# ").splitlines()
        count += sum(int(row["scur"] or 0) for row in csv.DictReader(lines)
                     if (row.get("pxname"), row.get("svname")) == (section, name))
    return count


def reload() -> int:
    checked = subprocess.run(["haproxy", "-c", "-f", CONFIG], capture_output=True, text=True, check=False)
    if checked.returncode:
        print(checked.stdout + checked.stderr)
        return REFUSED
    before = servers()
    answer = ask("reload")
    if not answer.startswith("Success=1"):
        print(answer)
        return REFUSED
    restore(before)
    return 0


def restore(before: list[Server]) -> None:
    """A new worker takes every server for a good one until a check has failed: it is told what the old one knew."""
    there = {(server.section, server.name) for server in servers()}
    for server in before:
        if (server.section, server.name) in there:
            if server.administration & FORCED_MAINTENANCE:
                set_server(server.section, server.name, "state maint")
            elif server.administration & FORCED_DRAIN:
                set_server(server.section, server.name, "state drain")
            if server.operation == 0:
                set_server(server.section, server.name, "health down")


def set_server(section: str, name: str, state: str) -> None:
    answer = ask(f"@1 set server {section}/{name} {state}").strip()
    if answer:
        print(f"{section}/{name} {state}: {answer}")


def own_name() -> str:
    return OWN_NAME.read_text().strip()


def drain(seconds: float, sections: list[str], node: str) -> int:
    until, known, drained = time.monotonic() + seconds, servers(), []
    for section in sections:
        if any(server.section == section and server.name != node and server.takes_work for server in known):
            set_server(section, node, "state drain")
            drained.append(section)
        else:
            print(f"{section}: no other server could take over")
    while any(sessions(section, node) for section in drained) and time.monotonic() < until:
        time.sleep(0.2)
    return 0


def undo(sections: list[str], node: str) -> int:
    for section in sections:
        set_server(section, node, "state ready")
    return 0


def server_of(node: str) -> str:
    """How a node's servers are called: by its name, or that up to the first dot."""
    return node if any(server.name == node for server in servers()) else node.partition(".")[0]


def sections_of(node: str) -> list[str]:
    return [server.section for server in servers() if server.name == node]


def main(words: list[str]) -> int:
    match words:
        case ["reload"]:
            return reload()
        case ["drain", seconds, *sections] if sections:
            return drain(float(seconds), sections, own_name())
        case ["undo", *sections] if sections:
            return undo(sections, own_name())
        case ["drain-node", seconds, node]:
            return drain(float(seconds), sections_of(server_of(node)), server_of(node))
        case ["undo-node", node]:
            return undo(sections_of(server_of(node)), server_of(node))
    print(__doc__)
    return 64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
