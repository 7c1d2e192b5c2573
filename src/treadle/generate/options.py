"""Which options of an OpenStack service may change while it runs: its own code says so, in the config image.

Source: oslo.config's documentation ("Mutable configuration", "oslo-config-generator", whose JSON has ``mutable``).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from treadle.engine import STACK, TRANSIENT, Engine
from treadle.events import Events
from treadle.files import read_document, write_private
from treadle.inside import in_order

#: Prints ``[[group, option], ...]`` as its last line. All namespaces, as an image holds one service and its libraries;
#: but not those of the libraries' own tests, which an image may leave out.
_LIST = """
import json, subprocess, sys
from importlib.metadata import entry_points
names = sorted({entry.name for entry in entry_points(group="oslo.config.opts") if ".tests." not in entry.name})
words = ["oslo-config-generator", "--format", "json", "--output-file", "/tmp/options.json"]
subprocess.run(words + [word for name in names for word in ("--namespace", name)], check=True)
groups = json.load(open("/tmp/options.json"))["options"]
print(json.dumps(sorted({(group, option["dest"].replace("-", "_")) for group, described in groups.items()
                         for option in described["opts"] if option["mutable"]})))
"""
_LIMIT = 120.0


@dataclass(frozen=True)
class MutableOptions:
    """Lists of mutable options, one an image, kept in ``folder`` by the image's id: each image is asked once."""

    engine: Engine
    events: Events
    folder: Path
    stack: str

    def of(self, image: str, image_id: str) -> frozenset[tuple[str, str]]:
        """``{(section, option)}``; none, with an event that says why, for an image that cannot tell."""
        kept = self.folder / f"{image_id.removeprefix('sha256:')}.json"
        found = read_document(kept, list[tuple[str, str]])
        if found is None:
            found = self._ask(image)
            if found is not None:
                write_private(kept, msgspec.json.encode(found))
        return frozenset(found or ())

    def _ask(self, image: str) -> list[tuple[str, str]] | None:
        name = f"treadle-options-{self.stack}-{os.getpid()}"
        config = {"Image": image, "User": "root", "Entrypoint": in_order(["python3", "-c", _LIST]), "Cmd": [],
                  "Labels": {STACK: self.stack, TRANSIENT: "options"}}
        self.engine.remove(name)
        container = self.engine.create(name, config, {"NetworkMode": "none"})
        try:
            self.engine.start(container, name)
            code = self.engine.wait(container, _LIMIT)
            said = self.engine.logs(container, "all").strip()
        finally:
            self.engine.remove(container)
        if code != 0:
            self.events.emit("options.unknown", f"{image} does not say which options are mutable "
                             f"({said.rpartition(chr(10))[2] or 'no answer in time'}): its services are restarted")
            return None
        return msgspec.json.decode(said.rpartition("\n")[2], type=list[tuple[str, str]])
