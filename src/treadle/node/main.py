"""``treadle-node``: serves one deployer on its standard input and output until that ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import queue
import select
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from treadle.engine import Engine
from treadle.errors import StepFailed, TreadleError
from treadle.events import Event, Events
from treadle.files import append_private, host_error
from treadle.generate.tree import ConfigTree
from treadle.node.local import LocalNode
from treadle.node.wire import CHANGING, RECORDED, SILENCE, Failed, Hello, Request, Told, encode, hints, unpacked, verbs
from treadle.paths import NodePaths
from treadle.secrets import Secrets

#: A log that is larger begins anew, beside the one before it.
_LARGEST_LOG = 8 << 20
#: How long (seconds) another one that works on this node is waited for.
_PATIENCE = 45.0
#: How long (seconds) what is under way may take still, once the deployer is gone.
_GRACE = 10.0


class Inbox:
    """The deployer's lines, read as they come, so that its end is seen while a verb is under way."""

    def __init__(self, handle: int, silence: float = SILENCE) -> None:
        self._handle = handle
        self._silence = silence
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        #: Called once, when the deployer is gone.
        self.gone = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def get(self) -> bytes | None:
        """The next line; None when the deployer is gone."""
        return self._lines.get()

    def _read(self) -> None:
        rest = b""
        while select.select([self._handle], [], [], self._silence)[0]:
            data = os.read(self._handle, 1 << 20)
            if not data:
                break
            *lines, rest = (rest + data).split(b"\n") if b"\n" in data else (rest + data,)
            for line in filter(None, lines):
                self._lines.put(line)
        self.gone.set()
        self._lines.put(None)


class Server:
    """One deployer's session."""

    def __init__(self, inbox: Inbox, out: int, hello: Hello, scratch: Path | None) -> None:
        self._inbox = inbox
        self._out = out
        self._turn = threading.Lock()
        self._paths = NodePaths(hello.plan.stack, hello.plan.root)
        self._exclusive: Any = None
        self._scratch = scratch
        self._events = Events(self._tell, mask=Secrets(hello.plan.secrets).mask)
        self.agent = LocalNode(hello.plan, Engine(), self._events, scratch)
        threading.Thread(target=self._stop_when_gone, daemon=True).start()
        self._send(Told(ready=True, **self._log_from(hello.log)))

    def _stop_when_gone(self) -> None:
        """What is under way has a little time to end; what waits (for a container's health) is cut off, as a kill of
        the deployer on this machine would: the next one goes on from there, and must not wait for it."""
        self._inbox.gone.wait()
        self.agent.stop()
        time.sleep(_GRACE)
        os._exit(1)

    def serve(self) -> None:
        """Until the deployer is gone."""
        while (line := self._inbox.get()) is not None:
            try:
                self._send(Told(done=True, result=self._do(msgspec.json.decode(line, type=Request))))
            except TreadleError as error:
                self._send(Told(failed=Failed.of(error)))
            except OSError as error:
                self._send(Told(failed=Failed.of(host_error(error))))
            except Exception as error:
                traceback.print_exc()
                said = f"treadle-node failed on {self.agent.plan.node}: {type(error).__name__}: {error}"
                self._send(Told(failed=Failed.of(StepFailed(said, hint="report it, with the lines above"))))

    def _do(self, request: Request) -> msgspec.Raw:
        verb = request.verb
        if verb not in verbs():
            raise StepFailed(f"treadle-node knows no verb {verb}")
        if verb in CHANGING and self._scratch is None and self._exclusive is None:
            self._exclusive = self._lock()
        arguments = unpacked(verb, request.arguments)
        if RECORDED in hints(verb):
            arguments[RECORDED] = self._recorded
        self.agent.thorough = request.thorough
        self.agent.only = None if request.only is None else frozenset(request.only)
        result = getattr(self.agent, verb)(**arguments)
        if verb == "delete":
            self._exclusive = None  # with its file, and the log, all state is gone
            with contextlib.suppress(OSError):  # another deployer may have begun anew
                self._paths.state.parent.rmdir()
        return msgspec.Raw(encode(result))

    def _recorded(self, generation: str, node: str) -> Mapping[str, ConfigTree]:
        """What the deployer's history has of a generation."""
        self._send(Told(ask=(generation, node)))
        line = self._inbox.get()
        if line is None:
            raise StepFailed("the deployer is gone")
        answer = msgspec.json.decode(line, type=Request)
        if answer.failed:
            raise answer.failed.error()
        return answer.answer or {}

    def _lock(self) -> Any:
        """The right to change this node for its stack, for as long as the session lasts."""
        path = self._paths.state / "lock"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = path.open("a+b", buffering=0)
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until or self._inbox.gone.is_set():
                    file.seek(0)
                    raise StepFailed(f"process {file.read().decode().strip() or '?'} still works on "
                                     f"{self.agent.plan.node} for {self._paths.stack}",
                                     hint="wait until it has ended, then run the same command again") from None
                time.sleep(0.2)
        file.truncate(0)
        file.write(f"{os.getpid()}\n".encode())
        if self._log.exists() and self._log.stat().st_size > _LARGEST_LOG:
            self._log.replace(f"{self._log}.1")
            self._send(Told(anew=True))
        return file

    @property
    def _log(self) -> Path:
        return self._paths.state / "log.jsonl"

    def _log_from(self, known: int) -> dict[str, Any]:
        """What the node's log has beyond the first ``known`` bytes; all of it where it was begun anew since."""
        data = self._log.read_bytes() if self._log.exists() else b""
        anew = len(data) < known
        return {"log": data[0 if anew else known:].decode("utf-8", "replace"), "anew": anew}

    def _tell(self, event: Event) -> None:
        line = encode(event)
        if self._exclusive is not None:
            append_private(self._log, lambda _: line)
        self._send(Told(event=msgspec.Raw(line), logged=self._exclusive is not None))

    def _send(self, told: Told) -> None:
        data = encode(told) + b"\n"
        with self._turn:
            try:
                while data:
                    data = data[os.write(self._out, data):]
            except OSError:  # nobody listens any more, which the inbox sees too
                self._inbox.gone.set()


def main() -> int:
    """Serve standard input; gives the exit status."""
    out = os.dup(1)
    os.dup2(2, 1)  # what libraries print is no message
    inbox = Inbox(0)
    line = inbox.get()
    if line is None:
        return 0
    hello = msgspec.json.decode(line, type=Hello)
    scratch = Path(tempfile.mkdtemp(prefix="treadle-check-")) if hello.scratch else None
    try:
        Server(inbox, out, hello, scratch).serve()
    finally:
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
