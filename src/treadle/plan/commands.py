"""The commands of an entry's ``reload``, ``health`` and ``drain``."""

from __future__ import annotations

import shlex


def argv_of(command: str | list[str]) -> list[str]:
    """A command as the engine takes it; a string is split as a shell would. Raises ValueError for an open quote."""
    return shlex.split(command) if isinstance(command, str) else list(command)
