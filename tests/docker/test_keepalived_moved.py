"""The script that keepalived runs when a VIP moves, in a network of its own, without an engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "puppet/modules/treadle/files/keepalived-moved.sh"
#: Connections of a node: to its own address, to the VIP from there, and to the VIP from the VIP.
PROBE = r"""
import json, socket, subprocess, sys
script, state = sys.argv[1:]
for words in ("link set lo up", "address add 10.9.0.1/24 dev lo", "address add 10.9.0.250/32 dev lo"):
    subprocess.run(["ip", *words.split()], check=True)
server = socket.create_server(("0.0.0.0", 3306))
def connect(source, target):
    client = socket.create_connection((target, 3306), 5, (source, 0))
    return client, server.accept()[0]
pairs = {"other": connect("10.9.0.1", "10.9.0.1"), "before": connect("10.9.0.1", "10.9.0.250"),
         "own": connect("10.9.0.250", "10.9.0.250")}
subprocess.run(["bash", script, "10.9.0.250", "INSTANCE", "ctlplane", state, "103"], check=True, stdout=sys.stderr)
def alive(client, worker):
    try:
        client.sendall(b"?")
        worker.settimeout(0.2)
        return worker.recv(1) == b"?"
    except OSError:
        return False
print(json.dumps({name: alive(*pair) for name, pair in pairs.items()}))
socket.create_connection(("10.9.0.250", 3306), 5)  # who listens goes on
"""


def after(state: str) -> dict[str, bool]:
    """Which connections last."""
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", PROBE, str(SCRIPT),
                           state], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, bool] = json.loads(done.stdout)
    return found


def test_what_came_from_a_vip_that_is_lost_is_over() -> None:
    for state in ("BACKUP", "FAULT", "STOP"):
        assert after(state) == {"other": True, "before": False, "own": False}


def test_what_went_to_a_vip_that_was_elsewhere_is_over() -> None:
    assert after("MASTER") == {"other": True, "before": False, "own": True}
