"""Evaluate one tree of templates with Treadle and with Heat's own code, side by side.

    python -m benchmarks.heat                      a tree of TripleO's size: about 1,000 resources in 450 stacks
    python -m benchmarks.heat --scale              Treadle alone, from 1,000 to 20,000 resources
    python -m benchmarks.heat TEMPLATE -e ENV …    any template that Heat's client can read

Each round starts a new process for Treadle and one for Heat, which take turns. "cold" is the first evaluation in a
process, with everything that it reads and imports for it; "changed" the next, with another value of a parameter;
"unchanged" the same question once more. Heat's is one evaluation in one process, without its API, its database and
its messages. Heat's environment is the one that bin/test makes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import tree

#: Roles and services of the usual tree.
TRIPLEO = (5, 49)
SCALE = ((5, 50), (5, 100), (10, 125), (10, 250), (20, 250))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("template", nargs="?", type=Path, help="(default: a tree made for this)")
    parser.add_argument("-e", dest="environments", action="append", default=[], type=Path, metavar="ENV")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", action="store_true", help="how time grows with the number of resources")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.once:
        print(json.dumps(ours(args.template, args.environments)))
    elif args.scale:
        scale(args.rounds)
    elif args.template:
        compare(args.template.absolute(), [path.absolute() for path in args.environments], args.rounds)
    else:
        with tempfile.TemporaryDirectory() as folder:
            template, environments = tree.write(Path(folder, "tree"), *TRIPLEO)
            print(f"{TRIPLEO[0] * (TRIPLEO[1] * tree.RESOURCES + 2)} resources, "
                  f"{TRIPLEO[0] * (2 * TRIPLEO[1] + 1) + 1} stacks")
            compare(template, environments, args.rounds)


def ours(template: Path, environments: list[Path]) -> dict[str, float]:
    """Seconds of one process."""
    from treadle.heat import evaluate

    taken = {}
    for label, more in (("cold", []), ("changed", [{"parameter_defaults": {"Benchmark": 1}}]),
                        ("unchanged", [{"parameter_defaults": {"Benchmark": 1}}])):
        begin = time.perf_counter()
        evaluate(template, [*environments, *more])
        taken[label] = time.perf_counter() - begin
    return taken


def run_ours(template: Path, environments: list[Path]) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.heat", "--once", str(template)]
    for path in environments:
        command += ["-e", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    taken: dict[str, float] = json.loads(done.stdout)
    return taken


def run_heats(template: Path, environments: list[Path]) -> float:
    from tests.heat.reference import Reference

    with tempfile.TemporaryDirectory() as folder:
        reference = Reference(Path(folder, "log"))
        begin = time.perf_counter()
        answer: dict[str, Any] = reference.evaluate(template, environments)
        taken = time.perf_counter() - begin
        reference.close()
    if "error" in answer:
        raise SystemExit(f"Heat refuses the template: {answer['error']}")
    return taken


def compare(template: Path, environments: list[Path], rounds: int) -> None:
    heats, our = [], []
    for _ in range(rounds):
        heats.append(run_heats(template, environments))
        our.append(run_ours(template, environments))
    heat = statistics.median(heats)
    print(f"{'':<20} {'median':>9} {'min':>9} {'max':>9}   Heat's median is")
    print(f"{'Heat':<20} {heat:>8.3f}s {min(heats):>8.3f}s {max(heats):>8.3f}s")
    for label in our[0]:
        taken = [each[label] for each in our]
        middle = statistics.median(taken)
        print(f"{'Treadle, ' + label:<20} {middle:>8.3f}s {min(taken):>8.3f}s {max(taken):>8.3f}s   "
              f"{heat / middle:.1f} times as long")


def scale(rounds: int) -> None:
    print(f"{'resources':>9} {'cold':>9} {'each':>9} {'unchanged':>9}   (medians)")
    for roles, services in SCALE:
        with tempfile.TemporaryDirectory() as folder:
            template, environments = tree.write(Path(folder, "tree"), roles, services, templates=50)
            taken = [run_ours(template, environments) for _ in range(rounds)]
        count = roles * (services * tree.RESOURCES + 2)
        cold, same = (statistics.median(each[label] for each in taken) for label in ("cold", "unchanged"))
        print(f"{count:>9} {cold:>8.3f}s {cold / count * 1e6:>7.0f}us {same:>8.3f}s")


if __name__ == "__main__":
    main()
