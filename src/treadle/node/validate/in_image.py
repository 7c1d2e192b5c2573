"""Runs inside a service's image: checks its oslo.config files with oslo-config-validator and the options' own types.

    python3 in_image.py JSON

JSON is ``{"files": [path], "namespaces": [name], "groups": [{"named_by", "like", "driver", "prefix", "options"}]}``:
all namespaces of the image where none is given. The last line that is printed is MARK and a JSON list of ``{"file",
"line", "section", "option", "level", "message"}``; line 0 is unknown. Uses Python and what the image has, nothing of
ours.

Source: oslo.config's documentation ("oslo-config-validator") and oslo_config/validator.py, which compares names alone:
values, and options that are deprecated for removal, are left to the code that reads them in the service (cfg.py).
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import entry_points
from typing import Any
from unittest import mock

from oslo_config import cfg, validator

MARK = "treadle-findings: "
_LINE = re.compile(r"(Deprecated opt )?(\S+)/(\S+) (?:is not part of the sample config|found)")
Finding = dict[str, Any]
Sections = dict[str, dict[str, list[str]]]


class Options:
    """What the image's own code says of options. ``known`` is ``{group: {name: option}}``, ``former``
    ``{group: {name: (group, name) of today}}``."""

    def __init__(self, namespaces: list[str], files: list[str]) -> None:
        self.conf = cfg.ConfigOpts()
        self.conf([], project="treadle", default_config_files=files, default_config_dirs=[], use_env=False)
        self.known: dict[str, dict[str, Any]] = {}
        self.former: dict[str, dict[str, tuple[str, str]]] = {}
        entries = {entry.name: entry for entry in entry_points(group="oslo.config.opts")}
        self.namespaces = namespaces or sorted(name for name in entries if ".tests." not in name)
        for name in self.namespaces:
            for group, options in entries[name].load()():
                self.add(str(getattr(group, "name", group) or "DEFAULT"), options)

    def add(self, group: str, options: Iterable[Any]) -> None:
        """An option that several libraries define is the first one's: a service stands before its libraries."""
        names = self.known.setdefault(group, {})
        for option in options:
            if option.dest in names:
                continue
            with contextlib.suppress(cfg.DuplicateOptError):
                self.conf.register_opt(option, group=None if group == "DEFAULT" else group)
            names.update({option.name: option, option.dest: option})
            for old in option.deprecated_opts:
                was = self.former.setdefault(old.group or group, {})
                was.setdefault((old.name or option.dest).replace("-", "_"), (group, option.dest))

    def value(self, group: str, name: str) -> None:
        """Read a value as the service does. Raises ValueError, or what else oslo.config has against it."""
        _ = self.conf[name] if group == "DEFAULT" else self.conf[group][name]


class Check:
    """One check of files that a service reads together; a later one wins."""

    def __init__(self, namespaces: list[str], files: list[str], groups: list[dict[str, Any]]) -> None:
        self.findings: list[Finding] = []
        self.files = files
        self.parsed = {path: sections for path in files if (sections := self._parse(path)) is not None}
        self.together: Sections = {}
        for sections in self.parsed.values():
            for section, values in sections.items():
                self.together.setdefault(section, {}).update(values)
        self.options = Options(namespaces, list(self.parsed))
        # oslo-config-validator does not know what these take.
        self.open = {"keystone_authtoken"}
        self.unsure: set[str] = set()
        for group in groups:
            self._named(**group)
        # Each context of oslo.privsep has a section of its own, and no namespace tells its name.
        for section in self.together:
            if section.startswith("privsep_") or section.endswith("_sys_admin"):
                self.open.add(section)
                self.options.add(section, list(self.options.known.get("privsep", {}).values()))
        for section, values in self.together.items():
            if plugin := (values.get("auth_type") or values.get("auth_plugin")):
                self._plugin(section, plugin[-1])

    def run(self) -> list[Finding]:
        for path, sections in self.parsed.items():
            unknown = set(self._validator(path))
            for section, values in sections.items():
                for name in values:
                    self._option(path, section, name, (section, name) in unknown)
        self._values()
        return self.findings

    def add(self, level: str, file: str, section: str, option: str, message: str, line: int = 0) -> None:
        self.findings.append({"file": file, "line": line, "section": section, "option": option, "level": level,
                              "message": message})

    def _parse(self, path: str) -> Sections | None:
        sections: Sections = {}
        try:
            cfg.ConfigParser(path, sections).parse()
        except OSError as error:
            self.add("error", path, "", "", f"cannot be read: {error.strerror}")
            return None
        except cfg.ParseError as error:  # its text has the line, which may hold a secret
            self.add("error", path, "", "", str(error.msg), int(error.lineno))
            return None
        return sections

    def _named(self, named_by: str, like: str = "", driver: str = "", prefix: str = "",
               options: Sequence[str] = ()) -> None:
        """Groups that an option names have the options of the group ``like``, their driver's own, and ``options``."""
        section, _, option = named_by.rpartition("/")
        listed = (self.together.get(section or "DEFAULT", {}).get(option) or [""])[-1]
        for item in filter(None, (item.partition(":")[0].strip() for item in listed.split(","))):
            name = prefix + item
            self.open.add(name)
            self.options.add(name, [*self.options.known.get(like, {}).values(), *map(cfg.StrOpt, options)])
            given = self.together.get(name, {}).get(driver)
            if given:
                self._driver(name, driver, given[-1])

    def _driver(self, group: str, option: str, name: str) -> None:
        """Source: Cinder's BaseVD.get_driver_options."""
        module, _, attribute = name.rpartition(".")
        try:
            self.options.add(group, getattr(importlib.import_module(module), attribute).get_driver_options())
        except Exception as error:  # whatever a driver's module does when it is loaded
            self.unsure.add(group)
            self.add("warning", self._holder(group, option), group, option,
                     f"{name} cannot be loaded in this image: {error}")

    def _plugin(self, group: str, name: str) -> None:
        """What keystoneauth's plugin ``name`` takes from the group."""
        self.open.add(group)
        try:
            loading = importlib.import_module("keystoneauth1.loading")
            self.options.add(group, loading.get_auth_plugin_conf_options(name))
        except Exception as error:
            self.unsure.add(group)
            self.add("error", self._holder(group, "auth_type"), group, "auth_type", str(error))

    def _holder(self, section: str, option: str) -> str:
        """The file that is in force for an option."""
        return next((path for path in reversed(self.parsed) if option in self.parsed[path].get(section, {})),
                    self.files[0])

    def _validator(self, path: str) -> Iterator[tuple[str, str]]:
        """(section, option) of what oslo-config-validator does not know."""
        heard = Heard()
        words = [word for name in self.options.namespaces for word in ("--namespace", name)]
        words += [word for group in sorted(self.open) for word in ("--exclude-group", group)]
        logging.getLogger().addHandler(heard)
        try:
            with mock.patch.object(sys, "argv", ["oslo-config-validator", "--input-file", path, *words]):
                validator.main()
        finally:
            logging.getLogger().removeHandler(heard)
        for said in heard.said:
            if (found := _LINE.fullmatch(said)) and not found.group(1):
                yield found.group(2), found.group(3)

    def _option(self, path: str, section: str, name: str, unknown: bool) -> None:
        known = self.options.known.get(section, {})
        now = self.options.former.get(section, {}).get(name)
        if name in known:
            option = known[name]
            if option.deprecated_for_removal:
                since = f" since {option.deprecated_since}" if option.deprecated_since else ""
                why = f": {' '.join(str(option.deprecated_reason).split())}" if option.deprecated_reason else ""
                self.add("warning", path, section, name, f"deprecated for removal{since}{why}")
        elif now:
            self.add("warning", path, section, name, f"deprecated name of [{now[0]}] {now[1]}")
        elif unknown or (section in self.open - self.unsure and known):
            self.add("error", path, section, name, "unknown option")

    def _values(self) -> None:
        """Each value through the code that reads it in the service."""
        for section, values in self.together.items():
            for name in values:
                option = self.options.known.get(section, {}).get(name)
                group, dest = (section, option.dest) if option else self.options.former.get(section, {}).get(
                    name, ("", ""))
                if not dest:
                    continue
                try:
                    self.options.value(group, dest)
                except (cfg.Error, ValueError) as error:
                    self.add("error", self._holder(section, name), section, name,
                             str(error).rpartition(" is not valid: ")[2])


class Heard(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def main() -> None:
    given = json.loads(sys.argv[1])
    check = Check(given["namespaces"], given["files"], given["groups"])
    print(f"\n{MARK}{json.dumps(check.run())}")


if __name__ == "__main__":
    main()
