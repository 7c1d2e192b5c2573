"""Settings in one SQLite file: every change is a revision with who, when and why."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treadle.errors import InputError
from treadle.store.scopes import Scope, Setting

_SCHEMA = """
CREATE TABLE IF NOT EXISTS changes (
    revision INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
    kind TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, value TEXT);
CREATE INDEX IF NOT EXISTS changes_by_setting ON changes (kind, name, key, revision);
"""


@dataclass(frozen=True)
class Change:
    """One change; ``value`` is None where the setting was taken away. ``at`` in seconds since the epoch."""

    revision: int
    at: float
    who: str
    why: str
    scope: Scope
    key: str
    value: Any


class Store:
    """The file at ``path``, made (readable by its owner only) at the first change."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = not self._path.exists()
        connection = sqlite3.connect(self._path, timeout=30)
        try:
            if new:
                self._path.chmod(0o600)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_SCHEMA)
            with connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise InputError(f"the settings cannot be used: {error}", source=self._path,
                             hint="restore the file from its backup") from None
        finally:
            connection.close()

    def set(self, scope: Scope, key: str, value: Any, *, who: str, why: str = "") -> int:
        """Set ``key`` (a hiera key) in ``scope``; ``value`` is plain data. Gives the new revision."""
        return self._change(scope, key, json.dumps(value), who, why)

    def unset(self, scope: Scope, key: str, *, who: str, why: str = "") -> int:
        """Take a setting away. Raises InputError where ``scope`` does not set ``key``."""
        if not any(s.scope == scope and s.key == key for s in self.settings()):
            raise InputError(f"{scope} does not set {key}", hint="openstack overcloud setting list")
        return self._change(scope, key, None, who, why)

    def _change(self, scope: Scope, key: str, value: str | None, who: str, why: str) -> int:
        with self._open() as connection:
            made = connection.execute(
                "INSERT INTO changes (at, who, why, kind, name, key, value) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (time.time(), who, why, scope.kind, scope.name, key, value))
            return int(made.lastrowid or 0)

    def settings(self) -> list[Setting]:
        """What is set now, by scope and key."""
        if not self._path.exists():
            return []
        with self._open() as connection:
            rows = connection.execute(
                "SELECT kind, name, key, value, MAX(revision) FROM changes GROUP BY kind, name, key "
                "ORDER BY kind, name, key").fetchall()
        return [Setting(Scope(kind, name), key, json.loads(value), revision)
                for kind, name, key, value, revision in rows if value is not None]

    def changes(self, since: int = 0) -> list[Change]:
        """Changes after revision ``since``, oldest first."""
        if not self._path.exists():
            return []
        with self._open() as connection:
            rows = connection.execute(
                "SELECT revision, at, who, why, kind, name, key, value FROM changes WHERE revision > ? "
                "ORDER BY revision", (since,)).fetchall()
        return [Change(revision, at, who, why, Scope(kind, name), key, None if value is None else json.loads(value))
                for revision, at, who, why, kind, name, key, value in rows]
