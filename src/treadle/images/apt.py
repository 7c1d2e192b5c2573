"""The Debian archive that this machine's apt uses, said again for the release that images are made of.

Reads both forms of apt's sources (sources.list(5): one line each, and deb822) and apt's proxy. Standard
library only: the rootfs is made while the virtual environment is still being installed.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from treadle.errors import InputError

DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s*(?P<components>.*)$")
_SUITES = ("", "-updates", "-security")


@dataclass(frozen=True)
class AptSource:
    """One archive and suite. ``options`` are lower-case deb822 names: ``signed-by``, ``trusted``."""

    uri: str
    suite: str
    components: tuple[str, ...] = ("main",)
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def trusted(self) -> bool:
        return self.options.get("trusted", "no").lower() in {"yes", "true", "1"}

    @property
    def keyring(self) -> str:
        """Path of the key that signs this archive."""
        key = self.options.get("signed-by", "")
        return key if key.startswith("/") else DEBIAN_KEYRING


def parse_list(text: str) -> list[AptSource]:
    """Sources of a ``*.list`` file, in order; ``deb-src`` lines and comments are left out."""
    found = []
    for line in text.splitlines():
        match = _ONE_LINE.match(line.split("#", 1)[0].strip())
        if not match:
            continue
        pairs = (option.partition("=") for option in (match["options"] or "").split())
        options = {key.lower(): value for key, _, value in pairs}
        found.append(AptSource(match["uri"], match["suite"], tuple(match["components"].split()), options))
    return found


def parse_deb822(text: str) -> list[AptSource]:
    """Sources of a ``*.sources`` file: one for each pair of URI and suite of each enabled ``deb`` stanza."""
    found = []
    for stanza in re.split(r"\n[ \t]*\n", text):
        fields = _fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        options = {key: fields[key] for key in ("signed-by", "trusted") if fields.get(key)}
        components = tuple(fields.get("components", "").split())
        found += [AptSource(uri, suite, components, options)
                  for uri in fields.get("uris", "").split() for suite in fields.get("suites", "").split()]
    return found


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line[0] in " \t":
            fields[name] = f"{fields.get(name, '')} {line.strip()}".strip()
        else:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def read_sources(etc_apt: Path = Path("/etc/apt")) -> list[AptSource]:
    """All sources of a machine, in apt's order: sources.list, then sources.list.d by name."""
    files = [etc_apt / "sources.list", *sorted((etc_apt / "sources.list.d").glob("*"))]
    found: list[AptSource] = []
    for file in files:
        if file.suffix == ".list" and file.is_file():
            found += parse_list(file.read_text())
        elif file.suffix == ".sources" and file.is_file():
            found += parse_deb822(file.read_text())
    return found


def sources_for(release: str, sources: Iterable[AptSource], running: str,
                where: Path = Path("/etc/apt")) -> list[AptSource]:
    """The Debian archives among ``sources``, with their suites switched from ``running`` to ``release``.

    Only http(s) archives with component ``main``; third-party repositories and backports are left out. The
    archive that holds the release itself comes first. InputError when there is none.
    """
    names = {running, "stable"} if running else {"stable"}
    switched: dict[tuple[str, str], AptSource] = {}
    for source in sources:
        for name in names:
            tail = source.suite.removeprefix(name)
            usable = source.uri.startswith(("http://", "https://")) and "main" in source.components
            if usable and source.suite.startswith(name) and tail in _SUITES:
                wanted = replace(source, uri=source.uri.rstrip("/"), suite=release + tail, components=("main",))
                switched.setdefault((wanted.uri, wanted.suite), wanted)
    ordered = sorted(switched.values(), key=lambda source: source.suite != release)
    if not ordered or ordered[0].suite != release:
        raise InputError(f"no http or https archive of Debian {running or '(unknown release)'} in apt's sources",
                         source=where, key=f"suite {running or 'stable'}, component main",
                         hint="images are made from the mirror that this machine's apt uses: add one to "
                              f"{where}/sources.list, then run the command again")
    return ordered


def to_deb822(sources: Iterable[AptSource]) -> str:
    """Text of a ``*.sources`` file."""
    stanzas = []
    for source in sources:
        lines = ["Types: deb", f"URIs: {source.uri}", f"Suites: {source.suite}",
                 f"Components: {' '.join(source.components)}"]
        lines.append("Trusted: yes" if source.trusted else f"Signed-By: {source.keyring}")
        stanzas.append("\n".join(lines) + "\n")
    return "\n".join(stanzas)


@dataclass(frozen=True)
class AptSettings:
    """apt's settings that reach into the making of images."""

    proxies: Mapping[str, str]
    unchecked: tuple[str, ...] = ()

    def environment(self, current: Mapping[str, str]) -> dict[str, str]:
        """Variables that make debootstrap and the build containers use apt's proxy; the user's own win.

        They stay out of the images: a proxy's address can hold a password.
        """
        return {name: value for name, value in self.proxies.items()
                if name not in current and name.upper() not in current}

    def conf(self) -> str:
        """Lines for the images' apt.conf: a mirror of the past needs its dates unchecked there as well."""
        return "".join(f'{name} "false";\n' for name in self.unchecked)


def parse_settings(dump: str) -> AptSettings:
    """From the output of ``apt-config dump``."""
    values = dict(re.findall(r'^(Acquire::\S+) "(.*)";$', dump, re.MULTILINE))
    proxies = {f"{scheme}_proxy": values[key] for scheme in ("http", "https")
               if (key := f"Acquire::{scheme}::Proxy") in values and values[key] not in {"", "DIRECT"}}
    unchecked = tuple(key for key in ("Acquire::Check-Valid-Until", "Acquire::Check-Date")
                      if values.get(key, "").lower() in {"false", "no", "0"})
    return AptSettings(proxies, unchecked)


def read_settings() -> AptSettings:
    """apt's settings on this machine; none where there is no apt."""
    try:
        done = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True,
                              env={**os.environ, "LC_ALL": "C"})
    except FileNotFoundError:
        return AptSettings({})
    return parse_settings(done.stdout)


def running_release(os_release: Path = Path("/etc/os-release")) -> str:
    """Code name of the running Debian, or the empty string."""
    match = re.search(r"^VERSION_CODENAME=\"?([a-z]+)", os_release.read_text(), re.MULTILINE)
    return match[1] if match else ""
