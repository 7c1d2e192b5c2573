"""Nothing to do: Treadle, docker-compose and paunch look at the same running containers and leave them alone.

    python -m benchmarks.noop 10 100                 each number of containers
    python -m benchmarks.noop 100 --paunch PROGRAM   with paunch 7.0.4, installed in an environment of its own
    python -m benchmarks.noop 10 100 --deploy        the whole `openstack overcloud deploy` too, of a tree of templates
                                                     with a service for each container

All run on an engine made for it, in turns; medians. "instantiate" is what a deploy does on a node to find out that
nothing is to be done: one look is planning all containers once, "steps and last look" what they take of a deploy.
Needs root, docker-compose 1.29 and the base image of `openstack overcloud image build`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.e2e.engine import PrivateEngine

from benchmarks.node import Containers, private_engine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, default=[10, 100], metavar="N")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--paunch", metavar="PROGRAM", help="the command paunch of release 7.0.4")
    parser.add_argument("--deploy", action="store_true", help="measure the whole command as well")
    args = parser.parse_args()
    with private_engine() as engine:
        for count in args.counts:
            measure(engine, count, args.rounds, args.paunch)
            if args.deploy:
                measure_deploy(engine, count, args.rounds)


def measure(engine: PrivateEngine, count: int, rounds: int, paunch: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        containers = Containers(engine, Path(folder), count)
        containers.write()
        containers.make()
        before = containers.state()
        environment = {**os.environ, "DOCKER_HOST": engine.url, "COMPOSE_PARALLEL_LIMIT": "16",
                       "COMPOSE_HTTP_TIMEOUT": "600"}
        once = [sys.executable, "-m", "benchmarks.look", f"{folder}/plan.json", engine.url]
        commands = {"docker-compose up -d": containers.compose("up", "-d")}
        if paunch:
            commands["paunch apply"] = containers.paunch(paunch)
        taken: dict[str, list[float]] = {}
        for _ in range(rounds):
            begin = time.perf_counter()
            done = subprocess.run(once, check=True, capture_output=True, text=True, env=environment)
            taken.setdefault("Treadle, instantiate", []).append(time.perf_counter() - begin)
            for part, seconds in json.loads(done.stdout).items():
                taken.setdefault(f"  {part}", []).append(seconds)
            for label, command in commands.items():
                taken.setdefault(label, []).append(timed(command, environment))
        if containers.state() != before:
            raise SystemExit("a container was touched: this was no measurement of doing nothing")
        containers.remove()
    show(f"{count} containers, nothing to do", taken, count)


def timed(command: list[str], environment: dict[str, str]) -> float:
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return time.perf_counter() - begin


def show(title: str, taken: dict[str, list[float]], count: int) -> None:
    print(f"{title:<34} {'median':>9} {'min':>9} {'max':>9} {'a container':>12}")
    for label, seconds in taken.items():
        middle = statistics.median(seconds)
        print(f"{label:<34} {middle:>8.3f}s {min(seconds):>8.3f}s {max(seconds):>8.3f}s "
              f"{middle / count * 1e3:>10.2f}ms", flush=True)


def measure_deploy(engine: PrivateEngine, count: int, rounds: int) -> None:
    """Of a stack whose services are one sleeping container each."""
    from tests.e2e.small import Service, SmallCloud

    from benchmarks.node import ENTRY, IMAGE

    services = tuple(Service(f"c{number:04}", config="none", image=IMAGE,
                             entry={**ENTRY, "volumes": [], "user": ""}) for number in range(count))
    with tempfile.TemporaryDirectory() as folder:
        cloud = SmallCloud("bench", Path(folder, "cloud"), engine.url, "127.0.251.1", "127.0.251.2", 24595, "bench-",
                           services)
        cloud.write_files()
        cloud.deploy().ok()
        commands: dict[str, Callable[[], object]] = {
            "openstack --version": lambda: cloud.run("openstack", "--version").ok(),
            "overcloud deploy --check": lambda: cloud.check().ok(),
            "overcloud deploy": lambda: cloud.deploy().ok()}
        taken: dict[str, list[float]] = {}
        for _ in range(rounds):
            for label, run in commands.items():
                begin = time.perf_counter()
                run()
                taken.setdefault(label, []).append(time.perf_counter() - begin)
        show(f"{count} services, nothing to do", taken, count)
        cloud.run("openstack", "overcloud", "delete", "--stack", cloud.name, "--yes").ok()


if __name__ == "__main__":
    main()
