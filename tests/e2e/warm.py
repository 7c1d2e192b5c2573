"""``openstack`` and ``treadle`` without their start-up: a process that has loaded both forks for each command.

The tests call them hundreds of times, and to load OpenStackClient takes a processor a second. A command has its
words, variables, streams, folder and process as ever; its start itself is shown by bin/standalone, by what is typed at
a terminal (under_way.py).
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
#: What each command calls.
MAINS = {"openstack": "openstackclient.shell", "treadle": "treadle.cli.main"}
#: What they load only when they need it.
LATE = ("cinderclient.v3.client", "docker", "heatclient.v1.client", "jinja2", "keystoneauth1.identity.v3",
        "openstack.connection", "rich.console", "rich.live", "sqlite3", "yaml", "yaql")
_LARGEST = 1 << 18


@dataclass
class Begun:
    """A command under way, in a session of its own."""

    pid: int
    _end: socket.socket
    _code: int | None = None

    def poll(self) -> int | None:
        """How it ended, as subprocess has it; None while it goes on."""
        try:
            return self.wait(0)
        except BlockingIOError:
            return None

    def wait(self, timeout: float | None = None) -> int:
        """Raises TimeoutError (BlockingIOError where ``timeout`` is 0)."""
        if self._code is None:
            self._end.settimeout(timeout)
            said = self._end.recv(_LARGEST)
            assert said, "the process that forks for commands is gone"
            self._code = int(said)
            self._end.close()
        return self._code

    def kill(self) -> None:
        """With all that it started."""
        with suppress(ProcessLookupError):  # it ended by itself
            os.killpg(self.pid, signal.SIGKILL)


class Warm:
    """The process that forks. It ends, with all commands, when this one does."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._control: socket.socket | None = None

    def begin(self, words: Sequence[str], variables: Mapping[str, str], out: int, err: int) -> Begun:
        """Run a command with its output to the open files ``out`` and ``err`` and nothing to read."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = json.dumps([list(words), dict(variables), str(Path.cwd())]).encode()
        with theirs, self._turn:
            if self._control is None:
                self._control = self._start()
            socket.send_fds(self._control, [request], [out, err, theirs.fileno()])
        return Begun(int(ours.recv(_LARGEST)), ours)

    def run(self, words: Sequence[str], variables: Mapping[str, str],
            timeout: float) -> subprocess.CompletedProcess[str]:
        """Run a command to its end. It is killed where that takes more than ``timeout`` seconds: TimeoutError."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            begun = self.begin(words, variables, out.fileno(), err.fileno())
            try:
                code = begun.wait(timeout)
            except BaseException:
                begun.kill()
                raise
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(words, code, out.read(), err.read())

    def _start(self) -> socket.socket:
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        control.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LARGEST)
        with theirs:
            subprocess.Popen([sys.executable, "-m", __name__, str(theirs.fileno())], pass_fds=[theirs.fileno()],
                             cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             env={**os.environ, "PYTHONWARNINGS": "ignore"}, start_new_session=True)
        return control


@dataclass
class Asked:
    """What a fork is to be."""

    words: list[str]
    variables: dict[str, str]
    folder: str
    files: list[int]

    def take(self) -> None:
        """Become it."""
        for number, file in enumerate(self.files, 1):
            os.dup2(file, number)
            os.close(file)
        os.environ.clear()
        os.environ.update(self.variables)
        os.chdir(self.folder)
        sys.argv = [str(Path(sys.executable).with_name(self.words[0])), *self.words[1:]]


def load() -> None:
    import treadle

    own = [module.name for module in pkgutil.walk_packages(treadle.__path__, "treadle.")]
    for name in (*MAINS.values(), *own, *LATE):
        importlib.import_module(name)
    known = entry_points()
    for group in known.groups:
        if group.startswith("openstack."):  # the verbs of all clients
            for point in known.select(group=group):
                point.load()


def forked(control: socket.socket) -> Asked | None:
    """Fork for whatever is asked for, and tell how each ended. Comes back in each fork, with what that is to be, and
    when nobody can ask any more."""
    ends: dict[int, tuple[int, socket.socket]] = {}
    with selectors.DefaultSelector() as ready:
        ready.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fd != control.fileno():
                    ready.unregister(key.fd)
                    os.close(key.fd)
                    pid, end = ends.pop(key.fd)
                    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    with end:
                        end.send(str(code).encode(), socket.MSG_NOSIGNAL)
                    continue
                data, files, _, _ = socket.recv_fds(control, _LARGEST, 3)
                if not data:
                    for pid, _ in ends.values():
                        os.killpg(pid, signal.SIGKILL)
                    return None
                *streams, end_file = files
                end = socket.socket(fileno=end_file)
                pid = os.fork()
                if not pid:
                    for handle, (_, other) in ends.items():
                        os.close(handle)
                        other.close()
                    control.close()
                    os.setsid()
                    with end:
                        end.send(str(os.getpid()).encode())
                    words, variables, folder = json.loads(data)
                    return Asked(words, variables, folder, streams)
                for file in streams:
                    os.close(file)
                handle = os.pidfd_open(pid)
                ends[handle] = pid, end
                ready.register(handle, selectors.EVENT_READ)


if __name__ == "__main__":
    load()
    asked = forked(socket.socket(fileno=int(sys.argv[1])))
    if asked:
        asked.take()
        sys.exit(importlib.import_module(MAINS[asked.words[0]]).main())
