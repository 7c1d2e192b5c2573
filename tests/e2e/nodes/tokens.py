"""Who uses a cloud meanwhile: a steady, bounded number of token requests to its VIP, and which image answers where."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from tests.e2e.nodes.ha import HaCloud
from tests.e2e.nodes.machines import Machine

PORT = 5000


@dataclass(frozen=True)
class Answer:
    """One token request: when it was sent, how long it took, in seconds, and what was wrong, '' where nothing was."""

    when: float
    took: float
    wrong: str


@dataclass
class Tokens:
    """``with Tokens(cloud) as tokens: ...`` asks for ``rate`` tokens a second, each on a connection of its own, at most
    ``limit`` seconds long; and each controller itself once a second what version it is."""

    cloud: HaCloud
    rate: float = 2.0
    limit: float = 1800.0
    answers: list[Answer] = field(default_factory=list)
    #: (when, what each controller said); '' of one that did not answer.
    versions: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _body: str = ""

    @property
    def failed(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.wrong]

    def __enter__(self) -> Tokens:
        self._body = json.dumps({"auth": self._login()})
        self._threads = [threading.Thread(target=do, daemon=True) for do in (self._ask_often, self._look)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(120)

    def _login(self) -> dict[str, Any]:
        given = self.cloud.login()
        domain = {"name": "Default"}
        user = {"name": given["username"], "password": given["password"], "domain": domain}
        return {"identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"name": given["project_name"], "domain": domain}}}

    def _ask_often(self) -> None:
        """At the rate, whatever becomes of those before; where as many are under way as ever may be, it waits."""
        began, number = time.monotonic(), 0
        with ThreadPoolExecutor(8) as pool:
            while time.monotonic() < began + self.limit and not self._end.is_set():
                pool.submit(self._token)
                number += 1
                self._end.wait(max(0.0, began + number / self.rate - time.monotonic()))

    def _token(self) -> None:
        began, now = time.monotonic(), time.time()
        wrong = ""
        connection = http.client.HTTPConnection(self.cloud.vip, PORT, timeout=60)
        try:
            connection.request("POST", "/v3/auth/tokens", self._body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
            if answer.status != 201 or not answer.getheader("X-Subject-Token"):
                wrong = f"{answer.status}: {said[:200]!r}"
        except (OSError, http.client.HTTPException) as error:
            wrong = f"{type(error).__name__}: {error}"
        finally:
            connection.close()
        self.answers.append(Answer(now, time.monotonic() - began, wrong))

    def _look(self) -> None:
        while not self._end.wait(1):
            now = time.time()
            self.versions.append((now, tuple(version(machine) for machine in self.cloud.controllers)))


def version(machine: Machine) -> str:
    """When Keystone on a controller says that its API was last changed, which an image of ours says otherwise."""
    connection = http.client.HTTPConnection(machine.address, PORT, timeout=10)
    try:
        connection.request("GET", "/v3")
        return str(json.loads(connection.getresponse().read())["version"]["updated"])
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return ""
    finally:
        connection.close()


def one_after_another(versions: Sequence[tuple[str, ...]], old: str, new: str) -> bool:
    """Whether no node was seen as ``new`` before all in front of it were, and none went back."""
    reached = 0
    for seen in versions:
        word = "".join({old: "o", new: "n", "": "-"}.get(one, "?") for one in seen)
        if not re.fullmatch("[n-]*[o-]*", word) or "o" in word[:reached]:
            return False
        reached = max(reached, word.rfind("n") + 1)
    return True
