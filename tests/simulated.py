"""A container engine that only keeps books: the engine's HTTP API on a socket, over containers that never run.

    python -m tests.simulated SOCKET

For what is about many nodes and many containers, where real ones would measure the kernel.
"""

from __future__ import annotations

import hashlib
import json
import re
import socketserver
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from treadle.engine import NODE

VERSION = "1.41"


class Books:
    """The containers, by id; those of each node are found without looking at all others'."""

    def __init__(self) -> None:
        self.containers: dict[str, dict[str, Any]] = {}
        self.names: dict[str, str] = {}
        self.nodes: dict[str, dict[str, None]] = {}
        self.turn = threading.Lock()
        self.calls = 0
        #: Names of containers that the engine cannot start.
        self.broken: set[str] = set()

    def create(self, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        if name in self.names:
            return 409, {"message": f'The container name "/{name}" is already in use'}
        made = hashlib.sha256(f"{name} {time.time_ns()}".encode()).hexdigest()
        self.containers[made] = {"Id": made, "Name": name, "Body": body, "State": "created", "Created": time.time(),
                                 "StartedAt": 0.0}
        self.names[name] = made
        self.nodes.setdefault((body.get("Labels") or {}).get(NODE, ""), {})[made] = None
        return 201, {"Id": made, "Warnings": []}

    def found(self, word: str) -> dict[str, Any] | None:
        return self.containers.get(word) or self.containers.get(self.names.get(word, ""))

    def listed(self, filters: dict[str, Any]) -> list[dict[str, Any]]:
        labels = dict(label.partition("=")[::2] for label in filters.get("label", []))
        ids = self.nodes.get(labels[NODE], {}) if labels.get(NODE) else self.containers
        chosen = (self.containers[one] for one in ids)
        names = filters.get("name", [])
        return [self.shown(one) for one in chosen if all(
            key in (one["Body"].get("Labels") or {}) and value in ("", one["Body"]["Labels"][key])
            for key, value in labels.items()) and (not names or any(name in one["Name"] for name in names))]

    @staticmethod
    def shown(one: dict[str, Any]) -> dict[str, Any]:
        mode = one["Body"].get("HostConfig", {}).get("NetworkMode") or "bridge"
        status = {"running": "Up 2 minutes", "created": "Created"}.get(one["State"], "Exited (0) 2 minutes ago")
        return {"Id": one["Id"], "Names": [f"/{one['Name']}"], "ImageID": image_id(one["Body"]["Image"]),
                "State": one["State"], "Status": status, "Labels": one["Body"].get("Labels") or {},
                "Created": int(one["Created"]), "HostConfig": {"NetworkMode": mode},
                "NetworkSettings": {"Networks": {} if mode.startswith("container:") else {mode: {}}}}

    @staticmethod
    def inspected(one: dict[str, Any]) -> dict[str, Any]:
        started = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(one["StartedAt"])) + ".000000000Z"
        return {"Id": one["Id"], "Name": f"/{one['Name']}", "Image": image_id(one["Body"]["Image"]),
                "Config": one["Body"], "HostConfig": one["Body"].get("HostConfig", {}), "RestartCount": 0,
                "State": {"Running": one["State"] == "running", "Status": one["State"], "Pid": 0, "ExitCode": 0,
                          "StartedAt": started, "Restarting": False, "OOMKilled": False, "Error": ""}}

    def change(self, one: dict[str, Any], verb: str, query: dict[str, str]) -> tuple[int, Any]:
        match verb:
            case "start" if one["Name"] in self.broken:
                return 500, {"message": "no space left on device"}
            case "start":
                one.update(State="running", StartedAt=time.time())
            case "stop" | "kill" | "wait":
                one["State"] = "exited"
            case "rename":
                if query["name"] in self.names:
                    return 409, {"message": "already in use"}
                del self.names[one["Name"]]
                one["Name"] = query["name"]
                self.names[query["name"]] = one["Id"]
            case "remove":
                del self.containers[one["Id"]], self.names[one["Name"]]
                self.nodes[(one["Body"].get("Labels") or {}).get(NODE, "")].pop(one["Id"])
            case _:
                return 501, {"message": f"the books know no {verb}"}
        return (200, {"StatusCode": 0}) if verb == "wait" else (204, None)

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        with self.turn:
            self.calls += 1
            if path == "/version":
                return 200, {"ApiVersion": VERSION, "MinAPIVersion": "1.24", "Version": "0", "Os": "linux"}
            if path == "/containers/json":
                return 200, self.listed(json.loads(query.get("filters", "{}")))
            if path == "/containers/create":
                return self.create(query["name"], body)
            if image := re.fullmatch(r"/images/(.+)/json", path):
                return 200, {"Id": image_id(image[1]), "Config": {}, "RepoTags": [image[1]]}
            if (there := re.fullmatch(r"/containers/([^/]+)(?:/(\w+))?", path)) and (one := self.found(there[1])):
                if method == "GET":
                    return (200, self.inspected(one)) if there[2] == "json" else (200, b"")
                return self.change(one, "remove" if method == "DELETE" else there[2], query)
        return 404, {"message": f"no such thing: {path}"}


def image_id(name: str) -> str:
    return "sha256:" + hashlib.sha256(name.encode()).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _do(self) -> None:
        where = urllib.parse.urlsplit(self.path)
        path = re.sub(r"^/v[\d.]+", "", urllib.parse.unquote(where.path))
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        status, found = self.server.books.answer(self.command, path, dict(urllib.parse.parse_qsl(where.query)), body)
        data = found if isinstance(found, bytes) else b"" if found is None else json.dumps(found).encode()
        head = (f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n")
        self.wfile.write(head.encode() + data)

    do_GET = do_POST = do_DELETE = _do

    def address_string(self) -> str:
        return "socket"


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, path: str) -> None:
        self.books = Books()
        super().__init__(path, _Handler)


@contextmanager
def engine(path: Path) -> Iterator[tuple[str, Books]]:
    """(its URL, its books), served by a thread of this process."""
    server = _Server(str(path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"unix://{path}", server.books
    finally:
        server.shutdown()
        server.server_close()
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    _Server(sys.argv[1]).serve_forever()
