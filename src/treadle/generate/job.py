"""What one Puppet run needs, and what it can depend on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from treadle.engine import canonical
from treadle.plan.nodeplan import PuppetConfig

#: Every run has these; docker-puppet adds them to the entry's own (docker-puppet.py, 416-419).
DEFAULT_TAGS = ("file", "file_line", "concat", "augeas", "cron")
#: The step that configuration is generated with: all of a profile's settings are present from step 5 on.
GENERATE_STEP = 6
SCRIPT = Path(__file__).with_name("generate.sh")


@dataclass(frozen=True)
class PuppetEtc:
    """What becomes /etc/puppet in the container: ``{relative path: text}``, and the layers for bookkeeping."""

    files: Mapping[str, str]
    layers: Sequence[Mapping[str, Any]] = ()

    def asked(self, key: str) -> str:
        """Digest of ``key``'s value in every layer; what a lookup, merging or not, could have used."""
        return _digest([layer.get(key, "\0absent") for layer in self.layers])

    def everything(self) -> str:
        return _digest(dict(self.files))

    def settings_of(self, service: str) -> int:
        """How many keys are about ``service``: roughly, how long its catalog is."""
        return sum(f"::{service}::" in f"::{key}" for layer in self.layers for key in layer)


def layer_text(layer: Mapping[str, Any]) -> str:
    """A layer as its file: of a large cloud they are megabytes, which Python's own encoder takes half a second for."""
    text = msgspec.json.format(msgspec.json.encode(layer, order="sorted"), indent=1).decode()
    return text if text.isascii() else json.dumps(layer, indent=1, sort_keys=True)


def from_layers(layers: Mapping[str, Mapping[str, Any]], hierarchy: Sequence[str],
                texts: Mapping[str, str] | None = None) -> PuppetEtc:
    """hiera.yaml and the JSON layers of a node plan; ``texts`` are those of layers that are known already."""
    level = {"name": "Treadle's layers, first wins", "paths": [f"{name}.json" for name in hierarchy],
             "lookup_key": "treadle::recorded_json", "options": {"record": "/treadle/out/asked"}}
    hiera = {"version": 5, "defaults": {"datadir": "/etc/puppet/hieradata"}, "hierarchy": [level]}
    files = {f"hieradata/{name}.json": (texts or {}).get(name) or layer_text(layer) for name, layer in layers.items()}
    return PuppetEtc({"hiera.yaml": json.dumps(hiera, indent=1), **files},
                     [layers[name] for name in hierarchy if name in layers])


@dataclass(frozen=True)
class Job:
    """One run of Puppet in a transient container of ``config.image``."""

    config: PuppetConfig
    step: int = GENERATE_STEP
    network: Literal["none", "host"] = "none"
    archive: bool = True

    @property
    def tags(self) -> str:
        return ",".join(dict.fromkeys((*DEFAULT_TAGS, *self.config.tags)))

    @property
    def manifest(self) -> str:
        """The entry's manifest behind a prefix: packages and services belong to the image and to the containers.

        Tags alone do not keep such resources out, because a define's title becomes a tag of all it declares.
        """
        types = ["Package", "Service", *([] if "exec" in self.config.tags else ["Exec"])]
        return "".join(f"noop_resource('{name}')\n" for name in types) + self.config.manifest + "\n"

    def fixed_inputs(self, image_id: str, modules: str, hostname: str) -> str:
        """Digest of all inputs but hiera's values."""
        return _digest([self.manifest, self.tags, self.step, self.network, list(self.config.volumes), image_id,
                        modules, hostname, SCRIPT.read_text(), os.cpu_count()])


def modules_digest(modules: Mapping[str, str] | Iterable[Path]) -> str:
    """Digest of Puppet modules, given as ``{path: text}`` or as folders."""
    if isinstance(modules, Mapping):
        return _digest(dict(modules))
    return _digest([[str(path.relative_to(folder)), path.read_bytes().hex()]
                    for folder in modules for path in sorted(folder.rglob("*")) if path.is_file()])


def _digest(value: Any) -> str:
    return hashlib.blake2b(canonical(value), digest_size=20).hexdigest()
