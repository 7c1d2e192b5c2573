"""A folder of roles, one file a role, and the roles file that is put together from some of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treadle.errors import InputError, TemplateError, nearest
from treadle.heat.faults import kind
from treadle.heat.files import Files
from treadle.heat.roles import load_roles

_KINDS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "description", "HostnameFormatDefault", "ImageDefault", "FlavorDefault"), (str,)),
    **dict.fromkeys(("CountDefault", "upgrade_batch_size"), (int,)),
    "update_serial": (int, str),
    **dict.fromkeys(("disable_constraints", "disable_upgrade_deployment", "uses_deprecated_params"), (bool,)),
    **dict.fromkeys(("tags", "ServicesDefault", "default_route_networks", "networks_skip_config"), (list,)),
    "networks": (list, dict),
    "RoleParametersDefault": (dict,),
}
_WORDS = {str: "a string", int: "a whole number", bool: "true or false", list: "a list", dict: "a map"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_OF_THE_FIRST = re.compile(r"uses_deprecated_params|deprecated_\w+")


@dataclass(frozen=True)
class Asked:
    """A role that is wanted: the one of the file ``source``, called ``name``."""

    source: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Asked:
        """``Compute``, or ``Compute:ComputeB`` for a copy. Raises InputError for a name that cannot be one."""
        source, colon, name = text.partition(":")
        if colon and not _NAME.fullmatch(name):
            raise InputError(f"{name!r} is no name for a role", key=text,
                             hint="use letters and digits, with a letter first")
        if colon and name.lower() == source.lower():
            raise InputError("a copy needs a name of its own", key=text)
        return cls(source, name if colon else source)


class RoleFiles:
    """The roles of ``folder``. Raises InputError when it is no folder."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder of roles", key="--roles-path")
        self._folder = folder
        self._files = Files()

    def names(self) -> list[str]:
        """Names of all roles, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.yaml"))

    def role(self, name: str, *, checked: bool = True) -> dict[str, Any]:
        """The one role of a file. Raises InputError when there is no such file, TemplateError with file, line
        and key for what is wrong in it; unless ``checked``, keys and their kinds may be anything."""
        file = self._file(name)
        if not checked:
            return self._only(self._files.data(file), name)
        role = self._only(load_roles(file, self._files), name)
        for key, value in role.items():
            kinds = _KINDS.get(key)
            if kinds and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
                wanted = " or ".join(_WORDS[one] for one in kinds)
                raise self._files.error(f"must be {wanted}, not {kind(value)}", file, (0, key))
        return role

    def generate(self, asked: Sequence[Asked], *, checked: bool = True) -> str:
        """A roles file of the roles in the order asked for, comments kept. Raises as ``role`` does, and InputError
        for two of one name."""
        seen: dict[str, Asked] = {}
        for one in asked:
            if one.name.lower() in seen:
                raise InputError(f"the role {one.name} is asked for twice", key="ROLE",
                                 hint=f"give one of them a name of its own: {one.source}:{one.name}2")
            seen[one.name.lower()] = one
        words = " ".join(one.name if one.name == one.source else f"{one.source}:{one.name}" for one in asked)
        return f"# Made by: openstack overcloud roles generate {words}\n" + \
            "".join(self._text(one, checked=checked) for one in asked)

    def _file(self, name: str) -> str:
        known = self.names()
        if name not in known:
            raise InputError(f"there is no role {name}{nearest(name, known)}", key="ROLE",
                             hint=f"{self._folder} has {', '.join(known) or 'none'}")
        return str(self._folder.absolute() / f"{name}.yaml")

    def _only(self, data: Any, name: str) -> dict[str, Any]:
        file = self._file(name)
        if not isinstance(data, list) or len(data) != 1 or not isinstance(data[0], dict):
            raise self._files.error("the file of a role is a list of one role", file)
        if data[0].get("name") != name:
            raise self._files.error(f"the role must be called {name}, as its file is, not {data[0].get('name')}", file,
                                    (0, "name"))
        return dict(data[0])

    def _text(self, asked: Asked, *, checked: bool) -> str:
        role = self.role(asked.source, checked=checked)
        file = self._file(asked.source)
        text = self._files.text(file).rstrip("\n") + "\n"
        return text if asked.name == asked.source else self._copied(text, file, role, asked.name)

    def _copied(self, text: str, file: str, role: dict[str, Any], name: str) -> str:
        """The role's text under another name. What only one role of a cloud may have is left out: TripleO's old
        names of parameters, resources and files."""
        changed = {"name": name}
        if "HostnameFormatDefault" in role:
            changed["HostnameFormatDefault"] = f"%stackname%-{name.lower()}-%index%"
        lines: dict[int, str] = dict(enumerate(text.splitlines(keepends=True), 1))
        for key, value in changed.items():
            at = self._files.locate(file, (0, key)).line
            lines[at] = re.sub(rf"(\b{key}\s*:\s*).*", rf"\g<1>'{value}'", lines[at])
        for key in filter(_OF_THE_FIRST.fullmatch, role):
            lines[self._files.locate(file, (0, key)).line] = ""
        copied = "".join(lines.values())
        wanted = {**{key: value for key, value in role.items() if not _OF_THE_FIRST.fullmatch(key)}, **changed}
        if _parsed(copied) != [wanted]:
            raise self._files.error(f"cannot be copied as {name}", file, (0,),
                                    hint="write each key of the role on a line of its own, in block style")
        return copied


def _parsed(text: str) -> Any:
    from treadle.heat.yamlload import load

    try:
        return load(text, "")[0]
    except TemplateError:
        return None
