"""What Puppet was run with and how it ended, so that the same input is not run again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from treadle.files import read_document, write_private
from treadle.generate import PuppetEtc


class PuppetRun(msgspec.Struct, frozen=True):
    """One successful run: digest of its fixed input, and of the value of each hiera key that it asked for."""

    fixed: str
    asked: dict[str, str]


class PuppetRuns(msgspec.Struct):
    """``{what was run: PuppetRun}`` in one file of the node's state."""

    runs: dict[str, PuppetRun] = msgspec.field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> PuppetRuns:
        return read_document(path, cls) or cls()

    def known(self, prefix: str, fixed: str, etc: PuppetEtc) -> bool:
        """Whether a run whose name begins with ``prefix`` had this very input."""
        return any(name.startswith(prefix) and run.fixed == fixed
                   and all(etc.asked(key) == digest for key, digest in run.asked.items())
                   for name, run in self.runs.items())

    def add(self, path: Path, name: str, fixed: str, etc: PuppetEtc, asked: Iterable[str] | None) -> None:
        """Remember a success. Without a record of lookups nothing can be skipped, so nothing is remembered."""
        if asked is None:
            return
        self.runs[name] = PuppetRun(fixed, {key: etc.asked(key) for key in asked})
        write_private(path, msgspec.json.encode(self))
