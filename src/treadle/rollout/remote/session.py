"""One open connection to one node's ``treadle-node``: verbs go, events and results come."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from treadle.errors import TreadleError, Unreachable
from treadle.events import Event, Events
from treadle.files import append_private, write_private
from treadle.node.aside import Volumes
from treadle.node.wire import BEAT, Failed, Hello, Request, Told, encode
from treadle.plan.nodes import Node
from treadle.rollout.remote import ssh
from treadle.rollout.remote.archive import Archive, boot

#: How long (seconds) a node has to end by itself once nothing is wanted of it any more.
_ENDING = 15.0
_CUT_OFF = "it answers no more; when it does again, run the same command again: it goes on from where it was"


class Mirror:
    """The deployer's copy of a node's log: what was told while it was heard, and what it did when it was not."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def catch_up(self, told: Told) -> None:
        """What the node did while nobody listened."""
        if told.anew and self.path.exists():
            self.path.replace(f"{self.path}.1")
        if told.log:
            write_private(self.path, (self.path.read_bytes() if self.path.exists() else b"") + told.log.encode())

    def add(self, line: bytes) -> None:
        append_private(self.path, lambda _: line)


class Session:
    """Opened by the first verb; one verb at a time. Once it is cut off it stays so."""

    def __init__(self, node: Node, hello: Hello, archive: Callable[[], Archive], events: Events,
                 mirror: Mirror) -> None:
        self.node = node
        self._hello = hello
        self._archive = archive
        self._events = events
        self._mirror = mirror
        self._turn = threading.Lock()
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: Any = None
        self._lost: Unreachable | None = None

    @property
    def lost(self) -> bool:
        return self._lost is not None

    def open(self) -> None:
        """Raises Unreachable where the node cannot be reached, or cannot run its part."""
        with self._turn:
            self._open()

    def call(self, verb: str, request: Request, recorded: Volumes | None = None) -> msgspec.Raw:
        """The verb's result. Raises what the verb raised on the node, or Unreachable."""
        with self._turn:
            self._open()
            self._write(encode(request))
            while True:
                told = self._read(verb)
                if told.ask:
                    self._write(encode(_answer(recorded, *told.ask)))
                elif told.failed:
                    raise told.failed.error(self.node.name)
                elif told.done:
                    return told.result

    def close(self) -> None:
        """The node ends what is under way, and its part of Treadle with it."""
        process = self._process
        if process is None:
            return
        self._ended.set()
        with self._writing, contextlib.suppress(OSError):
            assert process.stdin
            process.stdin.close()
        try:
            process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._errors.close()
        self._process = None

    def _open(self) -> None:
        if self._lost:
            raise self._lost
        if self._process is not None:
            return
        archive = self._archive()
        self._ended = threading.Event()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        script = ["-c", boot(), archive.digest, str(len(archive.data)), archive.suffix]
        # In a session of its own: Ctrl-C is the deployer's, which ends it in its own order.
        self._process = subprocess.Popen(ssh.command(self.node, script), stdin=subprocess.PIPE, stderr=self._errors,
                                         stdout=subprocess.PIPE, start_new_session=True)
        try:
            first = self._line()
            if not first.startswith(b"{"):
                raise ssh.refusal(self.node, self._process.wait(), self._said() or first.decode(errors="replace"))
            told = msgspec.json.decode(first, type=dict[str, Any])
            ssh.require_usable(self.node, told, archive.suffix)
            if not told["there"]:
                self._write(archive.data, end=b"")
            self._hello = msgspec.structs.replace(self._hello, log=self._mirror.size)
            self._write(encode(self._hello))
            while not (ready := self._read("begin")).ready:
                pass
        except Unreachable as error:
            self._lost = error
            raise
        self._mirror.catch_up(ready)
        threading.Thread(target=self._beat, args=(self._ended,), daemon=True).start()

    def _beat(self, ended: threading.Event) -> None:
        """Tell the node that somebody is there still: cut off, it begins nothing more."""
        while not ended.wait(BEAT):
            self._write(b"")

    def _read(self, verb: str) -> Told:
        """The next thing the node says that is for the caller; events are handed on."""
        while True:
            line = self._line()
            if not line:
                assert self._process
                code = self._process.wait()
                said = [each for each in self._said().splitlines() if each.strip()]
                self._lost = Unreachable(f"{self.node.name} was cut off in the middle of {verb}: "
                                         f"{said[-1] if said else f'ssh ended with {code}'}", hint=_CUT_OFF)
                raise self._lost
            told = msgspec.json.decode(line, type=Told)
            if bytes(told.event):
                self._hand_on(told)
            elif told.anew and not told.ready:
                self._mirror.catch_up(told)
            else:
                return told

    def _hand_on(self, told: Told) -> None:
        if told.logged:
            self._mirror.add(bytes(told.event))
        event = msgspec.json.decode(told.event, type=Event)
        self._events.emit(event.kind, event.text, node=event.node, step=event.step, subject=event.subject,
                          **event.data)

    def _line(self) -> bytes:
        assert self._process and self._process.stdout
        return self._process.stdout.readline()

    def _write(self, data: bytes, end: bytes = b"\n") -> None:
        with self._writing:
            try:
                assert self._process and self._process.stdin
                self._process.stdin.write(data + end)
                self._process.stdin.flush()
            except (OSError, ValueError):  # it is told by what is read, with the reason
                return

    def _said(self) -> str:
        self._errors.seek(0)
        return str(self._errors.read().decode(errors="replace"))


def _answer(recorded: Volumes | None, generation: str, node: str) -> Request:
    """What the history has; its own errors are the node's then."""
    try:
        trees: Mapping[str, Any] = recorded(generation, node) if recorded else {}
        return Request(answer=dict(trees))
    except TreadleError as error:
        return Request(failed=Failed.of(error))
