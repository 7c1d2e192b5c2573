"""What the folder ``images/`` says: the list of images, and the settings shared with kolla-build."""

from __future__ import annotations

import configparser
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treadle.errors import InputError, nearest

_KEYS = {"name": str, "for": str, "implied": bool, "extra": bool}


@dataclass(frozen=True)
class Image:
    """One line of ``images.yaml``. An implied image is built for its children only, an extra one when it is named or a
    cloud uses it."""

    name: str
    purpose: str
    implied: bool = False
    extra: bool = False


@dataclass(frozen=True)
class Catalogue:
    """The folder ``images/`` as read. ``base`` is the reference that the first image begins with."""

    folder: Path
    images: tuple[Image, ...]
    namespace: str
    tag: str
    base: str
    release: str

    def reference(self, name: str) -> str:
        return f"{self.namespace}/{name}:{self.tag}"

    def wanted(self, names: Sequence[str]) -> tuple[str, ...]:
        """``names`` checked, or all that are neither implied nor extra. InputError with the nearest name."""
        known = [image.name for image in self.images]
        for name in names:
            if name not in known:
                raise InputError(f"no image {name}{nearest(name, known)}", source=self.folder / "images.yaml",
                                 hint=f"known: {', '.join(known)}")
        return tuple(dict.fromkeys(names)) or tuple(
            i.name for i in self.images if not (i.implied or i.extra))

    def used_by(self, document: Any) -> tuple[str, ...]:
        """Names of the images whose references stand anywhere in ``document``: of what a cloud's templates evaluate to.
        Images from elsewhere are not in the list, and not built."""
        references = set(texts(document))
        return tuple(image.name for image in self.images if self.reference(image.name) in references)


def texts(document: Any) -> Iterator[str]:
    """Every text in a document of maps and lists, but for keys."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping):
        yield from texts(list(document.values()))
    elif isinstance(document, list | tuple):
        for item in document:
            yield from texts(item)


def project_folder() -> Path:
    """``images/`` of the checkout that this package was installed from."""
    folder = Path(__file__).resolve().parents[3] / "images"
    if not (folder / "images.yaml").is_file():
        raise InputError("the project's folder images/ is not beside the package", source=folder,
                         hint="install treadle from a checkout (pip install -e .), or pass the folder")
    return folder


def load(folder: Path) -> Catalogue:
    """Read ``images.yaml`` and ``kolla-build.conf``. InputError names file and key."""
    conf = _conf(folder / "kolla-build.conf")
    return Catalogue(folder, _images(folder / "images.yaml"), conf["namespace"], conf["tag"],
                     f"{conf['base_image']}:{conf['base_tag']}", conf["base_tag"])


def _conf(file: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(file.read_text(), str(file))
    except (OSError, configparser.Error) as error:
        raise InputError(f"cannot be read: {error}", source=file) from error
    values = dict(parser.defaults())
    for key in ("namespace", "tag", "base_image", "base_tag"):
        if not values.get(key):
            raise InputError("has to be set", source=file, key=f"[DEFAULT] {key}")
    return values


def _images(file: Path) -> tuple[Image, ...]:
    import yaml

    try:
        document = yaml.safe_load(file.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise InputError(f"cannot be read: {error}", source=file) from error
    entries = document.get("images") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise InputError("expected a list of images", source=file, key="images")
    images = tuple(_image(entry, file, f"images[{index}]") for index, entry in enumerate(entries))
    twice = {image.name for image in images if sum(i.name == image.name for i in images) > 1}
    if twice:
        raise InputError(f"named twice: {', '.join(sorted(twice))}", source=file, key="images")
    return images


def _image(entry: Any, file: Path, key: str) -> Image:
    if not isinstance(entry, dict):
        raise InputError("expected a mapping with name and for", source=file, key=key)
    for name, value in entry.items():
        if name not in _KEYS:
            raise InputError(f"unknown key{nearest(name, _KEYS)}", source=file, key=f"{key}.{name}")
        if not isinstance(value, _KEYS[name]) or value == "":
            raise InputError(f"expected a {_KEYS[name].__name__}, got {value!r}", source=file,
                             key=f"{key}.{name}")
    for name in ("name", "for"):
        if name not in entry:
            raise InputError("has to be there", source=file, key=f"{key}.{name}")
    return Image(entry["name"], entry["for"], entry.get("implied", False), entry.get("extra", False))
