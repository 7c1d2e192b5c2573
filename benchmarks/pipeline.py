"""A generation of a large cloud: one changed option recorded and diffed, beside plain git on the same files.

    python -m benchmarks.pipeline                    1,000 nodes with 30 config volumes of 10 files each
    python -m benchmarks.pipeline --nodes 100        fewer

Of a node's 300 files 30 are its own, one in each volume: they hold its name and address, as bind_host does. The others
are the same on all nodes, but read from each node by itself, as real ones are. Beside them a node has 46 documents (its
plan, container specs of five steps, 30 kolla files, hiera data), among them hiera data of its own. 60 secrets stand in
files and documents. The changed option is first in a file that is the same on all nodes, then in one that is each
node's own, together with the hiera data that it comes from; then on one node alone.

Seconds are the clock's, behind them those of the processor, git's own included: on a machine that does other things too
these are what the work takes. "git" is `git add -A && git commit` and `git diff HEAD~1` in a working copy of
the same masked files, warm.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from treadle.generate import ConfigTree, File
from treadle.history import History, NodeSnapshot, Repository, Vault
from treadle.history.difference import difference
from treadle.history.layout import text
from treadle.rollout.review import Reviewer

T = TypeVar("T")
VOLUMES, FILES = 30, 10
SECRETS = {f"Service{number}Password": f"{number:02d}" + os.urandom(12).hex() for number in range(60)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--no-peer", action="store_true", help="without git's own time")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        measure(Path(folder), args.nodes, peer=not args.no_peer)


def measure(folder: Path, count: int, *, peer: bool) -> None:
    history = History(Repository(folder / "history.git"), Vault(folder / "vault.json", b"key"))
    seconds, first = timed(lambda: record(history, cloud(count, "3600", "3600")))
    written = weight(history)
    history.repository.run("gc", "--quiet")
    base = size = weight(history)
    print(f"{count} nodes, {count * VOLUMES * FILES} files: first generation {seconds}, {written / 1e6:.1f} MB; "
          f"{base / 1e6:.1f} MB after git gc")
    copy = Copy(folder / "copy", history) if peer else None
    changes = {"a file that is the same on all nodes": ("7200", "3600", count),
               "a file of each node's own": ("7200", "7200", count), "one node's own file": ("7200", "9000", 1)}
    before = first
    for title, (shared, own, nodes) in changes.items():
        now = cloud(count, shared, own, nodes)
        if nodes < count:  # the others stay as they were
            now = {**cloud(count, "7200", "7200"), "node-0000": now["node-0000"]}
        seconds, after = timed(lambda now=now: record(history, now))  # type: ignore[misc]
        grown, size = weight(history) - size, weight(history)
        again, _ = timed(lambda now=now: record(history, now))  # type: ignore[misc]
        looked, said = timed(lambda a=before, b=after: review(history, a, b))  # type: ignore[misc]
        print(f"\none option in {title}:\n  recorded in {seconds}, diffed in {looked}; recorded again without a "
              f"change in {again}\n  the repository grew by {grown / 1e3:.0f} kB; the diff: {said}")
        if copy:
            saved, shown = copy.follow(after)
            print(f"  git: {saved}, {saved.clock / seconds.clock:.1f} times as long; diff {shown}, "
                  f"{shown.clock / looked.clock:.1f} times as long")
        before = after
    history.repository.run("gc", "--quiet")
    print(f"\nafter git gc all three changes together take {(weight(history) - base) / 1e3:.0f} kB")


def cloud(count: int, shared: str, own: str, only: int | None = None) -> dict[str, NodeSnapshot]:
    """``{node: its volumes and documents}`` with these values of one option."""
    return {f"node-{number:04d}": node(number, shared, own) for number in range(only or count)}


def node(number: int, shared: str, own: str) -> NodeSnapshot:
    name = f"node-{number:04d}"
    volumes = {}
    for volume in range(VOLUMES):
        files = {"etc": File("dir", 0o755, 0, 0), f"etc/service{volume}": File("dir", 0o755, 0, 0)}
        for file in range(FILES):
            value = (own if not file else shared) if volume == 3 and file < 2 else "3600"
            who = name if not file else "all"
            data = content(volume, file, who, value)
            files[f"etc/service{volume}/file{file}.conf"] = File("file", 0o640, 0, 42, data)
        volumes[f"service{volume}"] = ConfigTree(files)
    return NodeSnapshot(volumes, documents(name, shared, own))


def content(volume: int, file: int, who: str, value: str) -> bytes:
    """A file of some 1,100 bytes with a secret; a new object each time."""
    lines = [f"option_{line} = value {line} of file {file} in volume {volume}" for line in range(18)]
    secret = SECRETS[f"Service{(volume * FILES + file) % len(SECRETS)}Password"]
    return "\n".join(["[DEFAULT]", f"host = {who}", *lines[:9], "[database]",
                      f"connection = mysql://user{volume}:{secret}@192.0.2.1/db", "[token]", f"expiration = {value}",
                      *lines[9:], ""]).encode()


def documents(name: str, shared: str, own: str) -> dict[str, bytes]:
    found = {"plan.json": text({"node": name, "role": "Compute", "owners": {f"volume service{v}": f"service{v}"
                                                                            for v in range(VOLUMES)}}),
             "images.json": text({f"image{volume}:1": f"sha256:{volume:064d}" for volume in range(VOLUMES)})}
    for step in range(1, 6):
        found[f"containers/step_{step}.json"] = text({f"service{v}": {
            "image": f"image{v}:1", "net": "host", "volumes": [f"/var/lib/a{n}:/a{n}:ro" for n in range(6)],
            "environment": ["KOLLA_CONFIG_STRATEGY=COPY_ALWAYS"]} for v in range(step - 1, VOLUMES, 5)})
    for volume in range(VOLUMES):
        found[f"kolla_config/service{volume}.json"] = text({"command": f"/usr/bin/service{volume}", "config_files": [
            {"source": "/var/lib/kolla/config_files/src/*", "dest": "/", "merge": True}]})
    keys = {f"service{volume}::password": secret for volume, secret in enumerate(SECRETS.values())}
    found["hieradata/service_configs.json"] = text({**keys, "service3::shared": shared, "service3::own": own})
    found["hieradata/net_ip_map.json"] = text({"ctlplane": name})
    for layer in range(7):
        found[f"hieradata/layer{layer}.json"] = text({f"key{number}": number for number in range(30)})
    return found


def record(history: History, nodes: dict[str, NodeSnapshot]) -> str:
    common = {"nodes.json": text(list(nodes)), "inputs.json": text({"templates": "digest"})}
    return history.record(nodes, SECRETS, author="me <me@host>", message="m", common=common).id


def review(history: History, old: str, new: str) -> str:
    """All that ``config diff`` does between two generations, but for looking at what runs."""
    reviewer = Reviewer(difference(history.at(old), history.at(new)))
    lines, patches = reviewer.lines(), reviewer.patches()
    return f"{'; '.join(line.text for line in lines[:3])}; {len(patches)} unified"


@dataclass(frozen=True)
class Taken:
    """Seconds by the clock, and of the processor."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:.2f} s ({self.processor:.2f})"


def timed(do: Callable[[], T]) -> tuple[Taken, T]:
    gc.collect()
    begin, used = time.perf_counter(), sum(os.times()[:4])
    given = do()
    return Taken(time.perf_counter() - begin, sum(os.times()[:4]) - used), given


def weight(history: History) -> int:
    """Bytes of all objects."""
    return sum(path.stat().st_size for path in (history.repository.path / "objects").rglob("*") if path.is_file())


class Copy:
    """A working copy in which plain git does the same."""

    def __init__(self, folder: Path, history: History) -> None:
        self._folder, self._history = folder, history
        self._at = history.find().id
        self._git("init", "--quiet", str(folder), cwd=folder.parent)
        archive = history.repository.run("archive", self._at)
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
        seconds, _ = timed(self._commit)
        print(f"git, first commit: {seconds}")

    def follow(self, generation: str) -> tuple[Taken, Taken]:
        """(seconds of the commit, seconds of the diff) when the files become the generation's."""
        repository = self._history.repository
        for one in repository.differing(self._at, generation):
            if one.new:
                (self._folder / one.path).write_bytes(repository.blobs([one.new.id])[one.new.id])
        self._at = generation
        self._git("status", "--short")
        return timed(self._commit)[0], timed(lambda: self._git("diff", "HEAD~1"))[0]

    def _commit(self) -> None:
        self._git("add", "-A")
        self._git("-c", "user.name=me", "-c", "user.email=me@host", "commit", "--quiet", "-m", "m")

    def _git(self, *words: str, cwd: Path | None = None) -> None:
        done = subprocess.run(["git", *words], cwd=cwd or self._folder, capture_output=True, check=False)
        if done.returncode:
            sys.exit(f"git {words[0]} ended with {done.returncode}: {done.stderr.decode()}")


if __name__ == "__main__":
    main()
