"""What drains a compute: Nova is told to place nothing there, by the service's own user, and told again to."""

from __future__ import annotations

import json
import runpy
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "docker/services/nova-compute-service.py"
CONFIG = """\
[DEFAULT]
host = compute-0.localdomain
[service_user]
auth_type = password
auth_url = http://127.0.0.1:{port}
username = nova
password = secret
project_name = service
user_domain_name = Default
project_domain_name = Default
region_name = north
"""


class Cloud(BaseHTTPRequestHandler):
    """Keystone's tokens and Nova's os-services, as far as they are asked for."""

    def _send(self, status: int, body: Any, **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data)), "Content-Type": "application/json"}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")

    def do_GET(self) -> None:
        here = f"http://127.0.0.1:{self.server.server_port}"
        if self.path.startswith("/compute/os-services"):
            asked = f"{self.headers['X-Auth-Token']} {self.headers['OpenStack-API-Version']} {self.path[9:]}"
            self.server.asked.append(asked)
            known = [{"id": "one", "host": "compute-0.localdomain"}] if self.server.known else []
            return self._send(200, {"services": known})
        return self._send(300, {"versions": {"values": [
            {"id": "v3.14", "status": "stable", "links": [{"rel": "self", "href": f"{here}/v3/"}]}]}})

    def do_POST(self) -> None:
        here = f"http://127.0.0.1:{self.server.server_port}"
        user = self._body()["auth"]["identity"]["password"]["user"]
        catalog = [{"type": "compute", "name": "nova", "endpoints": [
            {"interface": "internal", "region": "north", "region_id": "north", "url": f"{here}/compute", "id": "e"}]}]
        self._send(201, {"token": {"user": user, "catalog": catalog, "methods": ["password"], "roles": [],
                                   "expires_at": "2999-01-01T00:00:00.000000Z", "issued_at": "2026-01-01T00:00:00Z",
                                   "project": {"id": "p", "name": "service", "domain": {"id": "d", "name": "D"}}}},
                   X_Subject_Token=f"token-of-{user['name']}")

    def do_PUT(self) -> None:
        body = self._body()
        self.server.asked.append(f"PUT {self.path[9:]} {body['status']} {body.get('disabled_reason', '')}".strip())
        self._send(self.server.answer, {"service": body})

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def cloud() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
    server.asked, server.known, server.answer = [], True, 200
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def said(cloud: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs it: (exit status, what it says)."""
    (tmp_path / "nova.conf").write_text(CONFIG.format(port=cloud.server_port))

    def run(word: str) -> tuple[int, str]:
        script = runpy.run_path(str(SCRIPT))
        script["main"].__globals__["FILE"] = str(tmp_path / "nova.conf")
        return script["main"](word), capsys.readouterr().out.strip()

    return run


def test_a_compute_is_disabled_and_enabled(cloud: Any, said: Any) -> None:
    assert said("disable") == (0, "nova-compute of compute-0.localdomain disabled")
    assert said("enable") == (0, "nova-compute of compute-0.localdomain enabled")
    asked = "token-of-nova compute 2.53 os-services?binary=nova-compute&host=compute-0.localdomain"
    assert cloud.asked == [asked, "PUT os-services/one disabled the node is drained", asked,
                           "PUT os-services/one enabled"]


def test_what_nova_does_not_know_or_refuses_is_told(cloud: Any, said: Any) -> None:
    cloud.known = False
    assert said("disable") == (1, "Nova knows no compute compute-0.localdomain")
    cloud.known, cloud.answer = True, 403
    code, words = said("disable")
    assert code == 1 and words.startswith("Nova says: ") and "403" in words
