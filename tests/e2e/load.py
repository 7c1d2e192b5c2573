"""A steady load of HTTP requests that counts what fails: nothing is retried."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

#: A client waits so long between two requests (seconds): a load is steady, not as much as the machine bears.
PAUSE = 0.02


@dataclass(frozen=True)
class Request:
    """What is asked for, and which status is a success."""

    path: str
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    status: int = 200

    def ask(self, connection: http.client.HTTPConnection) -> str:
        """Ask; gives what was wrong, '' where nothing was."""
        body = None if self.body is None else json.dumps(self.body)
        try:
            connection.request(self.method, self.path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return f"{type(error).__name__}: {error}"
        return "" if answer.status == self.status else f"{answer.status} {answer.reason}"


@dataclass
class Load:
    """``with Load(host, port, Request("/")) as load: ...``: ``clients`` of each kind, those that keep their
    connection and those that make a new one for each request, for at most ``limit`` seconds; by TLS where there is a
    ``context``."""

    host: str
    port: int
    request: Request
    clients: int = 3
    limit: float = 120.0
    context: ssl.SSLContext | None = None
    asked: int = 0
    failed: list[str] = field(default_factory=list)
    slowest: float = 0.0
    _threads: list[threading.Thread] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Load:
        for keep in (True, False) * self.clients:
            thread = threading.Thread(target=self._client, args=(keep,), daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(90)

    def _client(self, keep: bool) -> None:
        until = time.monotonic() + self.limit
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=60, context=self.context) \
            if self.context else http.client.HTTPConnection(self.host, self.port, timeout=60)
        while time.monotonic() < until and not self._end.wait(PAUSE):
            begun = time.monotonic()
            wrong = self.request.ask(connection)
            took = time.monotonic() - begun
            with self._lock:
                self.asked += 1
                self.slowest = max(self.slowest, took)
                if wrong:
                    self.failed.append(f"{'kept' if keep else 'new'} connection: {wrong}")
            if not keep:
                connection.close()
        connection.close()
