"""A real Heat for tests: openstack-heat's API and engine in one process, on SQLite, without Keystone.

It lives in an environment of its own (``tests/requirements/heat-server.txt``), because its libraries are older
than Treadle's. ``heat-all`` is in openstack-heat up to 24; this is 23.0.0.
"""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = Path(__file__).parents[2] / ".venvs/heat-server"
#: Largest template with its files, and largest request, in bytes. Heat's own defaults are 512 KiB and 1 MiB.
MAX_TEMPLATE, MAX_BODY = 2 << 20, 4 << 20
#: How far a yaql expression may count. Treadle's own limit is TripleO's, 9000: so there is something that only Heat
#: refuses.
MAX_ITERATORS = 2000
_START_SECONDS = 60

_CONFIG = """\
[DEFAULT]
log_file = {folder}/heat.log
transport_url = fake://
rpc_response_timeout = 600
num_engine_workers = 1
convergence_engine = true
executor_thread_pool_size = 64
keystone_backend = heat.engine.clients.os.keystone.fake_keystoneclient.FakeKeystoneClient
deferred_auth_method = password
default_deployment_signal_transport = HEAT_SIGNAL
heat_metadata_server_url = http://127.0.0.1:{port}/
auth_encryption_key = {key}
max_resources_per_stack = -1
max_nested_stack_depth = 10
max_template_size = {template}
max_json_body_size = {body}

[heat_all]
enabled_services = api,engine

[heat_api]
bind_host = 127.0.0.1
bind_port = {port}
workers = 1

[noauth]
token_response = {folder}/token.json

[database]
connection = sqlite:///{folder}/heat.sqlite
sqlite_synchronous = false

[paste_deploy]
flavor = noauth
api_paste_config = {folder}/api-paste.ini

[oslo_policy]
policy_file = {folder}/policy.yaml
enforce_new_defaults = false
enforce_scope = false

[yaql]
limit_iterators = {iterators}
memory_quota = 900000
"""

_PASTE = """\
[pipeline:heat-api-noauth]
pipeline = faultwrap noauth context versionnegotiation apiv1app

[app:apiv1app]
paste.app_factory = heat.common.wsgi:app_factory
heat.app_factory = heat.api.openstack.v1:API

[filter:faultwrap]
paste.filter_factory = heat.common.wsgi:filter_factory
heat.filter_factory = heat.api.openstack:faultwrap_filter

[filter:noauth]
paste.filter_factory = heat.common.noauth:filter_factory

[filter:context]
paste.filter_factory = heat.common.context:ContextMiddleware_filter_factory

[filter:versionnegotiation]
paste.filter_factory = heat.common.wsgi:filter_factory
heat.filter_factory = heat.api.openstack:version_negotiation_filter
"""

#: Heat is made for MySQL. Its threads are green, and take turns inside their transactions; in SQLite these then lock
#: each other out, and the whole of Heat waits. Here each statement is its own transaction. Heat compares and sets in
#: single statements, so nothing is lost but the way back from an error of the database.
_PROGRAM = """\
import sqlite3
import sys
from functools import partial
from sqlite3 import dbapi2

from heat.cmd import all as heat_all


class Cursor(sqlite3.Cursor):
    def execute(self, statement, *values):
        transaction = statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK"))
        return super().execute("SELECT 1" if transaction else statement, *values)


class Connection(sqlite3.Connection):
    def cursor(self):
        return super().cursor(Cursor)


dbapi2.connect = partial(dbapi2.connect, factory=Connection)
sys.exit(heat_all.main())
"""

_DOMAIN = {"id": "default", "name": "Default"}
_TOKEN = {"token": {
    "methods": ["password"], "issued_at": "2020-01-01T00:00:00.000000Z", "expires_at": "2100-01-01T00:00:00.000000Z",
    "user": {"id": "admin", "name": "admin", "domain": _DOMAIN}, "roles": [{"id": "admin", "name": "admin"}],
    "project": {"id": "admin", "name": "admin", "domain": _DOMAIN}, "catalog": []}}


@dataclass(frozen=True)
class HeatServer:
    """``endpoint`` is what ``--heat-endpoint`` takes; ``log`` is Heat's log file."""

    endpoint: str
    log: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """At once, as a power cut would."""
        self.process.kill()
        self.process.wait()


@contextmanager
def heat_server(folder: Path) -> Iterator[HeatServer]:
    """A Heat that answers on a free port of the loopback interface, its files in ``folder``; gone at the end."""
    python = str(ENVIRONMENT / "bin/python")
    assert (ENVIRONMENT / "bin/heat-all").exists(), f"{ENVIRONMENT} is not there: run bin/test, which makes it"
    port = _free_port()
    _write(folder, port)
    config = ["--config-file", str(folder / "heat.conf")]
    with (folder / "output.log").open("wb") as output:
        subprocess.run([python, str(ENVIRONMENT / "bin/heat-manage"), *config, "db_sync"], check=True,
                       stdout=output, stderr=output, timeout=_START_SECONDS)
        _never_reuse_ids(folder / "heat.sqlite")
        process = subprocess.Popen([python, str(folder / "heat_all.py"), *config], stdout=output, stderr=output,
                                   stdin=subprocess.DEVNULL, cwd=folder)
        server = HeatServer(f"http://127.0.0.1:{port}/v1/admin", folder / "heat.log", process)
        try:
            _wait(server, folder)
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _write(folder: Path, port: int) -> None:
    texts = {
        "heat.conf": _CONFIG.format(folder=folder, port=port, key="k" * 32, template=MAX_TEMPLATE, body=MAX_BODY,
                                    iterators=MAX_ITERATORS),
        "api-paste.ini": _PASTE, "token.json": json.dumps(_TOKEN), "policy.yaml": "{}\n",
        "heat_all.py": _PROGRAM,
    }
    for name, text in texts.items():
        (folder / name).write_text(text)


def _never_reuse_ids(database: Path) -> None:
    """Heat deletes rows by ids that it read a moment ago: as in MySQL, no other row may have got the id since."""
    with closing(sqlite3.connect(database)) as connection:
        [made] = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'resource_properties_data'").fetchone()
        wanted = made.replace("id INTEGER NOT NULL", "id INTEGER PRIMARY KEY AUTOINCREMENT")
        wanted = re.sub(r",\s*PRIMARY KEY \(id\)", "", wanted)
        connection.executescript(f"DROP TABLE resource_properties_data; {wanted}; PRAGMA journal_mode = WAL")


def _wait(server: HeatServer, folder: Path) -> None:
    """Until API and engine answer."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{server.endpoint}/stacks", timeout=10) as answer:
                json.load(answer)
                return
        except (OSError, urllib.error.URLError) as error:
            said = (folder / "output.log").read_text()[-3000:]
            assert server.process.poll() is None, f"heat-all ended:\n{said}"
            assert time.monotonic() < deadline, f"heat-all does not answer: {error}\n{said}"
            time.sleep(0.2)
