"""Hooks: commands and addresses that are told of events as they happen.

A hook is told at once and in order: it has ended, or its time is over, before what comes next is begun.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Sequence
from fnmatch import fnmatchcase
from http.client import HTTPException
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from treadle.errors import InputError, nearest
from treadle.events import Event, Events
from treadle.files import read_document, write_private
from treadle.rollout.state import whoami

#: Seconds that one hook may take for one event.
LIMIT = 10.0
#: Failures in a row after which a hook is left alone until the command ends: it must not hold up each event.
STRIKES = 3
DEFAULT_KINDS = ("reload.*",)
_EDGES = ("begin", "end", "fail")
#: The kinds that there are. Those of ``hook.`` are for people: a hook is never told of hooks.
KINDS = (*(f"{kind}.{edge}" for kind in ("action", "batch", "command", "drain", "generate.volume", "host_prep", "phase",
                                         "propagate", "reload", "tasks", "update") for edge in _EDGES),
         "bootstrap.result", "drain.late", "drain.left", "drain.undo", "generate.output", "generate.plain",
         "generate.plan", "generate.retry", "generation", "generation.approved", "generation.rejected",
         "generation.tag", "generation.withdrawn", "heat.difference", "heat.left", "host_prep.task", "lock.broken",
         "node.failed", "options.unknown", "propagate.changed", "propagate.kept", "reload.busy", "reload.restart",
         "rollback", "tasks.task")


class Hook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who is told of which kinds of events (globs): a shell ``command``, or a ``url``."""

    name: str
    on: list[str]
    command: str = ""
    url: str = ""

    def wants(self, kind: str) -> bool:
        return not kind.startswith("hook.") and any(fnmatchcase(kind, pattern) for pattern in self.on)

    @property
    def target(self) -> str:
        """What to show of it: of an address neither user nor password."""
        if self.command:
            return self.command
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def checked(name: str, command: str, url: str, on: Sequence[str]) -> Hook:
    """A hook as a user gave it. Raises InputError naming the option that cannot be."""
    if bool(command) == bool(url):
        raise InputError("expected one of --command and --url", key=name, hint="a hook is a command or an address")
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise InputError(f"expected an address such as https://host/path, got {url!r}", key="--url")
    for pattern in on:
        if not any(fnmatchcase(kind, pattern) for kind in KINDS):
            raise InputError(f"no kind of event matches {pattern!r}{nearest(pattern, KINDS)}", key="--on",
                             hint=f"kinds: {', '.join(KINDS)}")
    return Hook(name, list(on) or list(DEFAULT_KINDS), command, url)


def read(path: Path) -> dict[str, Hook]:
    """The stack's hooks by name, in the order in which they are told. Raises InputError for a damaged file."""
    return {hook.name: hook for hook in read_document(path, list[Hook]) or []}


def write(path: Path, hooks: dict[str, Hook]) -> None:
    """Keep them, readable by their owner alone: an address may carry a password."""
    write_private(path, msgspec.json.encode(list(hooks.values())))


class Hooks:
    """An event listener. What a hook got wrong is told as an event (``hook.fail``) and stops nothing."""

    def __init__(self, hooks: Sequence[Hook], stack: str, limit: float = LIMIT) -> None:
        self._hooks = hooks
        self._stack = stack
        self._limit = limit
        self._failed = dict.fromkeys((hook.name for hook in hooks), 0)
        self._lock = threading.Lock()
        self.events = Events()

    def __call__(self, event: Event) -> None:
        wanting = [hook for hook in self._hooks if hook.wants(event.kind)]
        if not wanting:
            return
        document = {"stack": self._stack, "who": whoami(), **msgspec.to_builtins(event)}
        data = msgspec.json.encode(document)
        with self._lock:  # nodes are changed at the same time, their events are told one by one
            for hook in wanting:
                if self._failed[hook.name] < STRIKES:
                    self._tell(hook, event.kind, data)

    def _tell(self, hook: Hook, kind: str, data: bytes) -> None:
        wrong = run(hook.command, data, self._limit) if hook.command else post(hook.url, data, self._limit)
        self._failed[hook.name] = self._failed[hook.name] + 1 if wrong else 0
        if wrong:
            last = f"; it is not told of anything more until this command ends, after {STRIKES} failures in a row"
            self.events.emit("hook.fail", f"warning: hook {hook.name} ({kind}): {wrong}"
                             f"{last if self._failed[hook.name] == STRIKES else ''}", subject=hook.name)


def run(command: str, data: bytes, limit: float) -> str:
    """Give ``data`` to a shell command's standard input; gives what went wrong, '' for nothing."""
    process = subprocess.Popen(["/bin/sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    try:
        output, _ = process.communicate(data, timeout=limit)
    except subprocess.TimeoutExpired:
        return f"did not end within {limit:g} s"
    finally:
        _end(process)
    said = output.decode("utf-8", "replace").strip().splitlines()[-1:]
    return ": ".join([f"ended with {process.returncode}", *said]) if process.returncode else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """With all that it started: what it left in the background would hold the pipe, or go on unseen."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()


def post(url: str, data: bytes, limit: float) -> str:
    """POST ``data`` as application/json; gives what went wrong, '' for an answer of 2xx."""
    wrong = [f"did not answer within {limit:g} s"]

    def send() -> None:
        try:
            wrong[0] = _send(url, data, limit)
        except (OSError, ValueError, HTTPException) as error:
            wrong[0] = f"cannot be told: {getattr(error, 'reason', '') or error}"

    # The library's time limit is one for each read: who answers byte by byte would never meet it.
    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    thread.join(limit)
    return wrong[0]


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirected POST would be sent on as a GET without the event."""

    def redirect_request(self, *_: object) -> None:
        return None


def _send(url: str, data: bytes, limit: float) -> str:
    parts = urlsplit(url)
    headers = {"Content-Type": "application/json"}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = urllib.request.Request(bare, data, headers, method="POST")
    try:
        with urllib.request.build_opener(_NoRedirects).open(request, timeout=limit) as answer:
            return "" if 200 <= answer.status < 300 else f"answered {answer.status}"
    except urllib.error.HTTPError as error:
        return f"answered {error.code} {error.reason}"
