"""When is an image out of date? Digests of recipes, and the record of what was built from which.

Two digests: a cheap one over all that goes in (files, overrides, kolla's version), which says in
milliseconds that nothing changed; and one for each image over its rendered Dockerfile and build context, so
that a change for one service does not build the others again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from configparser import ConfigParser
from dataclasses import asdict, dataclass
from pathlib import Path

_FROM = re.compile(r"^FROM\s+(\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Recipe:
    """How to build one image. ``parent`` is the reference after FROM."""

    name: str
    digest: str
    parent: str


@dataclass(frozen=True)
class Built:
    """One image that was built: from which recipe, on which parent, with which result (engine ids).

    ``inputs`` is the cheap digest under which it was last seen to be current.
    """

    recipe: str
    parent: str
    parent_id: str
    id: str
    inputs: str


@dataclass(frozen=True)
class Record:
    """What the last builds left, kept as JSON: name to ``Built``."""

    images: Mapping[str, Built]

    @staticmethod
    def read(file: Path) -> Record:
        """An unreadable record counts as none: the images are then built again, mostly from the cache."""
        try:
            return Record({name: Built(**built) for name, built in json.loads(file.read_text()).items()})
        except (OSError, ValueError, TypeError, AttributeError):
            return Record({})

    def write(self, file: Path) -> None:
        """Atomically, so that a kill leaves the old or the new record."""
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_text(json.dumps({name: asdict(self.images[name]) for name in sorted(self.images)}, indent=1))
        part.replace(file)

    def intact(self, name: str, reference: Callable[[str], str], image_id: Callable[[str], str]) -> bool:
        """True when the engine has the image and all its ancestors just as they were built."""
        built = self.images.get(name)
        if built is None or image_id(reference(name)) != built.id or image_id(built.parent) != built.parent_id:
            return False
        parents = [other for other in self.images if reference(other) == built.parent]
        return all(self.intact(parent, reference, image_id) for parent in parents)

    def unchanged(self, name: str, inputs: str) -> bool:
        """True when nothing at all that goes into images has changed since ``name`` was last current."""
        return name in self.images and self.images[name].inputs == inputs


def out_of_date(recipes: Mapping[str, Recipe], record: Record, reference: Callable[[str], str],
                image_id: Callable[[str], str], forced: Sequence[str] = ()) -> list[str]:
    """Names to build, parents first: forced, missing, of another recipe, or on another parent.

    ``image_id`` gives the engine's id for a reference, or the empty string.
    """
    by_reference = {reference(name): name for name in recipes}
    stale: list[str] = []

    def visit(name: str) -> bool:
        recipe, built = recipes[name], record.images.get(name)
        parent = by_reference.get(recipe.parent)
        parent_stale = parent is not None and visit(parent)
        found = image_id(reference(name))
        changed = (name in forced or parent_stale or not found or built is None or built.id != found
                   or built.recipe != recipe.digest or built.parent_id != image_id(recipe.parent))
        if changed and name not in stale:
            stale.append(name)
        return changed

    for name in recipes:
        visit(name)
    return stale


def split(stale: Sequence[str], recipes: Mapping[str, Recipe],
          reference: Callable[[str], str]) -> tuple[str, list[list[str]]]:
    """Lists to build side by side: those with a tail (parents and their children), and the single ones.

    Also the image that the second list has to wait for, or the empty string. One list when there is nothing
    to gain.
    """
    references = {reference(name) for name in recipes}
    root = next((name for name in recipes if recipes[name].parent not in references), "")
    parents = {recipes[name].parent for name in stale}
    single = [name for name in stale
              if recipes[name].parent == reference(root) and reference(name) not in parents]
    tail = [name for name in stale if name not in single]
    if not single or not set(tail) - {root}:
        return "", [list(stale)]
    return (root if root in stale else ""), [tail, single]


def inputs_digest(folder: Path, overrides: Sequence[Path], *facts: str) -> str:
    """The cheap digest: every file of ``images/``, the user's overrides in order, and ``facts``."""
    digest = hashlib.sha256(json.dumps(facts).encode())
    _add_tree(digest.update, folder)
    for override in overrides:
        digest.update(b"\0override\0" + override.read_bytes())
    return digest.hexdigest()


def rendered(work: Path, conf: Path, kolla_version: str) -> dict[str, Recipe]:
    """Recipes under kolla-build's working folder after ``--template-only``; only matched images are there.

    ``conf`` is kolla-build.conf, whose local sources are part of a recipe.
    """
    sections = ConfigParser(interpolation=None, strict=False)
    sections.read(conf)
    recipes = {}
    for dockerfile in sorted(work.rglob("Dockerfile")):
        name = dockerfile.parent.name
        parent = _FROM.search(dockerfile.read_text())
        digest = hashlib.sha256(kolla_version.encode())
        _add_tree(digest.update, dockerfile.parent, skip=("Dockerfile.j2",))
        for section in sections.sections():
            if section == name or section.startswith((f"{name}-plugin-", f"{name}-additions-")):
                digest.update(repr(sorted(sections[section].items())).encode())
                if sections[section].get("type") == "local":
                    _add_tree(digest.update, conf.parent / sections[section]["location"])
        recipes[name] = Recipe(name, digest.hexdigest(), parent[1] if parent else "")
    return recipes


def _add_tree(add: Callable[[bytes], object], root: Path, skip: Sequence[str] = ()) -> None:
    for folder, folders, files in os.walk(root):
        # Compiled by whoever installed kolla, with the time of that in it: no part of a recipe.
        folders[:] = sorted(set(folders) - {"__pycache__"})
        for file in sorted(set(files) - set(skip)):
            path = Path(folder) / file
            mode = "x" if os.access(path, os.X_OK) else "-"
            add(f"\0{path.relative_to(root)}\0{mode}\0".encode() + path.read_bytes())
