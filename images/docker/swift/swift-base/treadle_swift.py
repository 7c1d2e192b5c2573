"""Swift's logs in files, as those of the other services: Swift itself knows syslog only, which no container runs.

Named by ``log_custom_handlers`` in the section DEFAULT of Swift's configuration files.
"""

from __future__ import annotations

import functools
import logging
import sys
from logging.handlers import SysLogHandler
from pathlib import Path
from typing import Any

_FOLDER = Path("/var/log/swift")
_LINE = "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(server)s: %(message)s"


class _File(logging.FileHandler):
    """Under the lock that Swift gives its own handlers: its green threads could never share one of Python's."""

    def __init__(self, path: Path, lock: Any) -> None:
        self._given = lock
        super().__init__(path)

    def createLock(self) -> None:
        self.lock = self._given


@functools.cache
def _file(lock: type[Any]) -> _File:
    """One for all loggers of a process. Its children append to the same file, line by line."""
    return _File(_FOLDER / f"{Path(sys.argv[0]).name.removeprefix('swift-')}.log", lock())


def to_file(*given: Any) -> None:
    """Swift's hook for a logger that it has made: what would go to syslog goes to a file of the program's name.

    ``given`` are the section's options, name, whether to log to the console, route and format, then the logger and
    what Swift has around it.
    """
    logger: logging.Logger = given[5]
    for syslog in [handler for handler in logger.handlers if isinstance(handler, SysLogHandler)]:
        lock: Any = syslog.lock
        file = _file(type(lock))
        # Swift's own formatter, which knows of transactions.
        if syslog.formatter is not None:
            file.setFormatter(type(syslog.formatter)(_LINE, "%Y-%m-%d %H:%M:%S"))
        logger.removeHandler(syslog)
        syslog.close()
        if file not in logger.handlers:
            logger.addHandler(file)
