"""The root file system that all images begin with: a minimal Debian made here by debootstrap.

No registry is asked for anything. What the official image for containers also does (no fsync by dpkg, no
translations) is done here too. Standard library only, as ``apt.py``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from treadle.errors import InputError, TreadleError
from treadle.images import apt

_DPKG_CONF = "# images are thrown away when the machine dies in the middle\nforce-unsafe-io\n"
_APT_CONF = 'Acquire::Languages "none";\nAPT::Install-Recommends "false";\n'
_LOCAL_CA = Path("/usr/local/share/ca-certificates")


class RootfsError(TreadleError):
    """debootstrap could not make the root file system."""


@dataclass(frozen=True)
class Recipe:
    """What a root file system of ``release`` is made of on this machine."""

    release: str
    sources: tuple[apt.AptSource, ...]
    settings: apt.AptSettings

    @property
    def digest(self) -> str:
        """Changes when a root file system made earlier can no longer install packages."""
        text = f"1\n{self.release}\n{apt.to_deb822(self.sources)}\n{self.settings.conf()}"
        return hashlib.sha256(text.encode()).hexdigest()


def recipe(release: str) -> Recipe:
    """The recipe for this machine. InputError when apt names no Debian archive."""
    sources = apt.sources_for(release, apt.read_sources(), apt.running_release())
    return Recipe(release, tuple(sources), apt.read_settings())


def make(release: str, folder: Path, log: Path) -> Path:
    """Path of a tar file of the root file system, made unless it is there.

    Two processes may call this at once: the second waits for the first's file. RootfsError with the last
    lines of debootstrap when it fails.
    """
    wanted = recipe(release)
    folder.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    tar = folder / f"debian-{release}-{wanted.digest[:12]}.tar"
    with _held(folder / "rootfs.lock"):
        if not tar.exists():
            _check()
            for left in folder.glob("rootfs-*"):  # of a run that was killed
                shutil.rmtree(left)
            with tempfile.TemporaryDirectory(prefix="rootfs-", dir=folder) as scratch:
                _bootstrap(wanted, Path(scratch) / "root", log)
                part = Path(scratch) / "rootfs.tar"
                _run(["tar", "-C", str(Path(scratch) / "root"), "--numeric-owner", "-cf", str(part), "."], log)
                part.rename(tar)
    return tar


def _check() -> None:
    if os.geteuid() != 0:
        raise InputError("making the images' Debian needs root (debootstrap changes root and makes devices)",
                         hint="run the same command with sudo")
    if not shutil.which("debootstrap"):
        raise InputError("debootstrap is not installed", hint="apt-get install debootstrap")


def _bootstrap(wanted: Recipe, root: Path, log: Path) -> None:
    _write(root / "etc/dpkg/dpkg.cfg.d/treadle", _DPKG_CONF)
    _write(root / "etc/apt/apt.conf.d/treadle", _APT_CONF + wanted.settings.conf())
    main = wanted.sources[0]
    check = ["--no-check-gpg"] if main.trusted else [f"--keyring={main.keyring}"]
    # in a mount namespace of its own, so that its /proc is gone with it however it ends
    _run(["unshare", "--mount", "debootstrap", "--variant=minbase", "--include=ca-certificates", *check,
          wanted.release, str(root), main.uri], log, wanted.settings.environment(os.environ))
    _write(root / "etc/apt/sources.list.d/debian.sources", apt.to_deb822(wanted.sources))
    for source in wanted.sources:
        key = Path(source.keyring)
        if not source.trusted and not (root / key.relative_to("/")).exists():
            _write(root / key.relative_to("/"), key.read_bytes())
    if any(source.uri.startswith("https://") for source in wanted.sources) and any(_LOCAL_CA.rglob("*.crt")):
        shutil.copytree(_LOCAL_CA, root / _LOCAL_CA.relative_to("/"), dirs_exist_ok=True)
        _run(["chroot", str(root), "update-ca-certificates"], log)
    # debootstrap copies the machine's own name and resolver into the tree
    for left in ("etc/apt/sources.list", "etc/hostname", "etc/resolv.conf"):
        (root / left).unlink(missing_ok=True)
    for cache in ("var/cache/apt/archives", "var/lib/apt/lists"):
        for file in (root / cache).glob("*"):
            if file.is_file():
                file.unlink()


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def _run(command: list[str], log: Path, extra: dict[str, str] | None = None) -> None:
    with log.open("ab") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              env={**os.environ, "LC_ALL": "C", **(extra or {})}, check=False)
    if done.returncode:
        tail = log.read_text(errors="replace").splitlines()[-20:]
        raise RootfsError(f"{command[0]} failed with status {done.returncode}", source=log,
                          hint="its last lines:\n    " + "\n    ".join(tail))


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
