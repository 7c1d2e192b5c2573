"""Does what the planner said, one action at a time in its order, and looks again whether it is so."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from treadle.engine import NODE, STACK, TRANSIENT, Engine, Observed
from treadle.errors import EngineError, StepFailed
from treadle.gateway import Gateway
from treadle.instantiate.desired import Desired, missing_paths
from treadle.instantiate.plan import Action, Kind, Run
from treadle.instantiate.reload import NotTaken, Reloader
from treadle.instantiate.request import env_file_values, health_argv, request, seconds
from treadle.instantiate.taken import TakenRecord
from treadle.paths import NodePaths
from treadle.plan.nodeplan import NodePlan

#: A container under its final name's replacement-to-be; left over only by a run that was killed.
NEW = ".treadle-new"
_LOG_LINES = 20


@dataclass(frozen=True)
class Executor:
    """Runs actions of one node against its engine. Times are in seconds."""

    engine: Engine
    gateway: Gateway
    plan: NodePlan
    taken: TakenRecord
    one_shot_limit: float = 1800.0
    health_limit: float = 180.0
    poll: float = 0.25

    def observe(self) -> dict[str, Observed]:
        """This node's containers by logical name, without the leftovers of a killed run."""
        return {c.name: c for c in self._all() if not c.engine_name.endswith(NEW)}

    def sweep(self) -> None:
        """Remove the leftovers of a killed run: replacements that never came to replace anything."""
        for left in (c for c in self._all() if c.engine_name.endswith(NEW)):
            self.engine.remove(left.id)

    def _all(self) -> list[Observed]:
        return [c for c in self.engine.containers({STACK: self.plan.stack, NODE: self.plan.node})
                if TRANSIENT not in c.labels]

    def started(self, there: Observed) -> float:
        """When a running container was started (epoch seconds)."""
        return epoch(self.engine.inspect(there.id)["State"]["StartedAt"])

    def apply(self, actions: Iterable[Action]) -> dict[str, Run]:
        """Do the actions of one step; gives how the one-shots ended that leave no container.

        Raises StepFailed at the first failure; nothing of a later start_order has then been begun.
        """
        todo = sorted(actions, key=lambda action: action.order)
        self._check_paths(todo)
        runs: dict[str, Run] = {}
        for _, group in groupby(todo, key=lambda action: action.order[:3]):
            begun = []
            for action in group:
                ended = self.gateway.do(action.kind.value, action.name, "; ".join(action.reasons),
                                        lambda action=action: self._do(action), step=str(action.step))  # type: ignore[misc]
                if ended is not None:
                    runs[action.name] = ended
                begun.append(action)
            self._await_health([action.desired for action in begun if action.desired])
        self._stay_up([a.desired for a in todo if a.desired and a.kind in _STARTING])
        return runs

    def _check_paths(self, actions: list[Action]) -> None:
        paths = NodePaths(self.plan.stack, self.plan.root)
        for action in actions:
            gone = missing_paths(action.desired, paths) if action.desired and action.kind in _MAKING else []
            if gone:
                raise EngineError(f"the host has no {gone[0]}", key=f"{self._where(action.desired)}.volumes",
                                  hint="let host_prep_tasks make it, or correct the template")

    def _do(self, action: Action) -> Run | None:
        item, there = action.desired, action.observed
        match action.kind:
            case Kind.REMOVE if there:
                self.remove(there)
            case Kind.START if there:
                self._start(there.id, action.name)
            case Kind.RELOAD if there and item:
                self._reload(action, item, there)
            case Kind.RESTART if there:
                self._restart(there, action.name)
            case Kind.CREATE | Kind.RECREATE if item:
                self._replace(item, there)
            case Kind.RUN if item:
                return self._run_once(item, there)
            case Kind.AWAIT if item and there:
                return self._await_end(item, there.id)
            case Kind.EXEC if item:
                return self._execute(item)
        return None

    def _start(self, container: str, name: str) -> None:
        """A container takes its configuration after this moment."""
        moment = time.time()
        self.engine.start(container, name)
        self.taken.note(name, container, moment)

    def _restart(self, there: Observed, name: str) -> None:
        if there.state == "paused":
            self.engine.resume(there.id)
        self.engine.stop(there.id)
        self._start(there.id, name)

    def _reload(self, action: Action, item: Desired, there: Observed) -> None:
        reloader = Reloader(self.engine, self.gateway.events, self.plan.node)
        try:
            self.taken.note(item.name, there.id, reloader.reload(item, there, action.differences))
        except NotTaken as why:
            self.gateway.events.emit("reload.restart", f"{item.name} did not take it while it ran ({why.message}): "
                                     "restarting it", node=self.plan.node, subject=item.name)
            self._restart(there, item.name)

    def remove(self, there: Observed) -> None:
        """Stop it as it likes to be stopped, then remove it."""
        if there.running:
            self.engine.stop(there.id)
        self.engine.remove(there.id)

    def _replace(self, item: Desired, there: Observed | None) -> str:
        """The new container exists before the old one goes: a spec that the engine refuses costs nothing."""
        name = self.plan.container_prefix + item.name
        config, host = request(item, self.plan, os.environ, self._env_files(item))
        self.engine.remove(name + NEW)
        made = self.engine.create(name + NEW, config, host)
        if there:
            self.remove(there)
        self.engine.rename(made, name)
        self._start(made, item.name)
        return made

    def _env_files(self, item: Desired) -> dict[str, str]:
        given, paths = item.container.env_file, NodePaths(self.plan.stack, self.plan.root)
        values: dict[str, str] = {}
        for name in [given] if isinstance(given, str) else given:
            path = Path(paths.rebase(name)) if name else None
            if path and not path.is_file():
                raise EngineError(f"the host has no {path}", key=f"{self._where(item)}.env_file")
            values.update(env_file_values(path.read_text(), os.environ) if path else {})
        return values

    def _run_once(self, item: Desired, there: Observed | None) -> Run | None:
        if there and there.under_way:
            self._end_of(item, there.id)  # whatever its result, what replaces it runs anew
        return self._await_end(item, self._replace(item, there))

    def _end_of(self, item: Desired, container: str) -> int:
        """Its exit code. One that is under way is never killed: half a schema is worse than a late one."""
        if self.engine.inspect(container)["State"]["Paused"]:
            self.engine.resume(container)
        code = self.engine.wait(container, self.one_shot_limit)
        if code is None:
            name = self.plan.container_prefix + item.name
            raise StepFailed(f"{item.name} did not end within {self.one_shot_limit:.0f} s; it was left running",
                             key=self._where(item), hint=f"{self._log_hint(container, item)}\nlet it end and run the "
                             f"same deploy again, which waits for it; or end it: docker stop {name}")
        return code

    def _await_end(self, item: Desired, made: str) -> Run | None:
        code = self._end_of(item, made)
        self._require_code(item, code, self.engine.logs(made, _LOG_LINES) if code not in item.container.exit_codes
                           else "")
        if not item.container.remove:
            return None
        self.engine.remove(made)
        return Run(item.spec, item.config, item.image_id, code, time.time())

    def _execute(self, item: Desired) -> Run:
        c = item.container
        environment = {key: value for key, value in c.environ().items() if value is not None}
        code, output = self.engine.execute(self.plan.container_prefix + c.target, c.argv[1:], user=c.user,
                                           privileged=c.privileged, environment=environment)
        self._require_code(item, code, output)
        return Run(item.spec, item.config, item.image_id, code, time.time())

    def _require_code(self, item: Desired, code: int, output: str) -> None:
        if code not in item.container.exit_codes:
            raise StepFailed(f"{item.name} ended with {code}, expected {_either(item.container.exit_codes)}",
                             key=self._where(item), hint=_tail(output))

    def _await_health(self, items: list[Desired]) -> None:
        """Run each declared check until it succeeds: the engine's own would first come after a whole interval."""
        for item in items:
            check = item.container.healthcheck
            if check is None or item.container.one_shot or item.container.action == "exec":
                continue
            until = time.monotonic() + max(self.health_limit, seconds(check.start_period))
            said = ""
            while True:
                there = self._require_running(item)
                if there.running:
                    code, said = self.engine.execute(there.id, health_argv(check))
                    if code == 0:
                        break
                if time.monotonic() > until:
                    raise StepFailed(f"{item.name} did not become healthy within {self.health_limit:.0f} s",
                                     key=self._where(item), hint=f"its check said: {_tail(said)}\n"
                                     + self._log_hint(there.id, item))
                time.sleep(self.poll)

    def _stay_up(self, items: list[Desired]) -> None:
        """After the step's last start: whatever was started is running still."""
        for item in items:
            if not item.container.one_shot and item.container.action != "exec":
                there = self._require_running(item)
                if not there.running:
                    raise StepFailed(f"{item.name} is {there.state}", key=self._where(item),
                                     hint=self._log_hint(there.id, item))

    def _require_running(self, item: Desired) -> Observed:
        there = self.engine.owner_of(self.plan.container_prefix + item.name)
        if there is None:
            raise StepFailed(f"{item.name} is gone", key=self._where(item), hint="who removed it?")
        if there.state in ("exited", "dead", "restarting"):
            raise StepFailed(f"{item.name} does not stay up: {there.status}", key=self._where(item),
                             hint=self._log_hint(there.id, item))
        return there

    def _where(self, item: Desired | None) -> str:
        if item is None:
            return ""
        service = self.plan.owners.get(f"container {item.name}", "")
        return f"{self.plan.node}: {service}.docker_config.step_{item.step}.{item.name}"

    def _log_hint(self, container: str, item: Desired) -> str:
        name = self.plan.container_prefix + item.name
        return f"{_tail(self.engine.logs(container, _LOG_LINES))}\nmore: docker logs {name}"


_MAKING = (Kind.CREATE, Kind.RECREATE, Kind.RUN)
_STARTING = (Kind.CREATE, Kind.RECREATE, Kind.START, Kind.RESTART)


def _either(codes: list[int]) -> str:
    return " or ".join(map(str, codes))


def _tail(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.strip().splitlines()[-_LOG_LINES:]) or "  | (it wrote nothing)"


def epoch(stamp: str) -> float:
    """The engine's RFC 3339 time ("2026-01-02T03:04:05.678901234Z") in seconds since the epoch."""
    import datetime

    whole, _, fraction = stamp.rstrip("Z").partition(".")
    moment = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.UTC)
    return moment.timestamp() + (float(f"0.{fraction}") if fraction else 0.0)
