"""Config trees of all nodes in; a generation out: a commit that says who, when and why, and holds no secret."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from treadle.errors import HistoryError
from treadle.generate.tree import ConfigTree, File
from treadle.history.git import Blob, Repository
from treadle.secrets import Secrets

REF = "refs/heads/generated"
_GIT_MODE = {"link": "120000"}


@dataclass(frozen=True)
class NodeSnapshot:
    """What one node is to have: config volumes, and the documents beside them (``{file name: plain data}``)."""

    volumes: Mapping[str, ConfigTree]
    documents: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Generation:
    """One recorded state of all nodes' configuration. ``new`` is False where the tree was there already."""

    id: str
    author: str = ""
    when: int = 0
    message: str = ""
    new: bool = False

    @property
    def short(self) -> str:
        return self.id[:12]


@dataclass(frozen=True)
class History:
    """The stack's git repository: ``nodes/NODE/VOLUME/path``, ``metadata/NODE.json``, ``documents/NODE/…``."""

    repository: Repository
    secrets: Secrets

    @classmethod
    def open(cls, path: Path, secrets: Secrets) -> History:
        """The repository at ``path``, made where there is none."""
        repository = Repository(path)
        repository.ensure()
        return cls(repository, secrets)

    def record(self, nodes: Mapping[str, NodeSnapshot], *, author: str, message: str,
               inputs: Mapping[str, Any] | None = None) -> Generation:
        """Commit ``nodes``, with secrets masked. Same content as the newest generation: that one, not new."""
        files: dict[str, Blob] = {"inputs.json": self._json(inputs or {})}
        for name, node in nodes.items():
            files.update(self._node_files(name, node))
        before = self.repository.resolve(REF)
        when = int(time.time())
        commit = self.repository.commit(REF, files, author=author, when=when, message=message)
        if commit == before:
            return self.newest() or Generation(commit)
        return Generation(commit, author, when, message, new=True)

    def _node_files(self, name: str, node: NodeSnapshot) -> dict[str, Blob]:
        files: dict[str, Blob] = {}
        metadata: dict[str, dict[str, list[Any]]] = {}
        for volume, tree in node.volumes.items():
            for path, entry in tree.files.items():
                metadata.setdefault(volume, {})[path] = [entry.type, f"{entry.mode:04o}", entry.uid, entry.gid]
                if entry.type != "dir":
                    mode = _GIT_MODE.get(entry.type, "100755" if entry.mode & 0o100 else "100644")
                    files[f"nodes/{name}/{volume}/{path}"] = Blob(self.secrets.mask_bytes(entry.content), mode)
            metadata.setdefault(volume, {})
        # Not masked: it holds paths, which stand in the commit's trees too, and a secret may be a word of a path.
        files[f"metadata/{name}.json"] = Blob(_text(metadata))
        for document, content in node.documents.items():
            files[f"documents/{name}/{document}"] = self._json(content)
        return files

    def _json(self, value: Any) -> Blob:
        return Blob(self.secrets.mask_bytes(_text(value)))

    def volumes(self, generation: str, node: str, *, masked: bool = False) -> dict[str, ConfigTree]:
        """The node's config volumes as they were recorded; secrets put back unless ``masked``.

        Raises HistoryError for an unknown generation, or one whose secrets are no longer known.
        """
        commit = self.repository.resolve(f"{generation}^{{commit}}")
        if commit is None:
            raise HistoryError(f"no generation is called {generation}",
                               hint=f"see them: git --git-dir {self.repository.path} log")
        found = self.repository.read(commit, f"metadata/{node}.json")
        if not found:
            return {}
        metadata = json.loads(next(iter(found.values())).data)
        blobs = self.repository.read(commit, f"nodes/{node}/")
        volumes: dict[str, ConfigTree] = {}
        for volume, entries in metadata.items():
            files: dict[str, File] = {}
            for path, (kind, mode, uid, gid) in entries.items():
                data = b"" if kind == "dir" else blobs[f"nodes/{node}/{volume}/{path}"].data
                files[path] = File(kind, int(mode, 8), uid, gid, data if masked else self._restore(data, path))
            volumes[volume] = ConfigTree(files)
        return volumes

    def _restore(self, data: bytes, path: str) -> bytes:
        try:
            return self.secrets.restore_bytes(data)
        except KeyError as error:
            raise HistoryError(f"the secret {error.args[0]} of {path} is no longer known",
                               hint="restore the stack's passwords file from its backup") from None

    def newest(self) -> Generation | None:
        """The generation that was recorded last."""
        rows = self.repository.log(REF, 1)
        return Generation(*rows[0]) if rows else None

    def log(self, limit: int = 50) -> list[Generation]:
        """Generations from the newest on."""
        return [Generation(*row) for row in self.repository.log(REF, limit)]


def _text(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


__all__ = ["Generation", "History", "NodeSnapshot"]
