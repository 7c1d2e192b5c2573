"""A deploy that goes on while a test does something to the world around it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.cloud import Cloud, Done


@dataclass
class UnderWay:
    """One ``openstack overcloud deploy`` in its own session, at a terminal that the test types into."""

    process: subprocess.Popen[bytes]
    terminal: int
    folder: Path

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text()

    def until(self, true: Callable[[], bool], within: float = 120) -> None:
        """Return when ``true`` says so; the deploy has to be under way still."""
        end = time.monotonic() + within
        while not true():
            assert self.process.poll() is None and time.monotonic() < end, self.err
            time.sleep(0.05)

    def planned(self) -> None:
        """Wait until the plan was made: nothing is changed before it is answered."""
        self.until(lambda: "✓ Plan" in self.err)

    def answer(self, word: str = "y") -> None:
        os.write(self.terminal, f"{word}\n".encode())

    def ended(self, within: float = 180) -> Done:
        code = self.process.wait(within)
        return Done(code, (self.folder / "out").read_text(), self.err)


@contextmanager
def under_way(cloud: Cloud, *more: str) -> Iterator[UnderWay]:
    """A deploy of ``cloud``, with ``--yes`` among ``more`` where nobody is to be asked; killed at the end of the
    block if it goes on still."""
    folder = cloud.folder / "under-way"
    folder.mkdir(exist_ok=True)
    terminal, inside = pty.openpty()
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen(cloud.deploy_words(*more), stdin=inside, stdout=out, stderr=err,
                                   env=cloud.variables, start_new_session=True)
    os.close(inside)
    try:
        yield UnderWay(process, terminal, folder)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        os.close(terminal)


def asked(cloud: Cloud, meanwhile: Callable[[], object], *more: str) -> Done:
    """A deploy during which ``meanwhile`` happens between its plan and the yes to it."""
    with under_way(cloud, *more) as deploy:
        deploy.planned()
        meanwhile()
        deploy.answer()
        return deploy.ended()
