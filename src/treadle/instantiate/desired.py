"""Desired containers of one node: from its plan, the images that the engine has and what its volumes hold."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from treadle.engine import NO_IMAGE, canonical
from treadle.errors import EngineError, PlanError
from treadle.paths import NodePaths
from treadle.plan.containers import Container, spec_of
from treadle.plan.mounts import parse_device
from treadle.plan.nodeplan import NodePlan
from treadle.propagate import Delta, VolumeState
from treadle.secrets import Secrets


@dataclass(frozen=True)
class Held:
    """One piece of configuration that a container mounts, and what it holds. ``image``: the config volume's."""

    key: str
    state: VolumeState
    image: str = ""

    @property
    def folder(self) -> str:
        """Where in its config volume the piece begins, with a slash behind it; '' for the whole of one."""
        _, _, inner = self.key.partition("/")
        return f"{inner}/" if inner else ""

    @property
    def rereadable(self) -> bool:
        """Whether a running container sees its files change. A file that is mounted alone stays as it was, and
        kolla's file and scripts have done their work when the container runs."""
        return self.key.startswith("volume:") and not self.state.single


@dataclass(frozen=True)
class Difference:
    """One difference between the configuration that a container runs and what it should run."""

    held: Held
    delta: Delta

    @property
    def file(self) -> str:
        """The file's path in its config volume ("etc/cinder/cinder.conf")."""
        return self.held.folder + self.delta.path


@dataclass(frozen=True)
class Desired:
    """One container as it should be. ``config`` and ``spec`` are fingerprints of all that it mounts and is."""

    name: str
    step: int
    container: Container
    image_id: str
    spec: str
    config: str
    sources: tuple[Held, ...] = ()

    @property
    def since(self) -> float:
        """When the configuration that it mounts last changed (epoch seconds)."""
        return max((held.state.since for held in self.sources), default=0.0)

    def unseen(self, taken: float) -> tuple[Held, ...]:
        """What it mounts that is not any more what it was when it was ``taken``."""
        return tuple(held for held in self.sources if held.state.unseen(taken))

    def differences(self, taken: float) -> list[Difference]:
        """How its configuration changed since it was ``taken``, the latest of each option or file."""
        found = {(held.key, delta.path, delta.section, delta.option, delta.words): Difference(held, delta)
                 for held in self.sources for revision in held.state.unseen(taken) for delta in revision.deltas}
        return list(found.values())

    def generation(self, taken: float) -> str:
        """The generation that last changed what it runs; '' where that is not known, or it has no configuration."""
        held = [revision for source in self.sources if (revision := source.state.held(taken))]
        return max(held, key=lambda revision: revision.at).generation if held else ""

    @property
    def copies_once(self) -> bool:
        return self.container.environ().get("KOLLA_CONFIG_STRATEGY") == "COPY_ONCE"

    @property
    def copies_always(self) -> bool:
        return self.container.environ().get("KOLLA_CONFIG_STRATEGY") == "COPY_ALWAYS"

    @property
    def stays(self) -> bool:
        """It is expected to go on running."""
        return self.container.action == "run" and not self.container.one_shot

    @property
    def recorded(self) -> bool:
        """Its result is kept in the node's state, because no container is left to tell."""
        return self.container.action == "exec" or (self.container.one_shot and self.container.remove)


def build_desired(plan: NodePlan, image_ids: Mapping[str, str],
                  states: Mapping[str, VolumeState]) -> dict[str, Desired]:
    """``{name: Desired}`` of every step. ``states`` are keyed by ``source_key``.

    Raises EngineError for an image that the engine lacks, PlanError for a secret that the engine would show.
    """
    paths = NodePaths(plan.stack, plan.root)
    secrets = Secrets(plan.secrets)
    wanted = {name: (step, c) for step, containers in plan.docker_config.items() for name, c in containers.items()}
    images = {config.volume: config.image for config in plan.puppet_configs}
    _require_images(plan, image_ids)
    desired: dict[str, Desired] = {}
    for name, (step, container) in wanted.items():
        _require_no_secret(name, container, secrets, plan)
        known = _mounting(name, container, wanted)
        sources = tuple(dict.fromkeys(
            key for volume in known.volumes for key in source_keys(volume, paths, states)))
        image = container.image or known.image
        desired[name] = Desired(
            name, step, container, image_ids[image], spec=_print(plan, spec_of(container)),
            config=_print(plan, [[key, states[key].fingerprint] for key in sources]),
            sources=tuple(Held(key, states[key], images.get(_volume(key), "")) for key in sources))
    return desired


def _mounting(name: str, container: Container, wanted: Mapping[str, tuple[int, Container]]) -> Container:
    """The container whose mounts count: an exec's are those of the container that it runs in."""
    if container.action != "exec":
        return container
    if container.target not in wanted:
        raise PlanError(f"there is no container {container.target} to run in", key=f"docker_config.{name}.command")
    return wanted[container.target][1]


def source_keys(volume: str, paths: NodePaths, states: Mapping[str, object]) -> list[str]:
    """The keys in ``states`` of what a mount brings: a config volume or a part of it, a kolla file, a script.

    Source of the walk upwards: tripleo bug 1860364 (a mount below a volume, or without a slash, got no hash).
    """
    part = part_key(volume, paths)
    if part in states:
        return [part]
    for base, kind in ((paths.volumes, "volume"), (paths.kolla_config, "kolla"), (paths.scripts, "script")):
        inner = _below(volume, base, paths)
        if inner == ".":
            return sorted(key for key in states if key.startswith(f"{kind}:") and "/" not in key)
        if inner:
            key = f"{kind}:{inner.split('/')[0]}"
            return [key] if key in states else []
    return []


def _volume(key: str) -> str:
    """The config volume that a key is of: "keystone" of "volume:keystone/etc/keystone/init"."""
    return key.removeprefix("volume:").partition("/")[0]


def part_key(volume: str, paths: NodePaths) -> str:
    """``volume:NAME/path`` for a mount from inside a config volume, '' for any other."""
    inner = _below(volume, paths.volumes, paths)
    return f"volume:{inner}" if "/" in inner else ""


def _below(volume: str, base: Path, paths: NodePaths) -> str:
    """Where in ``base`` the mount's source is: '.' for ``base`` itself, '' for somewhere else."""
    source = posixpath.normpath(paths.rebase(volume.split(":")[0]))
    return "." if source == str(base) else source.removeprefix(f"{base}/") if source.startswith(f"{base}/") else ""


def _print(plan: NodePlan, value: object) -> str:
    return hashlib.blake2b(canonical(value), key=bytes.fromhex(plan.fingerprint_key), digest_size=20).hexdigest()


def _require_images(plan: NodePlan, image_ids: Mapping[str, str]) -> None:
    for step, containers in plan.docker_config.items():
        for name, container in containers.items():
            if container.image and container.image not in image_ids:
                raise EngineError(f"the engine has no image {container.image}",
                                  key=f"docker_config.step_{step}.{name}.image",
                                  hint=NO_IMAGE)


def _require_no_secret(name: str, container: Container, secrets: Secrets, plan: NodePlan) -> None:
    """What stands in a specification stands in `docker inspect` and `ps` for everybody on the node to read."""
    for key in ("command", "environment", "volumes", "extra_hosts", "healthcheck"):
        found = secrets.found_in(canonical(msgspec.to_builtins(getattr(container, key))).decode())
        if found:
            service = plan.owners.get(f"container {name}", "?")
            raise PlanError(f"the secret {found} would be readable by `docker inspect`",
                            key=f"{service}.docker_config.{name}.{key}",
                            hint="let the container read it from its config volume or a docker_config_scripts file")


def missing_paths(desired: Desired, paths: NodePaths) -> list[tuple[str, str]]:
    """``[(key, path)]`` of what the container mounts or opens and the host does not have (the engine would make empty
    folders of mounts, and a container without its devices)."""
    needed = [("volumes", paths.rebase(volume.split(":")[0])) for volume in desired.container.volumes]
    needed += [("devices", parse_device(text).source) for text in desired.container.devices]
    return [(key, path) for key, path in needed if path.startswith("/") and not Path(path).exists()]
