"""What a generation holds, in short: what changed, with which images."""

from __future__ import annotations

import json

from treadle.history import Generation
from treadle.history.git import Repository

#: The id of a tree without files, which every repository has.
_NOTHING = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def changes(repository: Repository, generation: Generation) -> dict[str, list[str]]:
    """``{what: nodes}`` of all that differs from the generation before: a file as ``VOLUME: path``, a document by its
    name, what belongs to no node by its path with no nodes."""
    found: dict[str, list[str]] = {}
    for differing in repository.differing(next(iter(generation.parents), _NOTHING), generation.id):
        kind, _, rest = differing.path.partition("/")
        node, _, name = rest.partition("/")
        if kind in ("nodes", "documents"):
            found.setdefault(name.replace("/", ": ", 1) if kind == "nodes" else name, []).append(node)
        elif kind != "metadata":
            found.setdefault(differing.path, [])
    return found


def images(repository: Repository, generation: Generation) -> dict[str, str]:
    """``{image: id}`` of all nodes."""
    listed = repository.listing(generation.id, "documents/")
    wanted = {entry.id for path, entry in listed.items() if path.endswith("/images.json")}
    return dict(sorted((image, id_) for data in repository.blobs(wanted).values()
                       for image, id_ in json.loads(data).items()))

