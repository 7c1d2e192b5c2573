"""``treadle-node``: one file with all that a node needs of Treadle and of what Treadle needs, its Python excepted."""

from __future__ import annotations

import hashlib
import io
import sysconfig
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import treadle
from treadle.files import write_private

#: Treadle's packages and modules on the way of the data from the node plan to containers, and what they share.
PACKAGES = ("plan", "generate", "propagate", "instantiate", "node")
MODULES = ("__init__", "errors", "events", "secrets", "files", "paths", "engine", "gateway", "registry", "inside")
#: What they need. Only msgspec is compiled; of the others' compiled parts there is Python as well.
DISTRIBUTIONS = ("docker", "requests", "urllib3", "idna", "certifi", "charset-normalizer", "tenacity", "msgspec")
COMPILED = "msgspec"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Archive:
    """``data`` is the file; ``suffix`` that of compiled modules: it names Python's version, machine and system."""

    data: bytes
    digest: str
    suffix: str


def suffix() -> str:
    """That of this Python's compiled modules ('.cpython-311-x86_64-linux-gnu.so')."""
    return str(sysconfig.get_config_var("EXT_SUFFIX"))


def boot() -> str:
    """The text that a node's Python is given before it has the archive."""
    return (_HERE / "boot.py").read_text()


def archive(folder: Path) -> Archive:
    """The archive of this deployer; kept in ``folder`` as long as what it is made of stays the same."""
    files = dict(sorted(_files()))
    key = hashlib.sha256(suffix().encode())
    for name, path in files.items():
        there = path.stat()
        key.update(f"{name}\0{path}\0{there.st_size}\0{there.st_mtime_ns}\0".encode())
    place = folder / f"treadle-node-{key.hexdigest()[:16]}.pyz"
    if not place.exists():
        for old in folder.glob("treadle-node-*.pyz"):
            old.unlink(missing_ok=True)
        write_private(place, _packed(files))
    data = place.read_bytes()
    return Archive(data, hashlib.sha256(data).hexdigest(), suffix())


def _packed(files: dict[str, Path]) -> bytes:
    """Same files, same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, path in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _files() -> Iterator[tuple[str, Path]]:
    """(name in the archive, file)."""
    yield "__main__.py", _HERE / "unpack.py"
    source = Path(treadle.__file__).parent
    yield from ((f"treadle/{name}.py", source / f"{name}.py") for name in MODULES)
    for package in PACKAGES:
        yield from ((f"treadle/{path.relative_to(source)}", path) for path in (source / package).rglob("*")
                    if path.is_file() and path.suffix != ".pyc")
    for name in DISTRIBUTIONS:
        for file in distribution(name).files or ():
            if file.parts[0] == ".." or file.suffix in (".pyc", ".pyi"):
                continue
            if not file.name.endswith(".so") or name == COMPILED:
                yield file.as_posix(), Path(str(file.locate()))
