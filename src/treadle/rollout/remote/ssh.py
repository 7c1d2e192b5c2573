"""How a node is reached: ssh's own words, and what its refusals mean."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from treadle.errors import Unreachable
from treadle.plan.nodes import Node

#: Nobody is asked for anything; a node that answers no more is given up after 15 seconds.
_OPTIONS = ("BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5", "ServerAliveCountMax=3")
_PYTHON = "install it there (apt-get install python3), or name it: `python` in the nodes file"


def target(node: Node) -> str:
    """As a person would type it behind ssh."""
    host = node.ssh.host or node.address
    return f"{node.ssh.user}@{host}" if node.ssh.user else host


def command(node: Node, script: Sequence[str]) -> list[str]:
    """The argv that runs the node's Python with ``script`` as its arguments, as root. The operator's own SSH
    configuration says what the nodes file does not."""
    words = ["ssh", "-T", *(word for option in _OPTIONS for word in ("-o", option)), *_given(node)]
    words += [word for option, value in (("-p", node.ssh.port), ("-l", node.ssh.user)) if value
              for word in (option, str(value))]
    python = [*(["sudo", "-n", "--"] if node.become else []), node.python, "-I", *script]
    return [*words, "--", node.ssh.host or node.address, f"exec {shlex.join(python)}"]


def _given(node: Node) -> list[str]:
    """Files of the deployer."""
    config = ["-F", str(Path(node.ssh.config).expanduser())] if node.ssh.config else []
    key = ["-i", str(Path(node.ssh.key).expanduser()), "-o", "IdentitiesOnly=yes"] if node.ssh.key else []
    return config + key


def ansible(node: Node) -> dict[str, Any]:
    """The same as variables of Ansible's inventory."""
    words = [*(word for option in _OPTIONS for word in ("-o", option)), *_given(node)]
    found: Mapping[str, Any] = {
        "ansible_connection": "ssh", "ansible_host": node.ssh.host or node.address, "ansible_user": node.ssh.user,
        "ansible_port": node.ssh.port, "ansible_ssh_common_args": shlex.join(words)}
    return {**{key: value for key, value in found.items() if value}, "ansible_become": node.become,
            "ansible_python_interpreter": node.python}


def refusal(node: Node, code: int | None, said: str) -> Unreachable:
    """What ssh's end before a first word means. ``said`` is what it wrote to standard error."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = lines[-1] if lines else f"ssh ended with {code}"
    try_it = f"see: ssh {shlex.join(_given(node))} {target(node)}".replace("ssh  ", "ssh ")
    for sign, message, hint in (
            ("Host key verification failed", "is not known by its host key, or has another one than before",
             f"look at the key, then put it into known_hosts: ssh-keyscan {node.ssh.host or node.address}"),
            ("Permission denied", "refuses the SSH key or user",
             f"let the key in: ssh-copy-id {target(node)}; or name another: ssh: {{user: …, key: …}}"),
            ("bad permissions", "is not asked, because others may read the SSH key", "chmod 600 the key"),
            (f"{node.python}: not found", "has no Python", _PYTHON),
            (f"{node.python}: No such file", "has no Python", _PYTHON),
            (f"{node.python}: command not found", "has no Python", _PYTHON),
            ("sudo: not found", "has no sudo, which `become` needs", "install it, or log in as root"),
            ("sudo: command not found", "has no sudo, which `become` needs", "install it, or log in as root"),
            ("sudo:", "does not let its SSH user become root", "allow it sudo without a password, or log in as root")):
        if sign in said:
            return Unreachable(f"{node.name} ({target(node)}) {message}: {last}", hint=f"{hint}; {try_it}")
    return Unreachable(f"{node.name} ({target(node)}) does not answer: {last}", hint=try_it)


def require_usable(node: Node, told: Mapping[str, Any], suffix: str) -> None:
    """Raise Unreachable where what the node's Python told first says that it cannot run the archive."""
    if told["uid"] != 0:
        raise Unreachable(f"{node.name} ({target(node)}): the SSH user is not root", key="become",
                          hint="set `become: true` for the node, or ssh: {user: root}")
    if told["suffix"] != suffix:
        raise Unreachable(f"{node.name} ({target(node)}) has Python {told['python']} ({told['suffix']}); Treadle's "
                          f"part of it is made for the deployer's own, {suffix}", key="python",
                          hint="deploy from a machine with the same Python (python -m venv with that version), or "
                          "install it on the node and name it: `python` in the nodes file")
