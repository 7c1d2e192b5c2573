"""The folder that stands for a node's configuration while it is validated, and what containers mount of it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from treadle.files import write_private
from treadle.generate import ConfigTree
from treadle.instantiate.fromnode import env_files, from_node
from treadle.node.configuration import pieces
from treadle.paths import NodePaths
from treadle.plan.containers import Container
from treadle.plan.folders import folders
from treadle.plan.mounts import Mount, parse_mount
from treadle.plan.nodeplan import NodePlan
from treadle.propagate import propagate


@dataclass(frozen=True)
class Stage:
    """``folder`` holds ``trees`` and kolla's files and scripts under the paths that they have on the node."""

    plan: NodePlan
    folder: Path

    @property
    def staged(self) -> NodePlan:
        return msgspec.structs.replace(self.plan, root=str(self.folder))

    def lay_out(self, trees: Mapping[str, ConfigTree]) -> None:
        """Raises HostError where there is no room."""
        for piece in pieces(self.staged, trees):
            if piece.single and not piece.part:
                entry = piece.tree.files[piece.place.name]
                write_private(piece.place, entry.content)
                piece.place.chmod(entry.mode)
            elif not piece.part:
                propagate(piece.tree, piece.place)

    def mounts(self, container: Container) -> list[Mount]:
        """The entry's own, and those that it takes over from others."""
        entries = {name: c for step in self.plan.docker_config.values() for name, c in step.items()}
        others = [entries[name.partition(":")[0]] for name in container.volumes_from
                  if name.partition(":")[0] in entries]
        return [parse_mount(volume) for c in (container, *others) for volume in c.volumes]

    def foreign(self, container: Container) -> Iterator[Mount]:
        """What it may read of the node beside configuration: certificates and the like."""
        paths = NodePaths(self.plan.stack, self.plan.root)
        for mount in self.mounts(container):
            known = mount.named or self._configuration(mount) or self._data(mount)
            if not known and "ro" in mount.options and Path(paths.rebase(mount.source)).exists():
                yield mount

    def environment(self, container: Container) -> list[str]:
        """As the entry has it; an env_file that is not there yet is left out."""
        paths = NodePaths(self.plan.stack, self.plan.root)
        there = [path for path in env_files(container) if Path(paths.rebase(path)).is_file()]
        node = from_node(msgspec.structs.replace(container, env_file=there, security_opt=[]), paths)
        found = {**node.env_files, **node.passed_on(container.environ())}
        return [f"{name}={value}" for name, value in found.items()]

    def host(self, container: Container) -> dict[str, Any]:
        """Of the engine's "create container": staged configuration, empty folders for data, no network."""
        staged, paths = NodePaths(self.plan.stack, str(self.folder)), NodePaths(self.plan.stack, self.plan.root)
        binds = [f"{paths.rebase(mount.source)}:{mount.destination}:ro" for mount in self.foreign(container)]
        empty = {}
        for mount in self.mounts(container):
            source = Path(staged.rebase(mount.source))
            if self._configuration(mount) and source.exists():
                binds.append(f"{source}:{mount.destination}:ro")
            elif self._data(mount):
                empty[mount.destination] = ""
        return {"Binds": binds, "Tmpfs": empty, "NetworkMode": "none", "ExtraHosts": container.extra_hosts}

    def _configuration(self, mount: Mount) -> bool:
        paths = NodePaths(self.plan.stack)
        path = Path(posixpath.normpath(mount.source))
        return any(path.is_relative_to(base) for base in (paths.volumes, paths.kolla_config, paths.scripts))

    def _data(self, mount: Mount) -> bool:
        source = Path(NodePaths(self.plan.stack, self.plan.root).rebase(posixpath.normpath(mount.source)))
        return mount.named or any(source.is_relative_to(folder) for folder in folders(self.plan))
