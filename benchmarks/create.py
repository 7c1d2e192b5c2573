"""Creating containers: Treadle's executor beside bare loops over the engine's API and docker-compose.

    python -m benchmarks.create 50

In turns, on an engine made for it, containers removed after each turn; medians. The loops create and start the same
containers with the same client and nothing else: one after the other, and with four threads, which is as fast as this
engine goes.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.node import IMAGE, Containers, private_engine
from benchmarks.noop import show, timed
from treadle.engine import Engine
from treadle.events import Events
from treadle.instantiate.desired import build_desired
from treadle.instantiate.fromnode import FromNode
from treadle.instantiate.request import request
from treadle.node import NodeAgent


def instantiate(agent: NodeAgent) -> int:
    return agent.containers(1, agent.status().actions)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with private_engine() as engine, tempfile.TemporaryDirectory() as folder:
        containers = Containers(engine, Path(folder), args.count)
        containers.write()
        environment = {**os.environ, "DOCKER_HOST": engine.url, "COMPOSE_PARALLEL_LIMIT": "16",
                       "COMPOSE_HTTP_TIMEOUT": "600"}
        ways: dict[str, Callable[[], object]] = {
            "Treadle": lambda: instantiate(NodeAgent(containers.plan, Engine(engine.url), Events())),
            "the API, one after the other": lambda: bare(containers, 1),
            "the API, four threads": lambda: bare(containers, 4),
            "docker-compose up -d": lambda: timed(containers.compose("up", "-d"), environment)}
        taken: dict[str, list[float]] = {}
        for _ in range(args.rounds):
            for label, create in ways.items():
                begin = time.perf_counter()
                create()
                taken.setdefault(label, []).append(time.perf_counter() - begin)
                made = len(containers.state())
                if made != args.count:
                    raise SystemExit(f"{label}: {made} containers instead of {args.count}")
                containers.remove()
        show(f"creating {args.count} containers", taken, args.count)


def bare(containers: Containers, threads: int) -> None:
    """Create and start, with a connection for each thread."""
    plan, engine = containers.plan, Engine(containers.engine.url)
    desired = build_desired(plan, engine.image_ids([IMAGE]), {})
    shares = [containers.names[first::threads] for first in range(threads)]

    def make(names: list[str]) -> None:
        own = Engine(containers.engine.url)
        for name in names:
            own.start(own.create(name, *request(desired[name], plan, FromNode())))

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(make, shares))


if __name__ == "__main__":
    main()
