"""First generation of the project's own cloud: with a warm Puppet, and with one `puppet apply` for each volume.

    python -m benchmarks.generate                 every config volume of the cloud, 2 Puppets at a time
    python -m benchmarks.generate --times 3       each of them three times, under other names: a larger cloud

Needs a container engine with the images (bin/standalone --prepare). Each round runs all ways after another, every
other round backwards; nothing is remembered between runs. The trees of all ways are compared: they have to be the
same, byte by byte.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from treadle.engine import Engine
from treadle.events import silent
from treadle.generate import ConfigTree, Job, PuppetEtc, Workshop, from_layers, require_success
from treadle.plan.nodeplan import NodePlan

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Way:
    """How the volumes are generated, and the seconds that it took: by the clock, and of processors in containers."""

    name: str
    workers: int
    warm: bool
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


class Metered(Engine):
    """An engine that puts its containers into one cgroup, whose processor time can be read while nothing runs.

    Other work on the machine makes the clock's seconds longer, those of the processors hardly.
    """

    GROUP = "treadle-benchmark"

    def create(self, name: str, config: Mapping[str, Any], host: Mapping[str, Any]) -> str:
        driver = self.call("ask for its cgroup driver", lambda api: api.info()["CgroupDriver"])
        parent = f"{self.GROUP}.slice" if driver == "systemd" else f"/{self.GROUP}"
        return super().create(name, config, {**host, "CgroupParent": parent})

    def processor(self) -> float | None:
        """Seconds used so far; None where there is no such cgroup yet, or this machine keeps them elsewhere."""
        for path, of_a_second in ((f"cpuacct/{self.GROUP}/cpuacct.usage", 1e9), (f"{self.GROUP}/cpu.stat", 1e6),
                                  (f"treadle.slice/{self.GROUP}.slice/cpu.stat", 1e6)):
            file = Path("/sys/fs/cgroup", path)
            if file.exists():
                return int(file.read_text().removeprefix("usage_usec ").split()[0]) / of_a_second
        return None


def project_plan() -> NodePlan:
    """The node plan of the one node that bin/standalone deploys."""
    from treadle.cli.deploy import DeployOvercloud
    from treadle.cli.gather import gather
    from treadle.cli.heat import evaluator
    from treadle.rollout.state import StackState

    with tempfile.TemporaryDirectory() as folder:
        nodes = Path(folder, "nodes.yaml")
        nodes.write_text("nodes:\n- {name: standalone, role: Standalone, address: 127.0.24.1}\n")
        vip = "[{ip_address: 127.0.24.2}]"
        environment = Path(folder, "cloud.yaml")
        environment.write_text(f"parameter_defaults: {{ControlFixedIPs: {vip}, PublicVirtualFixedIPs: {vip}, "
                               f"InternalApiVirtualFixedIPs: {vip}}}\n")
        no_app: Any = None
        parser = DeployOvercloud(no_app, None).get_parser("deploy")
        args = parser.parse_args(["--templates", str(PROJECT), "--nodes", str(nodes), "-e",
                                  str(environment)])
        state = StackState(Path(folder, "state"), args.stack)
        plan = gather(args, state, evaluator(args, state, None, silent())).plans[0]
        return msgspec.json.decode(msgspec.json.encode(plan), type=NodePlan)  # as it travels


def generate(way: Way, jobs: Sequence[Job], etc: PuppetEtc, plan: NodePlan) -> dict[str, ConfigTree]:
    """All volumes in one way, from nothing; notes what it took."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in plan.puppet_modules.items():
            path = Path(folder, "modules", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        engine = Metered()
        shop = Workshop(engine, silent(), Path(folder, "jobs"), Path(folder, "modules"), "benchmark", plan.node,
                        workers=way.workers, warm=way.warm)
        before, begin = engine.processor(), time.perf_counter()
        results = shop.run(jobs, etc)
        way.seconds.append(time.perf_counter() - begin)
        after = engine.processor()
        way.processor.append(math.nan if after is None else after - (before or 0.0))
    require_success(results)
    return {result.job.config.volume: result.tree for result in results if result.tree is not None}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=int, default=1)
    args = parser.parse_args()
    plan = project_plan()
    # The first time under their own names: by these it is known which take longest, and they are begun first.
    jobs = [Job(msgspec.structs.replace(config, volume=f"{config.volume}-{number}" if number else config.volume))
            for number in range(args.times) for config in plan.puppet_configs]
    etc = from_layers({**plan.hieradata, "config_step": {"step": 6}}, plan.hierarchy)
    ways = [Way("warm Puppet, two at a time", 2, True), Way("puppet apply, two at a time", 2, False),
            Way("puppet apply, one at a time", 1, False)]
    print(f"{len(jobs)} config volumes, {args.rounds} rounds, load {os.getloadavg()[0]:.1f}")
    for number in range(args.rounds):
        # In turn forwards and backwards: whatever else the machine does falls on all of them.
        trees = [generate(way, jobs, etc, plan) for way in ways[::-1 if number % 2 else 1]]
        if any(tree != trees[0] for tree in trees):
            raise SystemExit("the trees differ: that is a defect")
    report(ways)


def report(ways: Sequence[Way]) -> None:
    print(f"{'':<36} {'median':>8} {'min':>8} {'max':>8}  times as much, round by round, and their median")
    for way in ways:
        for label, mine, best in ((way.name, way.seconds, ways[0].seconds),
                                  ("  processors, in its containers", way.processor, ways[0].processor)):
            ratios = [one / other for one, other in zip(mine, best, strict=True)]
            print(f"{label:<36} {statistics.median(mine):>7.1f}s {min(mine):>7.1f}s {max(mine):>7.1f}s  "
                  f"{' '.join(f'{ratio:.1f}' for ratio in ratios)}: {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main()
