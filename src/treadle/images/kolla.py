"""Runs the real ``kolla-build`` as its users do, by command line, and turns its log lines into events."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from treadle.errors import TreadleError
from treadle.events import Events

_LINE = re.compile(r"^(?P<level>[A-Z]+):kolla\.common\.utils(?:\.(?P<image>[^:]+))?:(?P<text>.*)$")
_TOOK = re.compile(r"^Built at .* \(took (\d+):(\d+):([\d.]+)\)$")
_FAILED = re.compile(r"^(\S+) Failed with status: (\S+)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_BEGAN = "Building started at "


class ImageError(TreadleError):
    """An image could not be built."""


@dataclass(frozen=True)
class Progress:
    """What one line of kolla-build's log says. ``kind``: begin, end (``seconds``) or fail (``reason``)."""

    kind: str
    image: str
    seconds: float = 0.0
    reason: str = ""


def read_line(line: str) -> Progress | None:
    """The progress that a line tells, or None."""
    match = _LINE.match(line)
    if not match:
        return None
    image, text = match["image"] or "", match["text"]
    if image and text.startswith(_BEGAN):
        return Progress("begin", image)
    if image and (took := _TOOK.match(text)):
        return Progress("end", image, int(took[1]) * 3600 + int(took[2]) * 60 + float(took[3]))
    if not image and match["level"] == "ERROR" and (failed := _FAILED.match(text)):
        return Progress("fail", failed[1], reason=failed[2])
    return None


def log_tail(text: str, count: int = 20) -> list[str]:
    """The last lines that the builder wrote in its last attempt: no traceback of kolla's own, no colours."""
    lines: list[str] = []
    skipping = False
    for line in text.splitlines():
        match = _LINE.match(line)
        said = _COLOUR.sub("", match["text"] if match else line).rstrip()
        if said.startswith(_BEGAN):
            lines, skipping = [], False
            continue
        skipping = skipping or said.startswith(("Unknown container engine", "Unknown error when building"))
        if said and not skipping:
            lines.append(said)
    return lines[-count:]


@dataclass(frozen=True)
class Kolla:
    """kolla-build with its fixed arguments. ``lock`` is a file descriptor that it inherits: a build that
    outlives us keeps the lock."""

    folder: Path
    namespace: str
    tag: str
    overrides: tuple[Path, ...]
    environment: Mapping[str, str]
    logs: Path
    lock: int

    def command(self, names: Sequence[str], *options: str) -> list[str]:
        """The command line that builds exactly ``names``; kolla's patterns match anywhere unless anchored."""
        own = self.folder / "template-overrides.j2"
        overrides = [f"--template-override={file}" for file in (own, *self.overrides)]
        recipes = ["--docker-dir=docker"] if (self.folder / "docker").is_dir() else []
        return [str(Path(sys.executable).parent / "kolla-build"), "--config-file", "kolla-build.conf", *recipes,
                "--namespace", self.namespace, "--tag", self.tag, *overrides, "--format", "none", *options,
                *(f"^{re.escape(name)}$" for name in names)]

    def render(self, names: Sequence[str], work: Path) -> None:
        """Render the Dockerfiles of ``names`` and their ancestors under ``work``."""
        self._run(self.command(names, "--template-only", "--work-dir", str(work)), "render", lambda _: None)

    def build(self, names: Sequence[str], events: Events, done: Callable[[str], None], *, threads: int,
              cache: bool, lane: str) -> None:
        """Build ``names``; ``done`` is called with each image's name as soon as it is there.

        Images that exist are taken as they are. ImageError with the end of the failing image's log.
        """
        failed: list[Progress] = []

        def hear(line: str) -> None:
            progress = read_line(line)
            if progress is None:
                return
            if progress.kind == "end":
                done(progress.image)
                events.emit("image.end", f"{progress.image} built", subject=progress.image,
                            seconds=progress.seconds)
            elif progress.kind == "begin":
                events.emit("image.begin", f"{progress.image} is being built", subject=progress.image)
            else:
                events.emit("image.fail", f"{progress.image} failed", subject=progress.image)
                failed.append(progress)

        for name in names:
            (self.logs / f"{name}.log").unlink(missing_ok=True)
        options = ["--skip-existing", f"--threads={threads}", "--logs-dir", str(self.logs),
                   *([] if cache else ["--nocache"])]
        try:
            self._run(self.command(names, *options), lane, hear)
        except ImageError as error:
            if failed:
                raise self._failure(failed) from error
            raise

    def _failure(self, failed: Sequence[Progress]) -> ImageError:
        culprit = next((f for f in failed if f.reason != "parent_error"), failed[0])
        log = self.logs / f"{culprit.image}.log"
        tail = log_tail(log.read_text(errors="replace")) if log.exists() else []
        others = [f.image for f in failed if f is not culprit]
        message = f"image {culprit.image} could not be built"
        if others:
            message += f" (nor, for that reason or their own: {', '.join(others)})"
        return ImageError(message, source=log, hint="the end of its log:\n    " + "\n    ".join(tail))

    def _run(self, command: Sequence[str], lane: str, hear: Callable[[str], None]) -> None:
        log = self.logs / f"kolla-build-{lane}.log"
        self.logs.mkdir(parents=True, exist_ok=True)
        try:
            process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, pass_fds=(self.lock,),
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                                       errors="replace", env={**os.environ, **self.environment})
        except FileNotFoundError as error:
            raise ImageError("kolla-build is not installed beside this Python", source=command[0],
                             hint="pip install -c constraints.txt -e . in the same virtual environment") from error
        assert process.stdout is not None
        last = ""
        try:
            with log.open("w") as out:
                for line in process.stdout:
                    out.write(line)
                    last = line.strip() or last
                    hear(line.rstrip("\n"))
            status = process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        if status:
            raise ImageError(f"kolla-build ended with status {status}: {last}", source=log)


def build_lanes(kolla: Kolla, lanes: Sequence[Sequence[str]], events: Events, done: Callable[[str], None], *,
                cache: bool, first: str = "") -> None:
    """Build several lists of images side by side; all but the first list wait until ``first`` is built.

    kolla-build queues the children of an image in the order of the disk, so the one with the longest tail
    (openstack-base) is often begun last. A list of its own is begun at once.
    """
    ready = threading.Event()
    errors: list[BaseException] = []
    if not first:
        ready.set()

    def built(name: str) -> None:
        done(name)
        if name == first:
            ready.set()

    def run(index: int) -> None:
        if index:
            ready.wait()
        try:
            if not (index and errors):
                kolla.build(lanes[index], events, built, cache=cache, lane=str(index + 1),
                            threads=2 if index == 0 else 1)
        except BaseException as error:
            errors.append(error)
        finally:
            ready.set()

    threads = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(len(lanes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
