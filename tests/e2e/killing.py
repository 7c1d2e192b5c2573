"""Deploys that are killed, and everything that they leave on a node, to be compared."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.e2e.cloud import Done
from tests.e2e.engine import PrivateEngine
from tests.e2e.small import SmallCloud, inspected
from treadle.generate.tree import from_directory
from treadle.instantiate import Run
from treadle.paths import NodePaths
from treadle.propagate import VolumeStates

BEGIN, END = "▶ Evaluate templates", "✓ Look again"
ROWS = ("reader", "once", "mounted", "reloader")
State = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """A change to and fro: the parameters that it is made with, and its name in each direction."""

    there: str
    back: str
    parameters: Mapping[str, Any]


@dataclass
class Round:
    """One deploy that was killed and the plain one after it. ``wrong`` says in words what is not as it should be."""

    name: str
    moment: float
    last_line: str
    done: Done
    wrong: list[str]

    def __str__(self) -> str:
        return f"{self.name}, killed at {self.moment:.2f} s after {self.last_line!r}: {'; '.join(self.wrong)}"


@dataclass
class Killed:
    """One cloud, and the deploys that are made of it one after the other."""

    cloud: SmallCloud
    engine: PrivateEngine
    changes: Sequence[Change]
    dice: random.Random
    expected: State = field(default_factory=dict)
    overlays: dict[str, State] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    rounds: list[Round] = field(default_factory=list)

    def words(self) -> list[str]:
        """``treadle deploy``: the same command without OpenStackClient's start-up."""
        parameters: dict[str, Any] = {}
        for change in self.changes:
            parameters.update(change.parameters if change.there in self.made else {})
        words = self.cloud.deploy_words("--yes", *self.cloud.values("changed", **parameters))
        return ["treadle", *words[2:]]

    def turn(self, change: Change) -> str:
        """Want the change, or not any more; gives the name of that direction."""
        self.made ^= {change.there}
        return change.there if change.there in self.made else change.back

    def undisturbed(self) -> None:
        """Make every change to and fro: how long it takes, and what it leaves."""
        self.cloud.write_files()
        self.cloud.run(*self.words()).ok()
        self.expected = state(self.engine, self.cloud)
        for change in self.changes:
            for _ in range(2):
                name = self.turn(change)
                before = self.expected
                self.durations[name] = seconds(self.cloud.run(*self.words()).ok())
                self.expected = state(self.engine, self.cloud)
                self.overlays[name] = {key: self.expected.get(key) for key in before.keys() | self.expected.keys()
                                       if before.get(key) != self.expected.get(key)}

    def kill(self, number: int) -> None:
        """``number`` rounds; a deploy that was faster than its undisturbed run and ended in time counts for none."""
        for turn in range(2 * number):
            if len(self.rounds) == number:
                return
            change = self.changes[turn % len(self.changes)]
            name, rows = self.turn(change), {service: last_row(self.cloud, service) for service in ROWS}
            ran = {service: self.cloud.ran(service) for service in ("setup", "cleanup", "reader")}
            moment = self.dice.uniform(0, self.durations[name])
            last_line = killed_after(self.cloud, self.words(), moment)
            done = self.cloud.run(*self.words())
            self.expected = {k: v for k, v in {**self.expected, **self.overlays[name]}.items() if v is not None}
            wrong = [] if done.code == 0 else [f"the plain deploy failed: {done.text}"]
            wrong += differing(self.expected, state(self.engine, self.cloud))
            wrong += left_over(self.engine, self.cloud) + lost(self.cloud, rows)
            wrong += [f"{service} ran {ran[service] - self.cloud.ran(service)} times" for service in ran
                      if not self._ran_rightly(name, service, self.cloud.ran(service) - ran[service])]
            if last_line:
                self.rounds.append(Round(name, moment, last_line, done, wrong))
                print(f"{self.cloud.name}: {self.rounds[-1]}", flush=True)
            assert last_line or not wrong, wrong
        raise AssertionError(f"of {2 * number} deploys only {len(self.rounds)} were killed before they ended")

    def _ran_rightly(self, name: str, service: str, times: int) -> bool:
        """A one-shot that was killed under way runs once more; one that the change is nothing to does not run."""
        concerned = {"setup": "one-shot", "reader": "restart"}.get(service)
        return 1 <= times <= 2 if concerned and name.startswith(concerned) else times == 0


def killed_after(cloud: SmallCloud, words: Sequence[str], moment: float) -> str:
    """Kill the command, and all that it started, ``moment`` seconds after it began to evaluate; gives the last line
    that it had printed, '' where it had ended."""
    lines: list[str] = []
    began = threading.Event()
    with cloud.heard(*words) as (begun, said):
        def listen() -> None:
            for line in said:
                lines.append(line)
                if BEGIN in line:
                    began.set()
            began.set()

        reader = threading.Thread(target=listen)
        reader.start()
        began.wait()
        time.sleep(moment)
        ended = begun.poll() is not None
        begun.kill()
        begun.wait()
        reader.join()
    return "" if ended else lines[-1].strip()


def seconds(done: Done) -> float:
    """From evaluating templates to the end of the last look, by the command's own clock ("[   1.2s] ✓ ...")."""
    times = {line[line.index("]") + 1:].strip(): float(line[1:line.index("s]")]) for line in done.err.splitlines()
             if line.startswith("[")}
    begin = next(at for text, at in times.items() if text.startswith(BEGIN))
    return next(at for text, at in times.items() if text.startswith(END)) - begin


def state(engine: PrivateEngine, cloud: SmallCloud) -> State:
    """What a deploy is responsible for, by key: containers, what they took, files, and the node's own records."""
    paths = NodePaths(cloud.name, str(cloud.root))
    found: State = {}
    for name, there in inspected(engine, cloud).items():
        host, config = there["HostConfig"], there["Config"]
        found[f"container {name}"] = {
            "status": there["State"]["Status"], "code": there["State"]["ExitCode"], "image": there["Image"],
            "labels": config["Labels"], "env": config["Env"], "cmd": config["Cmd"], "binds": sorted(host["Binds"]),
            "restart": host["RestartPolicy"], "net": host["NetworkMode"], "pids": host["PidsLimit"]}
        if name in ROWS:
            found[f"taken by {name}"] = cloud.taken(name)["options"]
    for place in (paths.volumes, paths.kolla_config, paths.scripts):
        for path, entry in from_directory(place).files.items():
            content = hashlib.sha256(entry.content).hexdigest()
            found[f"file {place.name}/{path}"] = (entry.type, entry.mode, entry.uid, entry.gid, content)
    for key, volume in VolumeStates.read(paths.volume_states).volumes.items():
        found[f"record {key}"] = volume.fingerprint
    for name, run in msgspec.json.decode(paths.runs.read_bytes(), type=dict[str, Run]).items():
        found[f"run {name}"] = (run.spec, run.config, run.image_id, run.exit_code)
    return found


def differing(wanted: State, there: State) -> list[str]:
    return [f"{key} is {there.get(key)}, after an undisturbed deploy {wanted.get(key)}"
            for key in sorted(wanted.keys() | there.keys()) if wanted.get(key) != there.get(key)]


def left_over(engine: PrivateEngine, cloud: SmallCloud) -> list[str]:
    """What a deploy makes on its way and must not leave: half-made containers, drafts of files, its lock."""
    names = engine.docker("ps", "-a", "--format", "{{.Names}}").stdout.split()
    wrong = [f"the container {name} is left" for name in names if cloud.name in name and (
        ".treadle-" in name or name.startswith("docker-puppet"))]
    node = NodePaths(cloud.name, str(cloud.root)).state
    places = [*cloud.root.rglob("*.treadle-new*"), *(node / "jobs").rglob("*"), *cloud.state.rglob("lock*"),
              *(path for folder in (node, cloud.state) for path in folder.rglob(".*"))]
    return wrong + [f"{path} is left" for path in places]


def last_row(cloud: SmallCloud, service: str) -> int:
    rows = cloud.data(service) / "rows"
    return int(rows.read_bytes().split()[-1])


def lost(cloud: SmallCloud, before: Mapping[str, int]) -> list[str]:
    """The services' rows are 1, 2, 3 and so on, through all lives of their containers."""
    wrong = []
    for service, number in before.items():
        rows = [int(row) for row in (cloud.data(service) / "rows").read_bytes().split()]
        first = next((at for at, row in enumerate(rows, 1) if row != at), None)
        wrong += [f"{service}: row {first} says {rows[first - 1]}"] if first else []
        wrong += [f"{service}: {number} rows became {len(rows)}"] if len(rows) < number else []
    return wrong
