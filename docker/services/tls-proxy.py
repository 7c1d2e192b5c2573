#!/usr/bin/env python3
"""Runs HAProxy as the TLS proxy of a node, with those of its sections whose addresses it can have.

    tls_proxy start
    tls_proxy reload

Where TLS between services is switched on, an API holds its address until its own container is made anew, and HAProxy
does not start if it cannot listen on one of its addresses. So what is taken is left out at first, and comes in, by a
reload, as soon as it is free: a process beside HAProxy waits for that, and ends when nothing is left out any more.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

#: What Puppet writes, and what HAProxy reads. haproxy_control looks at the second, too.
GIVEN = Path("/etc/haproxy/tls-proxy.cfg")
USED = Path("/etc/haproxy/haproxy.cfg")
LOCK = Path("/run/tls-proxy.lock")
CONTROL = ["haproxy_control", "reload"]
#: Its master's socket is a file that only root in the container can use.
HAPROXY = ["/usr/sbin/haproxy", "-W", "-db", "-S", "/run/haproxy-master.sock,mode,600", "-f", str(USED)]
INTERVAL = 0.2


def sections(text: str) -> list[str]:
    """What stands before the first ``listen``, and each ``listen`` with its lines."""
    return re.split(r"^(?=listen )", text, flags=re.MULTILINE)


def address(section: str) -> tuple[str, int]:
    found = re.search(r"^ +bind \[?([^\] ]+?)\]?:(\d+) ", section, re.MULTILINE)
    if found is None:
        raise ValueError(f"no bind in {section!r}")
    return found[1], int(found[2])


def free(ip: str, port: int) -> bool:
    """Whether HAProxy could listen there: nobody does, or itself, which lets its next worker listen beside it."""
    with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            probe.bind((ip, port))
        except OSError:
            return False
    return True


def write() -> list[str]:
    """HAProxy's configuration with what is free; gives the addresses that are left out."""
    head, *listens = sections(GIVEN.read_text())
    usable = [section for section in listens if free(*address(section))]
    new = USED.with_suffix(".new")
    new.write_text("".join([head, *usable]))
    new.replace(USED)
    return ["{} port {}".format(*address(section)) for section in listens if section not in usable]


def await_rest() -> None:
    """Bring in what was left out, when it is free. One process does, whoever begins another."""
    with LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        known = USED.read_text()
        while True:
            time.sleep(INTERVAL)
            left, wanted = write(), USED.read_text()
            if wanted != known and subprocess.run(CONTROL, check=False).returncode == 0:
                known = wanted
            if not left and known == wanted:
                return


def begin_awaiting(left: list[str]) -> None:
    print(f"left out until it is free: {', '.join(left)}", file=sys.stderr)
    subprocess.Popen([sys.executable, __file__, "await"], start_new_session=True, stdin=subprocess.DEVNULL)


def start() -> None:
    if left := write():
        begin_awaiting(left)
    os.execv(HAPROXY[0], HAPROXY)


def reload() -> int:
    left = write()
    done = subprocess.run(CONTROL, check=False).returncode
    if left:
        begin_awaiting(left)
    return done


def main(words: list[str]) -> int:
    match words:
        case ["start"]:
            start()
        case ["reload"]:
            return reload()
        case ["await"]:
            await_rest()
            return 0
    print(__doc__)
    return 64


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
