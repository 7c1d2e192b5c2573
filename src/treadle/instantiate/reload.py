"""A reload: the new configuration is brought into a running container, its service is told, and is seen to take it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from treadle.engine import Engine, Observed
from treadle.errors import StepFailed
from treadle.events import Events
from treadle.instantiate.desired import Desired, Difference
from treadle.instantiate.processes import Processes
from treadle.plan.commands import argv_of
from treadle.plan.containers import Reload
from treadle.plan.quantities import seconds

_COPY = ("kolla_set_configs",)
#: How long (seconds) reading a log may take.
_READING = 30.0
#: What a reload command ends with when the new configuration is no good and the service goes on with what it has
#: (EX_CONFIG of sysexits.h). A restart would end the service.
_REFUSED = 78


class NotTaken(StepFailed):
    """The service does not run the new configuration, and why."""


class Refused(StepFailed):
    """The new configuration is no good: the service goes on with the old one, and must not be restarted."""


@dataclass(frozen=True)
class Reloader:
    """Reloads containers of one node. Times are in seconds. ``mask`` hides secrets in what commands say."""

    engine: Engine
    events: Events
    node: str
    mask: Callable[[str], str] = str
    processes: Processes = field(default_factory=Processes)
    poll: float = 0.1
    command_limit: float = 60.0

    def reload(self, item: Desired, there: Observed, differences: Sequence[Difference]) -> float:
        """Reload ``there``; gives the moment (epoch seconds) whose configuration it now runs.

        Emits ``reload.begin`` and ``reload.end`` or ``reload.fail``. Raises NotTaken where the service refused, ended
        or did not show within its time that it took it: then it has to be restarted. Raises Refused where its reload
        command found the configuration broken: then it must not.
        """
        how = item.container.reload
        if how is None:
            raise NotTaken(f"{item.name} declares no reload")
        words = [difference.delta.words for difference in differences]
        with self.events.span("reload", f"reload {item.name}", node=self.node, subject=item.name, changes=words):
            return self._reload(item, there, how, differences)

    def _reload(self, item: Desired, there: Observed, how: Reload, differences: Sequence[Difference]) -> float:
        moment = time.time()
        started = self._started(there)
        before = self.processes.workers(started.pid)
        log = _Log(self.engine, there.id, how.seen.file, moment)
        log.begin()
        if item.copies_always:
            self._run(there, _COPY, "copying its configuration", user="root")
        if how.signal:
            if not self.processes.signal(started.pid, there.id, how.signal):
                raise NotTaken("its main process is not there to be told")
        else:
            self._tell(there, argv_of(how.command), max(self.command_limit, seconds(how.seen.within)))
        signs = list(self._signs(there, how, differences, log, started.pid, before))
        self._await(there, started, signs, seconds(how.seen.within))
        self._drain(item, started.pid, before, seconds(how.drain))
        return moment

    def _run(self, there: Observed, argv: Sequence[str], what: str, user: str = "") -> None:
        code, output = self.engine.execute(there.id, argv, user=user, limit=self.command_limit)
        if code:
            raise NotTaken(f"{what} ended with {code}: {' '.join(self.mask(output).split())[-300:]}")

    def _tell(self, there: Observed, argv: Sequence[str], limit: float) -> None:
        code, output = self.engine.execute(there.id, argv, limit=limit)
        if code == _REFUSED:
            said = self.mask(output.strip())[-2000:]
            raise Refused("the new configuration is broken; the service goes on with the one that it has",
                          hint=f"{said}\ncorrect it and deploy again; a restart would fail")
        if code:
            raise NotTaken(f"its reload command ended with {code}: {' '.join(self.mask(output).split())[-300:]}")

    def _started(self, there: Observed) -> _Started:
        state = self.engine.inspect(there.id)["State"]
        if not state["Running"]:
            raise NotTaken("it does not run any more")
        return _Started(state["Pid"], state["StartedAt"])

    def _signs(self, there: Observed, how: Reload, differences: Sequence[Difference], log: _Log, pid: int,
               before: frozenset[tuple[int, int]]) -> Iterable[tuple[str, Callable[[], bool]]]:
        """What has to come true, each with what it is called in the error."""
        seen = how.seen
        for pattern in dict.fromkeys(_expanded(seen.log, differences) if seen.log else ()):
            yield f"its log does not say {pattern!r}", lambda pattern=pattern: bool(re.search(pattern, log.new()))  # type: ignore[misc]
        if seen.workers:
            yield "no new worker came", lambda: bool(self.processes.workers(pid) - before)
        if seen.command:
            argv, limit = argv_of(seen.command), seconds(seen.within)
            yield f"{argv[0]} does not confirm it", lambda: self.engine.execute(there.id, argv, limit=limit)[0] == 0

    def _await(self, there: Observed, started: _Started, signs: list[tuple[str, Callable[[], bool]]],
               within: float) -> None:
        until = time.monotonic() + within
        while True:
            signs = [(name, true) for name, true in signs if not true()]
            if self._started(there) != started:
                raise NotTaken("it ended and was started again")
            if not signs:
                return
            if time.monotonic() > until:
                raise NotTaken(f"within {within:g} s {signs[0][0]}")
            time.sleep(self.poll)

    def _drain(self, item: Desired, pid: int, before: frozenset[tuple[int, int]], limit: float) -> None:
        """Wait for workers with the old configuration to end what they began; they may go on beyond the limit."""
        until = time.monotonic() + limit
        while limit and self.processes.workers(pid) & before:
            if time.monotonic() > until:
                self.events.emit("reload.busy", f"{item.name}: workers with the old configuration still go on after "
                                 f"{limit:g} s", node=self.node, subject=item.name)
                return
            time.sleep(self.poll)


@dataclass(frozen=True)
class _Started:
    """What tells a run of a container from the next."""

    pid: int
    at: str


@dataclass
class _Log:
    """What a service writes from ``moment`` on: to a file in the container, or to its output."""

    engine: Engine
    container: str
    file: str
    moment: float
    size: int = 0

    def begin(self) -> None:
        self.size = self._length() if self.file else 0

    def new(self) -> str:
        if not self.file:
            return self.engine.logs_since(self.container, self.moment)
        begin = self.size if self._length() >= self.size else 0  # it was rotated meanwhile
        return self._run("tail", "-c", f"+{begin + 1}", self.file)[1]

    def _length(self) -> int:
        """In bytes; a service that has not written yet has no file."""
        code, output = self._run("stat", "-c", "%s", self.file)
        return 0 if code else int(output)

    def _run(self, *argv: str) -> tuple[int, str]:
        return self.engine.execute(self.container, argv, user="root", limit=_READING)


def _expanded(pattern: str, differences: Sequence[Difference]) -> list[str]:
    """``pattern`` for every changed option."""
    options = [(d.delta.section, d.delta.option) for d in differences if d.delta.option]
    if "{section}" not in pattern and "{option}" not in pattern:
        return [pattern]
    return [pattern.replace("{section}", re.escape(section)).replace("{option}", re.escape(option))
            for section, option in options]
