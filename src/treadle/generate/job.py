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
    """What becomes /etc/puppet in the container: ``{relative path: text}``, and the layers for bookkeeping.

    ``joined`` are the files that stand for ``files`` in the container, where they say the same in fewer of them.
    """

    files: Mapping[str, str]
    layers: Sequence[Mapping[str, Any]] = ()
    joined: Mapping[str, str] | None = None

    @property
    def inside(self) -> Mapping[str, str]:
        return self.files if self.joined is None else self.joined

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
    known = {name: (texts or {}).get(name) or layer_text(layer) for name, layer in layers.items()}
    groups = _joined(layers, hierarchy)
    inside = {_name(names): known[names[0]] if len(names) == 1 else layer_text(layer)
              for names, layer in groups if layer is not None}
    return PuppetEtc({"hiera.yaml": _hiera(hierarchy), **_files(known)},
                     [layers[name] for name in hierarchy if name in layers],
                     {"hiera.yaml": _hiera([_name(names) for names, _ in groups]), **_files(inside)})


def _hiera(hierarchy: Sequence[str]) -> str:
    level = {"name": "Treadle's layers, first wins", "paths": [f"{name}.json" for name in hierarchy],
             "lookup_key": "treadle::recorded_json", "options": {"record": "/treadle/out/asked"}}
    return json.dumps({"version": 5, "defaults": {"datadir": "/etc/puppet/hieradata"}, "hierarchy": [level]}, indent=1)


def _files(texts: Mapping[str, str]) -> dict[str, str]:
    return {f"hieradata/{name}.json": text for name, text in texts.items()}


def _name(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]}--{names[-1]}"


def _joined(layers: Mapping[str, Mapping[str, Any]],
            hierarchy: Sequence[str]) -> list[tuple[list[str], dict[str, Any] | None]]:
    """The hierarchy with neighbours that have no key in common made one: to any lookup, merging or not, they are.

    Puppet asks each file for each of a catalog's thousands of parameters, nearly all of which none has. A layer that
    is not in ``layers`` comes from elsewhere, and stays by itself.
    """
    groups: list[tuple[list[str], dict[str, Any] | None]] = []
    for name in hierarchy:
        layer = layers.get(name)
        if layer is not None and groups and (above := groups[-1][1]) is not None and above.keys().isdisjoint(layer):
            groups[-1][0].append(name)
            above.update(layer)
        else:
            groups.append(([name], None if layer is None else dict(layer)))
    return groups


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
