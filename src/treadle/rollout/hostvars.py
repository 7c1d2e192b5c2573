"""One host's variables of an Ansible inventory as an entry of a nodes file; what has no meaning there is refused."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treadle.errors import InputError, nearest

#: Key of a nodes file's entry, by variable.
_OWN = {f"treadle_{key}": key for key in ("role", "address", "networks", "root", "container_prefix", "region", "zone",
                                          "aggregate", "hardware")}
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0", "")
#: Each with what to do instead: nobody is asked for a password, and nothing but ssh and sudo is used.
_REFUSED = {
    **dict.fromkeys(("ansible_password", "ansible_ssh_pass", "ansible_ssh_password"),
                    "let an SSH key in: ssh-copy-id"),
    **dict.fromkeys(("ansible_become_password", "ansible_become_pass", "ansible_sudo_pass"),
                    "let the user sudo without a password"),
    **dict.fromkeys(("ansible_ssh_extra_args", "ansible_ssh_args", "ansible_ssh_executable"),
                    "say it in your SSH configuration, which holds for Treadle too"),
}
_ANY_PYTHON = ("auto", "auto_silent", "auto_legacy", "auto_legacy_silent")


def entry(host: str, role: str, variables: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The host as a nodes file has it. Raises InputError that names inventory, host and variable."""
    given = _Variables(host, variables, path)
    given.refuse_what_is_not_done()
    there = given.text("ansible_host", "ansible_ssh_host") or host
    address = given.text("treadle_address") or (there if is_address(there) else "")
    if not address:
        raise given.wrong("treadle_address", f"the address on the control plane is not known: {there} is a name",
                          "set treadle_address, or ansible_host to the address")
    made = {"name": host, "role": role, "address": address, **given.own()}
    if given.text("ansible_connection") == "local":
        return {**made, "connection": "local"}
    ssh = {"user": given.text("ansible_user", "ansible_ssh_user"), "port": given.port(),
           "key": given.text("ansible_ssh_private_key_file", "ansible_private_key_file"),
           "host": "" if there == address else there, "config": given.config()}
    python = given.text("ansible_python_interpreter")
    return {**made, "connection": "ssh", "ssh": {key: value for key, value in ssh.items() if value},
            "become": given.truth("ansible_become", "ansible_sudo"),
            **({} if not python or python in _ANY_PYTHON else {"python": python})}


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class _Variables:
    """Those of one host, by type."""

    def __init__(self, host: str, variables: Mapping[str, Any], path: Path) -> None:
        self._host, self._all, self._path = host, variables, path

    def wrong(self, variable: str, message: str, hint: str = "") -> InputError:
        return InputError(message, source=self._path, key=f"{self._host}.{variable}", hint=hint)

    def text(self, *names: str) -> str:
        """The first that is set; ''."""
        for name in names:
            value = self._all.get(name)
            if value is None or value == "":
                continue
            if not isinstance(value, str | int):
                raise self.wrong(name, f"expected text, got {value!r}"[:200])
            if "{{" in str(value):
                raise self.wrong(name, f"{value} is an expression, which ansible-inventory does not evaluate",
                                 "set it to its value")
            return str(value)
        return ""

    def truth(self, *names: str) -> bool:
        word = self.text(*names)
        if word.lower() not in (*_TRUE, *_FALSE):
            raise self.wrong(names[0], f"expected true or false, got {word}")
        return word.lower() in _TRUE

    def port(self) -> int:
        word = self.text("ansible_port", "ansible_ssh_port")
        if word and not word.isdigit():
            raise self.wrong("ansible_port", f"{word} is no port")
        return int(word or 0)

    def config(self) -> str:
        """The file of ``-F FILE``: of SSH's arguments the one that a nodes file knows."""
        words = shlex.split(self.text("ansible_ssh_common_args"))
        if not words:
            return ""
        if len(words) != 2 or words[0] != "-F":
            raise self.wrong("ansible_ssh_common_args", f"of SSH's arguments -F FILE alone is taken, not {words[0]}",
                             "say it in your SSH configuration, which holds for Treadle too")
        return words[1]

    def own(self) -> dict[str, Any]:
        """What ``treadle_…`` says but the role and the address. Raises InputError for a name that there is not."""
        for name in self._all:
            if name.startswith("treadle_") and name not in _OWN:
                raise self.wrong(name, f"no variable is called {name}{nearest(name, _OWN)}",
                                 f"variables: {', '.join(_OWN)}")
        found: dict[str, Any] = {key: self.text(name) for name, key in _OWN.items()
                                 if name in self._all and key not in ("role", "address", "networks")}
        if "treadle_networks" in self._all:
            networks = self._all["treadle_networks"]
            if not isinstance(networks, Mapping):
                raise self.wrong("treadle_networks", f"expected a map of networks to addresses, got {networks!r}")
            found["networks"] = dict(networks)
        return found

    def refuse_what_is_not_done(self) -> None:
        for name, instead in _REFUSED.items():
            if name in self._all:
                raise self.wrong(name, "is not used, and must not be left out silently", instead)
        for name, known in (("ansible_connection", ("ssh", "smart", "local", "ansible.builtin.ssh")),
                            ("ansible_become_user", ("root",)), ("ansible_become_method", ("sudo",))):
            word = self.text(name)
            if word and word not in known:
                raise self.wrong(name, f"{word} is not done here", f"expected {' or '.join(known[:1] + known[2:3])}")
