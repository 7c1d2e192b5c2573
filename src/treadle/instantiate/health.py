"""Whether a container that was started is well: it stays up, and its check succeeds in time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from treadle.engine import Observed
from treadle.errors import EngineError, StepFailed
from treadle.instantiate.context import Context, epoch, tail
from treadle.instantiate.desired import Desired
from treadle.instantiate.processes import Processes
from treadle.instantiate.request import health_argv
from treadle.plan.containers import Container, argv_of
from treadle.plan.quantities import seconds

_DOWN = ("exited", "dead", "restarting")
#: Pauses between two attempts of a check while nothing moves, in seconds, and between any two.
_FIRST, _SLOWEST, _LEAST = 0.5, 5.0, 0.3


class Unwell(StepFailed):
    """``container`` does not do what it was started for; ``said`` is what it or its check wrote."""

    def __init__(self, message: str, container: str, said: str) -> None:
        super().__init__(message, hint=said)
        self.container = container
        self.said = said


@dataclass(frozen=True)
class Check:
    """What must become true of a container. All times in seconds; without ``argv`` it only has to stay up."""

    argv: tuple[str, ...] = ()
    within: float = 0.0
    timeout: float = 0.0
    stay_up: float = 0.0


def check_of(container: Container, within: float) -> Check:
    """By its ``health``, else by its healthcheck, which has ``within`` seconds or its own start_period if longer."""
    health, check = container.health, container.healthcheck
    argv = argv_of(health.command) if health and health.command else health_argv(check) if check else []
    if health:
        return Check(tuple(argv), seconds(health.within), seconds(health.timeout), seconds(health.stay_up))
    if check:
        return Check(tuple(argv), max(within, seconds(check.start_period)), seconds(check.timeout))
    return Check()


@dataclass(frozen=True)
class Watch:
    """Waits for containers of one node. ``within`` is the limit of checks that name none; ``settle`` is how long a
    replacement without a check stays up before what it replaces is given up."""

    context: Context
    within: float
    settle: float
    poll: float

    def await_well(self, item: Desired, container: str, *, replaces: bool = False) -> None:
        """Return when it is well. Raises Unwell when it ended, or did not become well in time."""
        if item.copies_always or item.copies_once:
            self._await_copied(item.name, container)
        check = check_of(item.container, self.within)
        if check.argv:
            self._await_check(item.name, container, check)
        stay = max(check.stay_up, self.settle if replaces and not check.argv else 0.0)
        self._stay(item.name, container, stay)

    def _await_copied(self, name: str, container: str) -> None:
        """Kolla copies the configuration in before it starts the service: a command that runs in the container
        earlier would not find it."""
        until = time.monotonic() + self.within
        while (state := self._require_up(name, container))["Running"] and Processes().prepares(state["Pid"]):
            if time.monotonic() > until:
                raise Unwell(f"{name} did not copy its configuration within {self.within:g} s", container,
                             self.context.log_tail(container))
            time.sleep(self.poll)

    def well_now(self, container: Container | None, there: Observed) -> bool:
        """Whether it runs, and its check succeeds at the first attempt; without one, whether it stays up."""
        check = check_of(container, self.within) if container else Check()
        if not there.running:
            return False
        if check.argv:
            return self.context.engine.execute(there.id, check.argv, limit=check.timeout)[0] == 0
        try:
            self._stay(there.name, there.id, self.settle)
        except Unwell:
            return False
        return True

    def _await_check(self, name: str, container: str, check: Check) -> None:
        """Run it until it succeeds: the engine's own would first come after a whole interval. Each attempt costs the
        node more than many a service's start, so it comes when the service has opened or closed a socket, else rarely;
        at first at once, where it has run for a while.
        """
        up = time.time() - epoch(self.context.state(container)["StartedAt"])
        until, pause, said = time.monotonic() + check.within, max(0.0, _FIRST - up), ""
        before: frozenset[str] = frozenset()
        while True:
            state = self._require_up(name, container)
            if state["Running"]:
                before = self._moved(state["Pid"], before, min(pause, until - time.monotonic()))
                try:
                    code, said = self.context.engine.execute(container, check.argv, limit=check.timeout)
                except EngineError as error:  # it ended meanwhile, or has not what the check needs
                    code, said = 1, error.message
                if code == 0:
                    return
            if time.monotonic() > until:
                raise Unwell(f"{name} did not become healthy within {check.within:g} s", container,
                             f"its check said:\n{tail(said)}\nit wrote:\n{self.context.log_tail(container)}")
            time.sleep(_LEAST)
            pause = min(max(pause * 2, _FIRST), _SLOWEST)

    def _moved(self, first: int, before: frozenset[str], limit: float) -> frozenset[str]:
        """Wait until the sockets of a container's processes are others than ``before``, or it has ended, but ``limit``
        seconds at most; gives those of then."""
        processes, until = Processes(), time.monotonic() + limit
        known = processes.there(first)
        while (now := processes.sockets(first)) == before and time.monotonic() < until:
            if known and not processes.there(first):
                break
            time.sleep(self.poll)
        return now

    def _stay(self, name: str, container: str, stay: float) -> None:
        """It runs, and goes on to without a break for ``stay`` seconds."""
        first = self._require_up(name, container)
        until = time.monotonic() + stay
        while True:
            state = self._require_up(name, container) if stay else first
            if not state["Running"] or state["StartedAt"] != first["StartedAt"]:
                raise Unwell(f"{name} does not stay up: it is {state['Status']}, and was restarted by the engine "
                             f"{state['RestartCount']} times", container, self.context.log_tail(container))
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, self.poll))

    def _require_up(self, name: str, container: str) -> dict[str, Any]:
        state = self.context.state(container)
        if state["Status"] in _DOWN:
            ended = f"it ended with {state['ExitCode']}" if state["Status"] != "dead" else "it is dead"
            again = ", and is started again and again" if state["Status"] == "restarting" else ""
            raise Unwell(f"{name} does not stay up: {ended}{again}", container, self.context.log_tail(container))
        return state
