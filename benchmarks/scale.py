"""Many nodes: what planning takes, what a deploy with nothing to do costs a node, and what Ansible costs for as much.

    python -m benchmarks.scale --plan 1000          from templates to 1,000 node plans of 30 containers: seconds, memory
    python -m benchmarks.scale --deploy 50 100 200  `overcloud deploy`, the first and one with nothing to do, of so many
    python -m benchmarks.scale --ansible 20         ansible-playbook: the 40 tasks of one step on so many hosts

Nodes are folders of this machine, reached in process, on an engine that only keeps books (tests/simulated.py): what is
measured is Treadle's own work. Ansible's hosts are this machine too, by its connection `local`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.simulated_cloud import SimulatedCloud, service

CONTAINERS, STEPS, TASKS, ROUNDS = 30, 5, 40, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", nargs="*", type=int, default=[], metavar="NODES")
    parser.add_argument("--deploy", nargs="*", type=int, default=[], metavar="NODES")
    parser.add_argument("--ansible", nargs="*", type=int, default=[], metavar="HOSTS")
    parser.add_argument("--one", help=argparse.SUPPRESS)  # a child of --plan
    args = parser.parse_args()
    if args.one:
        plan(Path(args.one), sys.stdin.read())
    for count in args.plan:
        with cloud(count) as made:
            took = min((_child(made) for _ in range(ROUNDS)), key=lambda each: each["seconds"])
            print(f"plan {count} nodes: {took['seconds']:.2f} s, {took['peak']:.0f} MB at most; "
                  f"{took['each'] * 1e3:.2f} ms a node", flush=True)
    for count in args.deploy:
        deploy(count)
    for count in args.ansible:
        ansible(count)


@contextmanager
def cloud(count: int) -> Iterator[SimulatedCloud]:
    """Three controllers and computes, each with all containers; and an engine in a process of its own."""
    services = tuple(service(f"s{number:02}", 1 + number % STEPS) for number in range(CONTAINERS))
    names = [one.name for one in services]
    with tempfile.TemporaryDirectory(prefix="treadle-scale-", dir="/var/tmp") as folder:
        socket = Path(folder, "engine")
        engine = subprocess.Popen([sys.executable, "-m", "tests.simulated", str(socket)])
        made = SimulatedCloud("scale", Path(folder, "cloud"), f"unix://{socket}", "127.0.250.1", "127.0.250.2", 0,
                              services=services, roles={"Control": names, "Work": names})
        made.write_files()
        made.write_nodes([made.node(f"node-{number}", "Control" if number < 3 else "Work", number)
                          for number in range(count)])
        try:
            yield made
        finally:
            engine.kill()
            engine.wait()


def _child(made: SimulatedCloud) -> dict[str, float]:
    """Planning in a process of its own, for its memory."""
    words = [sys.executable, "-m", "benchmarks.scale", "--one", str(made.state)]
    done = subprocess.run(words, input="\n".join(made.deploy_words()[3:]), capture_output=True, text=True, check=True,
                          env=made.variables)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def plan(state: Path, words: str) -> None:
    """From the command line's words to node plans, as a deploy does it."""
    from treadle.cli.deploy import DeployOvercloud
    from treadle.cli.gather import gather
    from treadle.cli.heat import evaluator
    from treadle.events import silent
    from treadle.rollout.state import StackState

    parser = DeployOvercloud(None, None).get_parser("deploy")
    args = parser.parse_args(words.split("\n"))
    begun = time.perf_counter()
    stack = StackState(state, args.stack)
    found = gather(args, stack, evaluator(args, stack, None, silent()))
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "each": seconds / len(found.plans), "peak": peak()}))


def peak() -> float:
    """Of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def deploy(count: int) -> None:
    with cloud(count) as made:
        taken = {}
        for title in ("first", *["nothing to do"] * ROUNDS):
            before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            # A process of its own: those of the end-to-end tests are forks of another one, which measures nothing here.
            program, *words = made.deploy_words("--yes")
            made.run(str(Path(sys.executable).with_name(program)), *words).ok()
            seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
            worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            known = taken.get(title)
            taken[title] = min(known, (seconds, worked)) if known else (seconds, worked)
        for title, (seconds, worked) in taken.items():
            print(f"deploy {count} nodes, {title}: {seconds:.1f} s, {worked:.1f} s of processor; a node "
                  f"{worked / count * 1e3:.1f} ms of processor; {after.ru_maxrss / 1024:.0f} MB at most", flush=True)


def ansible(count: int) -> None:
    """As many tasks as TripleO's deploy has a step, each the cheapest that does anything on its host."""
    with tempfile.TemporaryDirectory() as folder:
        hosts = "\n".join(f"h{number} ansible_connection=local ansible_python_interpreter={sys.executable}"
                          for number in range(count))
        Path(folder, "hosts").write_text(f"{hosts}\n")
        task = {"name": "look", "stat": {"path": "/etc/hostname"}}
        play = {"hosts": "all", "gather_facts": False, "tasks": [task] * TASKS}
        Path(folder, "play.json").write_text(json.dumps([play]))
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run([str(Path(sys.executable).parent / "ansible-playbook"), "-i", f"{folder}/hosts", "--forks", "25",
                        f"{folder}/play.json"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "ANSIBLE_GATHERING": "explicit"})
        seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"ansible {count} hosts, {TASKS} tasks: {seconds:.1f} s, {worked:.1f} s of processor; a host "
              f"{worked / count:.2f} s of processor", flush=True)


if __name__ == "__main__":
    main()
