"""Images of the machine's engine in one that is not started yet, without copying them: their layers are shared.

``docker save | docker load`` unpacks every layer once more: with the images of the whole cloud a minute of a processor,
117,000 files and 7 GB. The engine's own records of images are small; the layers are only read, by all containers of
one engine already. Where the engine's storage driver is not overlay2 nothing is shared.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

DRIVER = "overlay2"


def machine_data() -> Path | None:
    """The data of the machine's engine; None where their layout is another."""
    there = {k: v for k, v in os.environ.items() if k != "DOCKER_HOST"}
    said = subprocess.run(["docker", "info", "--format", "{{.Driver}} {{.DockerRootDir}}"], env=there, text=True,
                          capture_output=True, check=True).stdout.strip()
    driver, _, data = said.partition(" ")
    return Path(data) if driver == DRIVER else None


def share(references: Sequence[str], data: Path, seen: Path | None = None) -> None:
    """Let the engine whose data are to be in ``data`` have ``references``, where they can be shared. ``seen`` is where
    it sees the layers of the machine's engine, if not where they are."""
    machine = machine_data()
    if machine is None:
        return
    theirs, ours = (place / "image" / DRIVER for place in (machine, data))
    ids = {reference: image for names in _repositories(theirs).values() for reference, image in names.items()
           if reference in references}
    for folder in (ours / "imagedb/content/sha256", ours / "layerdb/sha256", data / DRIVER / "l"):
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    for image in {name.removeprefix("sha256:") for name in ids.values()}:
        shutil.copy(theirs / "imagedb/content/sha256" / image, ours / "imagedb/content/sha256")
        known = json.loads((theirs / "imagedb/content/sha256" / image).read_bytes())
        for chain in _chains(known["rootfs"]["diff_ids"]):
            if (ours / "layerdb/sha256" / chain).exists():
                continue
            shutil.copytree(theirs / "layerdb/sha256" / chain, ours / "layerdb/sha256" / chain)
            layer = (theirs / "layerdb/sha256" / chain / "cache-id").read_text()
            _link(machine / DRIVER / layer, data / DRIVER / layer, (seen or machine / DRIVER) / layer / "diff")
    named: dict[str, dict[str, str]] = {}
    for reference, image in ids.items():
        named.setdefault(reference.rpartition(":")[0], {})[reference] = image
    (ours / "repositories.json").write_text(json.dumps({"Repositories": named}))


def _link(theirs: Path, ours: Path, files: Path) -> None:
    """A layer with the marks that an engine makes, and with ``files``."""
    (ours / "work").mkdir(parents=True)
    for name in ("committed", "link", "lower"):
        if (theirs / name).exists():
            shutil.copy(theirs / name, ours)
    (ours / "diff").symlink_to(files)
    (ours.parent / "l" / (theirs / "link").read_text()).symlink_to(f"../{ours.name}/diff")


def _repositories(folder: Path) -> dict[str, dict[str, str]]:
    """``{name: {name:tag: id}}``."""
    path = folder / "repositories.json"
    found: dict[str, dict[str, str]] = json.loads(path.read_bytes())["Repositories"] if path.exists() else {}
    return found


def _chains(layers: Iterable[str]) -> Iterator[str]:
    """The engine's name of each layer on those below it (OCI image specification, "Layer ChainID")."""
    below = ""
    for layer in layers:
        below = "sha256:" + hashlib.sha256(f"{below} {layer}".encode()).hexdigest() if below else layer
        yield below.removeprefix("sha256:")
