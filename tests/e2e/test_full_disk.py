"""A disk that is full, the node's or the deployer's: an error that names the file, no file half-written, what runs
goes on, and with room again the same deploy ends right."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.engine import PrivateEngine
from tests.e2e.small import Service, SmallCloud, lives, options
from tests.e2e.test_faults import failed
from tests.e2e.test_refused import files
from tests.e2e.under_way import asked


@pytest.fixture(scope="module")
def cloud(folder: Path, light_engine: PrivateEngine, number: int) -> Iterator[SmallCloud]:
    """Its node and its deployer have a small disk each; what the service itself writes lies elsewhere."""
    made = SmallCloud.on(number, "disk", folder / "disk", light_engine.url)
    data = made.folder / "data"
    volumes = [volume if "/var/lib/small/" not in volume else f"{data}:/var/lib/small"
               for volume in Service("paper", config="mounted").container()["volumes"]]
    made.services = [Service("paper", config="mounted", entry={"volumes": volumes})]
    made.write_files()
    data.mkdir()
    disks = [made.root, made.state]
    for disk in disks:
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0755", "treadle-tests", disk], check=True)
    try:
        made.deploy().ok()
        yield made
        made.run("openstack", "overcloud", "delete", "--stack", made.name, "--yes").ok()
    finally:
        for disk in disks:
            subprocess.run(["umount", disk], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    filler = disk / "filler"
    fill(filler)
    try:
        yield
    finally:
        filler.unlink()


def fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as out:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while out.write(b"\0" * size):
                    pass
            except OSError:
                continue


def documents(cloud: SmallCloud) -> list[Path]:
    """What the node and the deployer remember, each whole."""
    found = [*(cloud.root / "var/lib/treadle").rglob("*.json"), *cloud.state.glob("*/*.json")]
    for path in found:
        json.loads(path.read_text())
    for line in (cloud.state / cloud.name / "journal.jsonl").read_text().splitlines():
        json.loads(line)
    return found


CASES = [("node", "before", "11"), ("node", "between plan and step", "12"), ("deployer", "before", "13"),
         ("deployer", "between plan and step", "14")]


@pytest.mark.parametrize(("whose", "when", "backlog"), CASES, ids=[f"{whose}, {when}" for whose, when, _ in CASES])
def test_a_full_disk(cloud: SmallCloud, light_engine: PrivateEngine, whose: str, when: str, backlog: str) -> None:
    disk = cloud.root if whose == "node" else cloud.state
    words = cloud.values("changed", PaperOptions=options(listen_backlog=backlog))
    before = lives(light_engine, cloud), files(cloud)
    if when == "before":
        with full(disk):
            done = cloud.deploy(*words)
    else:
        done = asked(cloud, lambda: fill(disk / "filler"), *words)
        (disk / "filler").unlink()
    failed(done, str(disk), "No space left on device", "make room", "same command again")
    assert (lives(light_engine, cloud), files(cloud)) == before
    assert documents(cloud)
    cloud.deploy(*words).ok()
    taken = json.loads((cloud.folder / "data/taken").read_text())
    assert taken["options"]["listen"] == {"backlog": backlog}
    assert documents(cloud)
