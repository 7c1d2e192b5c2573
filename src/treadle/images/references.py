"""How images are called in a registry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from treadle.errors import InputError
from treadle.registry import registry_of


@dataclass(frozen=True)
class Naming:
    """What names are made of; None leaves a part of a name as it is. ``destination``: the registry that images are
    pushed to, with or without a path below it, and that nodes pull from; '' for the one of ``namespace``."""

    namespace: str | None = None
    tag: str | None = None
    prefix: str = ""
    suffix: str = ""
    destination: str = ""

    def source(self, image: str) -> str:
        """How an image is called before it is pushed; ``image`` is what its parameter says."""
        path, name, tag = parts(image)
        space = path if self.namespace is None else self.namespace.strip("/")
        return f"{space}/{self.prefix}{name}{self.suffix}:{self.tag or tag}".lstrip("/")

    def wanted(self, image: str) -> str:
        """How nodes call it: the source's name, its registry replaced by the destination."""
        source = self.source(image)
        if not self.destination:
            return source
        return f"{self.destination.rstrip('/')}/{source.removeprefix(registry_of(source)).lstrip('/')}"


def parts(image: str) -> tuple[str, str, str]:
    """(namespace with its registry, name, tag) of a name. Raises InputError for a digest, which cannot be renamed."""
    if "@" in image:
        raise InputError(f"{image} is named by its digest", hint="name it by a tag, or leave it out by --exclude")
    path, _, last = image.rpartition("/")
    name, _, tag = last.partition(":")
    return path, name, tag or "latest"


def renamed(parameters: Mapping[str, str], naming: Naming) -> dict[str, str]:
    """``{parameter: image}`` with the names that nodes use. Raises InputError where two images would be one."""
    found = {parameter: naming.wanted(image) for parameter, image in sorted(parameters.items())}
    for name in set(found.values()):
        different = sorted({parameters[parameter] for parameter in found if found[parameter] == name})
        if len(different) > 1:
            raise InputError(f"{' and '.join(different)} would both be called {name}",
                             hint="give one of them another name or tag, or leave it out by --exclude")
    return found


def pushes(images: Iterable[str], naming: Naming) -> dict[str, str]:
    """``{source: name in the registry}`` of what is to be pushed, each once."""
    return {naming.source(image): naming.wanted(image) for image in sorted(set(images))} if naming.destination else {}
