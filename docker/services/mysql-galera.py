#!/usr/bin/env python3
"""Runs MariaDB as a node of a Galera cluster, and says how it is.

    mysql_galera              the server: joins the cluster, or begins it where no other node could
    mysql_galera status       what all nodes say of themselves
    mysql_galera bootstrap    by an operator: begin the cluster from this node, without those that do not answer

A cluster is begun once. Nodes that find none wait until all that wsrep_cluster_address names answer; then the one with
the most advanced data begins, and the others join it. So a node that is alone begins nothing by itself: what it cannot
reach might go on without it.

Each node says in JSON on port 9200 of its address what it is; with status 200 where it may be given work, else 503.

Source: Galera's grastate.dat and gvwstate.dat, MariaDB's galera_recovery, wsrep_* in SHOW GLOBAL STATUS.
"""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET, AF_INET6

PORT = 9200
DATA = Path("/var/lib/mysql")
#: An operator's wish to begin the cluster from this node.
WISH = DATA / "bootstrap.wanted"
SYSTEM = {"bootstrap.new", "lost+found", "mysql", "performance_schema", "sys", "test"}
CLIENT = ("mariadb", "--no-defaults", "--socket=/run/mysqld/mysqld.sock", "--batch", "--skip-column-names")
SYNCED = "4"
#: Without a server; with one that does not answer yet, that has lost the cluster, that is in it.
WAITING, STARTING, APART, MEMBER = "waiting", "starting", "apart", "member"
BEGIN, JOIN, WAIT = "begin", "join", "wait"


@dataclass(frozen=True)
class Node:
    """One node. ``cluster`` is the id of the cluster that its data belong to, empty for none; ``seqno`` counts the
    cluster's transactions; ``safe``: it was the last one to leave; ``data``: there are databases."""

    state: str = WAITING
    synced: bool = False
    cluster: str = ""
    seqno: int = -1
    safe: bool = False
    data: bool = False


def decide(own: str, seen: Mapping[str, Node | None], *, wanted: bool = False) -> tuple[str, str]:
    """What the node ``own`` does, BEGIN, JOIN or WAIT, and why. ``seen`` are all nodes by address in the one order that
    all of them know, None for one that does not answer; ``wanted``: an operator wants this node to begin."""
    others = {address: node for address, node in seen.items() if address != own}
    states = {node.state: address for address, node in others.items() if node}
    if MEMBER in states:
        return JOIN, f"{states[MEMBER]} is in the cluster"
    if wanted and STARTING not in states:
        return BEGIN, "an operator said so"
    if APART in states:
        return JOIN, f"{states[APART]} has lost the cluster and looks for the other nodes"
    silent = [address for address, node in others.items() if node is None]
    if silent:
        return WAIT, f"waiting for {', '.join(silent)}: the cluster may go on there. If it does not, and they are " \
            "not to come back soon, run `mysql_galera bootstrap` on the node with the most advanced data"
    if STARTING in states:
        return WAIT, f"waiting for {states[STARTING]}, which is starting"
    first, why = most_advanced({address: node for address, node in seen.items() if node})
    if first is None:
        return WAIT, why
    return (BEGIN, why) if first == own else (WAIT, f"waiting for {first}, which begins: {why}")


def most_advanced(nodes: Mapping[str, Node]) -> tuple[str | None, str]:
    """The node to begin with, and why it; None where only people can know."""
    order = list(nodes)
    in_cluster = {address: node for address, node in nodes.items() if node.cluster}
    if len({node.cluster for node in in_cluster.values()}) > 1:
        return None, "the nodes have the data of different clusters: " + ", ".join(
            f"{address} of {node.cluster}" for address, node in in_cluster.items()) + \
            ". Run `mysql_galera bootstrap` on the one to be kept; the others get its data and lose theirs"
    unknown = [address for address, node in in_cluster.items() if node.seqno < 0]
    if unknown:
        return None, f"how far the data of {', '.join(unknown)} are cannot be told, the log there says why. Run " \
            "`mysql_galera bootstrap` on the node that has most"
    if in_cluster:
        found = max(in_cluster, key=lambda address: (nodes[address].seqno, nodes[address].safe, -order.index(address)))
        return found, f"its data are most advanced, seqno {nodes[found].seqno}"
    full = [address for address in order if nodes[address].data]
    if len(full) > 1:
        return None, f"{', '.join(full)} have databases and were in no cluster. Run `mysql_galera bootstrap` on the " \
            "one to be kept; the others get its data and lose theirs"
    return (full[0], "it alone has databases") if full else (order[0], "no node has data, and it is the first")


@dataclass(frozen=True)
class Options:
    """What the server's option files say: this node's address, and those of all nodes in their order."""

    own: str
    addresses: Sequence[str]

    @classmethod
    def read(cls) -> Options:
        done = subprocess.run(["my_print_defaults", "--mysqld"], capture_output=True, text=True, check=True)
        pairs = (line.removeprefix("--").partition("=") for line in done.stdout.splitlines())
        options = {name.replace("-", "_"): value for name, _, value in pairs}
        nodes = options["wsrep_cluster_address"].removeprefix("gcomm://").split(",")
        return cls(options["wsrep_node_address"].strip("[]"), [node.strip("[]") for node in nodes if node])


def stored() -> Node:
    """What the data folder says, of a node whose server does not run."""
    try:
        state = dict(re.findall(r"^(\w+):\s*(\S+)$", (DATA / "grastate.dat").read_text(), re.MULTILINE))
    except FileNotFoundError:
        state = {}
    cluster, seqno = state.get("uuid", ""), int(state.get("seqno", -1))
    if not cluster.strip("0-"):
        cluster = ""
    elif seqno < 0:
        seqno = recovered(cluster)
    data = any(path.is_dir() and path.name not in SYSTEM and not path.name.startswith(("#", "."))
               for path in DATA.iterdir())
    return Node(WAITING, False, cluster, seqno, state.get("safe_to_bootstrap") == "1", data)


def recovered(cluster: str) -> int:
    """The last transaction in the data of a node that did not end in order."""
    with tempfile.NamedTemporaryFile("r", suffix=".err") as log:  # a name without a suffix would get one
        subprocess.run(["mariadbd", "--wsrep-recover", f"--log-error={log.name}"], check=False)
        text = log.read()
    said = re.findall(r"Recovered position:\s*([0-9a-f-]{36}):(-?\d+)", text)
    if said and said[-1][0] == cluster:
        return int(said[-1][1])
    print(f"no position was recovered:\n{text}", flush=True)
    return -1


@dataclass
class Server:
    """The server of this node, and what is said of it."""

    found: Node
    process: subprocess.Popen[bytes] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    said: tuple[float, Node] | None = None

    def now(self) -> Node:
        """Asked at most twice a second."""
        with self.lock:
            if self.said is None or time.monotonic() - self.said[0] > 0.5:
                self.said = time.monotonic(), self._look() if self.process else self.found
            return self.said[1]

    def _look(self) -> Node:
        names = "'wsrep_cluster_status', 'wsrep_local_state', 'wsrep_cluster_state_uuid', 'wsrep_last_committed'"
        try:
            asked = f"SHOW GLOBAL STATUS WHERE Variable_name IN ({names})"
            done = subprocess.run(CLIENT, input=asked, capture_output=True, text=True, check=True, timeout=3)
        except subprocess.SubprocessError:
            return Node(STARTING, cluster=self.found.cluster, seqno=self.found.seqno)
        says = dict(line.split("\t") for line in done.stdout.splitlines() if line.count("\t") == 1)
        member = says.get("wsrep_cluster_status") == "Primary"
        return Node(MEMBER if member else APART, member and says.get("wsrep_local_state") == SYNCED,
                    says.get("wsrep_cluster_state_uuid", ""), int(says.get("wsrep_last_committed", -1)))

    def start(self, *, begin: bool) -> None:
        words = ["mariadbd"]
        if self.found.cluster and self.found.seqno >= 0:
            words.append(f"--wsrep-start-position={self.found.cluster}:{self.found.seqno}")
        if begin:
            # What the nodes were when they last saw each other does not count any more.
            (DATA / "gvwstate.dat").unlink(missing_ok=True)
            state = DATA / "grastate.dat"
            if state.exists():
                text = re.sub(r"^safe_to_bootstrap:.*$", "safe_to_bootstrap: 1", state.read_text(), flags=re.MULTILINE)
                state.write_text(text)
            words.append("--wsrep-new-cluster")
        with self.lock:
            self.process, self.said = subprocess.Popen(words), None


class Answer(BaseHTTPRequestHandler):
    """To HAProxy and the other nodes."""

    server: Listener

    def do_GET(self) -> None:
        node = self.server.of.now()
        body = json.dumps(asdict(node)).encode() + b"\n"
        with suppress(ConnectionError):  # HAProxy goes when it has read the first line
            self.send_response(200 if node.synced else 503)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    do_OPTIONS = do_HEAD = do_GET

    def log_message(self, *_: object) -> None:
        """Each look would be a line."""


class Listener(ThreadingHTTPServer):
    """Says on this node's address how it is."""

    daemon_threads = True

    def __init__(self, address: str, of: Server) -> None:
        self.address_family = AF_INET6 if ":" in address else AF_INET
        self.of = of
        super().__init__((address, PORT), Answer)


def ask(address: str) -> Node | None:
    connection = http.client.HTTPConnection(address, PORT, timeout=4)
    try:
        connection.request("GET", "/")
        return Node(**json.loads(connection.getresponse().read()))
    except (OSError, http.client.HTTPException, ValueError, TypeError):
        return None
    finally:
        connection.close()


def ask_all(addresses: Sequence[str]) -> dict[str, Node | None]:
    with ThreadPoolExecutor(max(1, len(addresses))) as pool:
        return dict(zip(addresses, pool.map(ask, addresses), strict=True))


def serve() -> int:
    options, server, said, decision = Options.read(), Server(stored()), "", WAIT

    def end(*_: object) -> None:
        if server.process is None:
            sys.exit(0)
        server.process.terminate()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    threading.Thread(target=Listener(options.own, server).serve_forever, daemon=True).start()
    while decision == WAIT:
        seen = ask_all([address for address in options.addresses if address != options.own])
        seen = {address: server.found if address == options.own else seen[address] for address in options.addresses}
        decision, why = decide(options.own, seen, wanted=WISH.exists())
        if why != said:
            print(f"{decision}: {why}", flush=True)
        said = why
        time.sleep(0.5 if decision == WAIT else 0)
    WISH.unlink(missing_ok=True)
    server.start(begin=decision == BEGIN)
    assert server.process
    code = server.process.wait()
    return code if code >= 0 else 128 - code


def status() -> int:
    for address, node in ask_all(Options.read().addresses).items():
        print(address, json.dumps(asdict(node)) if node else "does not answer")
    return 0


def bootstrap() -> int:
    """Refused where somebody is in the cluster, or has more than this node."""
    options = Options.read()
    seen = ask_all(options.addresses)
    own = seen[options.own]
    members = [address for address, node in seen.items() if node and node.state == MEMBER]
    more = [address for address, node in seen.items() if node and own and node.cluster == own.cluster
            and node.seqno > own.seqno]
    if own is None or members or more:
        why = "the server of this node was not started" if own is None else \
            f"{members[0]} is in the cluster: nodes join it by themselves" if members else \
            f"{more[0]} has more of this cluster's transactions: run this there"
        print(why, file=sys.stderr)
        return 1
    if own.state == WAITING:
        WISH.touch()
    else:
        subprocess.run(CLIENT, input="SET GLOBAL wsrep_provider_pc_bootstrap = ON", text=True, check=True)
    return 0


if __name__ == "__main__":
    verbs = {(): serve, ("status",): status, ("bootstrap",): bootstrap}
    verb = verbs.get(tuple(sys.argv[1:]))
    if verb is None:
        sys.exit(__doc__)
    sys.exit(verb())
