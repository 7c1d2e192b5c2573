"""What a generation holds, as it was generated: with its secrets, each file compared with its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from treadle.errors import HistoryError, nearest
from treadle.generate.tree import ConfigTree, File
from treadle.history.git import Blob, Repository
from treadle.history.layout import parsed, plan_of
from treadle.history.vault import Vault
from treadle.plan.nodeplan import NodePlan
from treadle.secrets import Secrets

#: ``{path: (type, mode, uid, gid, digest)}`` of a config volume.
Metadata = dict[str, tuple[str, str, int, int, str]]
_EDITED = ("it was edited in git, or is damaged: change templates or environments instead, and generate; "
           "nothing was propagated")


@dataclass(frozen=True)
class Recorded:
    """One generation, whose commit is ``id``. What reads secrets raises HistoryError where the vault does not know
    them, and for a file that is not what was generated."""

    repository: Repository
    vault: Vault
    id: str

    @cached_property
    def nodes(self) -> list[str]:
        """The names of its nodes, in the order in which they are walked."""
        found: list[str] = self._json("nodes.json")
        return found

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """What it was made from; secrets are masked."""
        found: dict[str, Any] = self._json("inputs.json")
        return found

    @cached_property
    def digests(self) -> dict[str, str]:
        """``{name of a secret: keyed digest of its value}``."""
        found: dict[str, str] = self._json("secrets.json")
        return found

    @cached_property
    def secrets(self) -> Secrets:
        """Its secrets as they were."""
        return self.vault.secrets(self.digests)

    @cached_property
    def modules(self) -> dict[str, str]:
        """The stack's own Puppet modules: ``{path: text}``."""
        files = self.repository.read(self.id, "puppet-modules")
        return {path.removeprefix("puppet-modules/"): self.secrets.restore_bytes(blob.data).decode()
                for path, blob in files.items()}

    def images(self, node: str) -> dict[str, str]:
        """``{image: id}`` of the images that the node's containers were to be made of."""
        found: dict[str, str] = self._json(f"documents/{node}/images.json")
        return found

    def plans(self) -> list[NodePlan]:
        """The plans of all nodes, in their order."""
        return [self.plan(node) for node in self.nodes]

    def plan(self, node: str) -> NodePlan:
        """The node's plan, with its secrets."""
        files = self.repository.read(self.id, f"documents/{node}", f"metadata/{node}.json")
        if f"metadata/{node}.json" not in files:
            raise HistoryError(f"generation {self.id[:12]} has no node {node}{nearest(node, self.nodes)}",
                               hint=f"its nodes: {', '.join(self.nodes)}")
        digests = msgspec.json.decode(files[f"metadata/{node}.json"].data, type=dict[str, str])
        parts = {name: self._content(files, f"documents/{node}/{name}", digest) for name, digest in digests.items()}
        return plan_of(parts, self.modules, self.secrets, self.vault.key)

    def volumes(self, node: str) -> dict[str, ConfigTree]:
        """The node's config volumes; none for a node that it does not know."""
        return self._volumes(node, self._content)

    def masked(self, node: str) -> dict[str, ConfigTree]:
        """The same with its secrets masked; needs no vault."""
        return self._volumes(node, lambda files, path, _: files[path].data)

    def _volumes(self, node: str, content: Any) -> dict[str, ConfigTree]:
        files = self.repository.read(self.id, f"nodes/{node}", f"metadata/{node}")
        found: dict[str, ConfigTree] = {}
        for path, blob in files.items():
            if path.startswith(f"metadata/{node}/"):
                volume = path.removeprefix(f"metadata/{node}/").removesuffix(".json")
                metadata: Metadata = parsed(blob.data)
                found[volume] = ConfigTree({
                    inner: File(kind, int(mode, 8), uid, gid, b"" if kind == "dir" else  # type: ignore[arg-type]
                                content(files, f"nodes/{node}/{volume}/{inner}", digest))
                    for inner, (kind, mode, uid, gid, digest) in metadata.items()})
        return found

    def _content(self, files: Mapping[str, Blob], path: str, digest: str) -> bytes:
        """A file as it was generated."""
        try:
            data = self.secrets.restore_bytes(files[path].data) if path in files else None
        except KeyError as error:
            raise HistoryError(f"{path} names the secret {error.args[0]}, which its generation does not know",
                               hint=_EDITED) from None
        if data is None or self.vault.digest(data) != digest:
            raise HistoryError(f"{path} is not what was generated", source=self.repository.path, hint=_EDITED)
        return data

    def _json(self, path: str) -> Any:
        found = self.repository.read(self.id, path)
        if path not in found:
            raise HistoryError(f"generation {self.id[:12]} has no {path}", source=self.repository.path, hint=_EDITED)
        return parsed(found[path].data)
