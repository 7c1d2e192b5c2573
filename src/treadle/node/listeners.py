"""Who listens on this machine, from /proc: to refuse a port that somebody else has before anything is changed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_LISTEN = "0A"


@dataclass(frozen=True)
class Listener:
    """One listening TCP socket. ``address`` may be 0.0.0.0 or ::, which take the port on every address."""

    address: str
    port: int
    inode: str

    def takes(self, address: str) -> bool:
        return self.address in (address, "0.0.0.0", "::")


@dataclass(frozen=True)
class Conflict:
    """A wanted port that a stranger holds."""

    service: str
    address: str
    port: int
    holder: str


def listeners(proc: Path = Path("/proc")) -> list[Listener]:
    """Every listening TCP socket of this network namespace."""
    found = []
    for table in ("net/tcp", "net/tcp6"):
        path = proc / table
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            fields = line.split()
            if fields[3] == _LISTEN:
                host, _, port = fields[1].partition(":")
                found.append(Listener(_address(host), int(port, 16), fields[9]))
    return found


def _address(hexadecimal: str) -> str:
    """/proc shows addresses as words in the machine's (little) byte order."""
    raw = b"".join(bytes.fromhex(hexadecimal[i:i + 8])[::-1] for i in range(0, len(hexadecimal), 8))
    address = ipaddress.ip_address(raw)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def conflicts(listens: Mapping[str, Collection[int]], addresses: Collection[str], ours: Collection[str],
              proc: Path = Path("/proc")) -> list[Conflict]:
    """The wanted ports that are taken by anything but the containers with the ids ``ours``."""
    there = listeners(proc)
    suspects = [(service, address, port, listener) for service, ports in listens.items() for port in ports
                for address in addresses for listener in there
                if listener.port == port and listener.takes(address)]
    if not suspects:
        return []
    holders = _holders({listener.inode for *_, listener in suspects}, proc)
    found = []
    for service, address, port, listener in suspects:
        pid, name, cgroup = holders.get(listener.inode, ("?", "?", ""))
        if not any(container in cgroup for container in ours):
            found.append(Conflict(service, address, port, f"{name} (process {pid})"))
    return found


def _holders(inodes: Collection[str], proc: Path) -> dict[str, tuple[str, str, str]]:
    """``{socket inode: (pid, command, cgroup)}``; processes that end meanwhile are passed over."""
    holders: dict[str, tuple[str, str, str]] = {}
    for folder in proc.glob("[0-9]*"):
        for inode in _sockets(folder):
            if inode in inodes:
                try:
                    holders[inode] = (folder.name, (folder / "comm").read_text().strip(),
                                      (folder / "cgroup").read_text())
                except OSError:
                    continue
    return holders


def _sockets(process: Path) -> Iterator[str]:
    try:
        for handle in (process / "fd").iterdir():
            found = re.fullmatch(r"socket:\[(\d+)\]", str(handle.readlink()))
            if found:
                yield found.group(1)
    except OSError:  # it has ended, or is not ours to look into: then it is not one of our containers either
        return
