"""What a generation adds to the one before it: only what changed is masked, and written.

What changed is seen in the metadata, whose digests are of the unmasked contents. That holds where this repository's
own last commit is the one before, and secrets are the same; else all contents are masked and compared by object id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from treadle.errors import HistoryError
from treadle.generate.tree import ConfigTree, File
from treadle.history.git import Blob, Entry, Repository
from treadle.history.layout import parsed, text
from treadle.history.vault import Vault
from treadle.secrets import Secrets

#: Configuration is text that people review; what is larger does not belong into it.
LARGEST = 16 * 1024 * 1024
_GIT_MODE = {"link": "120000"}
_SECRETS = "secrets.json"
#: Few files, or small ones; their listing says what changed in all others.
_HERE = ("metadata", "puppet-modules", "inputs.json", "nodes.json", _SECRETS)


@dataclass(frozen=True)
class NodeSnapshot:
    """What one node is to have: config volumes, and the documents beside them (``{file name: content}``)."""

    volumes: Mapping[str, ConfigTree]
    documents: Mapping[str, bytes] = field(default_factory=dict)


class Recording:
    """One generation on its way into ``repository``, on top of ``parent``. ``trusted``: the parent is as it was
    recorded, so that nobody put another content beside its metadata."""

    def __init__(self, repository: Repository, vault: Vault, parent: str | None, *, trusted: bool) -> None:
        self._repository = repository
        self._vault = vault
        self._parent = parent
        self._trusted = trusted
        self._digests: dict[bytes, str] = {}
        self._masked: dict[bytes, bytes] = {}

    def changes(self, nodes: Mapping[str, NodeSnapshot], secrets: Mapping[str, str],
                common: Mapping[str, bytes]) -> dict[str, Blob | None]:
        """``{path: its new content, None where it goes}``. Raises HistoryError for a file that is too large."""
        self._masks = Secrets(secrets)
        files = {_SECRETS: Blob(text(self._vault.digests(secrets))),
                 **{path: Blob(self._mask(data)) for path, data in common.items()}}
        there = self._repository.listing(self._parent, *_HERE) if self._parent else {}
        if not self._trusted or there.get(_SECRETS) != _entry(files[_SECRETS]):
            return self._everything(nodes, files)
        metadata = dict(self._metadata(nodes))
        changes: dict[str, Blob | None] = {}
        for path, entry in there.items():
            if path not in files and path not in metadata:
                changes.update(_gone(path))
            elif path in files and entry == _entry(files[path]):
                del files[path]
        changed = {path: blob for path, blob in metadata.items() if there.get(path) != _entry(blob)}
        old = self._repository.blobs(there[path].id for path in changed if path in there)
        for path, blob in changed.items():
            before = parsed(old[there[path].id]) if path in there else {}
            changes.update(self._below(path, before, parsed(blob.data), nodes))
        return {**changes, **changed, **files}

    def _everything(self, nodes: Mapping[str, NodeSnapshot], files: Mapping[str, Blob]) -> dict[str, Blob | None]:
        """All that is to be there, compared with all that is there."""
        metadata = dict(self._metadata(nodes))
        wanted: dict[str, Blob | None] = {**files, **metadata}
        for path, blob in metadata.items():
            wanted.update(self._below(path, {}, parsed(blob.data), nodes))
        there = self._repository.listing(self._parent) if self._parent else {}
        gone: dict[str, Blob | None] = {path: None for path in there if path not in wanted}
        return {**gone, **{path: blob for path, blob in wanted.items() if blob and there.get(path) != _entry(blob)}}

    def _metadata(self, nodes: Mapping[str, NodeSnapshot]) -> Iterator[tuple[str, Blob]]:
        """Of each volume and of the documents of each node."""
        digest = self._digest
        for name, node in nodes.items():
            yield f"metadata/{name}.json", Blob(text({inner: digest(data) for inner, data in node.documents.items()}))
            for volume, tree in node.volumes.items():
                yield f"metadata/{name}/{volume}.json", Blob(text({
                    path: (entry.type, f"{entry.mode:04o}", entry.uid, entry.gid,
                           "" if entry.type == "dir" else digest(entry.content))
                    for path, entry in tree.files.items()}))

    def _below(self, path: str, old: Mapping[str, Any], new: Mapping[str, Any],
               nodes: Mapping[str, NodeSnapshot]) -> Iterator[tuple[str, Blob | None]]:
        """The files whose rows in the metadata at ``path`` differ."""
        node, _, volume = path.removeprefix("metadata/").removesuffix(".json").partition("/")
        folder = f"nodes/{node}/{volume}" if volume else f"documents/{node}"
        yield from ((f"{folder}/{inner}", None) for inner in old if inner not in new)
        for inner in [inner for inner, row in new.items() if old.get(inner) != row]:
            if not volume:
                yield f"{folder}/{inner}", Blob(self._mask(nodes[node].documents[inner]))
                continue
            entry = nodes[node].volumes[volume].files[inner]
            if entry.type != "dir":
                yield f"{folder}/{inner}", self._file(f"node {node}.{volume}", inner, entry)
            elif old.get(inner, ("dir",))[0] != "dir":
                yield f"{folder}/{inner}", None  # before what is in the folder is written

    def _file(self, where: str, path: str, entry: File) -> Blob:
        if len(entry.content) > LARGEST:
            raise HistoryError(f"the file {path} has {len(entry.content) >> 20} MiB; {LARGEST >> 20} are the most",
                               key=where, hint="give it to the service by other means, such as a mount; nothing was "
                               "recorded")
        mode = _GIT_MODE.get(entry.type, "100755" if entry.mode & 0o100 else "100644")
        return Blob(self._mask(entry.content), mode)

    def _digest(self, data: bytes) -> str:
        found = self._digests.get(data)
        if found is None:
            found = self._digests[data] = self._vault.digest(data)
        return found

    def _mask(self, data: bytes) -> bytes:
        found = self._masked.get(data)
        if found is None:
            found = self._masked[data] = self._masks.mask_bytes(data)
        return found


def _gone(path: str) -> dict[str, None]:
    """What goes with metadata that is not wanted any more."""
    kind, _, rest = path.partition("/")
    if kind != "metadata":
        return {path: None}
    inner = rest.removesuffix(".json")
    return {path: None, f"nodes/{inner}" if "/" in inner else f"documents/{inner}": None}


def _entry(blob: Blob) -> Entry:
    return Entry(blob.mode, blob.id)
