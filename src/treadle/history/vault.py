"""Every value that a secret had in a generation, by its digest: a generation itself says no more than the digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import msgspec

from treadle.errors import HistoryError
from treadle.files import read_document, write_private
from treadle.secrets import Secrets

_BYTES = 16


@dataclass(frozen=True)
class Vault:
    """``path`` holds ``{NAME: {digest: value}}``, its owner's alone. ``key`` keys all digests, so that nobody can try
    values against one that stands in git."""

    path: Path
    key: bytes

    def digest(self, data: bytes) -> str:
        """The keyed digest (hex) by which a generation knows a content or a secret."""
        return hashlib.blake2b(data, key=self.key[:64], digest_size=_BYTES).hexdigest()

    def digests(self, values: Mapping[str, str]) -> dict[str, str]:
        """``{NAME: digest}``."""
        return {name: self.digest(f"{name}\0{value}".encode("utf-8", "surrogateescape"))
                for name, value in values.items()}

    def remember(self, values: Mapping[str, str]) -> dict[str, str]:
        """Keep ``values`` for as long as the stack lives; gives their digests."""
        digests, known = self.digests(values), self._known()
        new = {name: digest for name, digest in digests.items() if digest not in known.get(name, {})}
        if new:
            for name, digest in new.items():
                known.setdefault(name, {})[digest] = values[name]
            write_private(self.path, msgspec.json.encode(known))
        return digests

    def secrets(self, digests: Mapping[str, str]) -> Secrets:
        """The secrets of a generation. Raises HistoryError that names those which are not known any more."""
        known = self._known()
        missing = sorted(name for name, digest in digests.items() if digest not in known.get(name, {}))
        if missing:
            raise HistoryError(f"the values that these secrets had are not known here: {', '.join(missing)}",
                               source=self.path, hint="restore that file from its backup")
        return Secrets({name: known[name][digest] for name, digest in digests.items()})

    def mask(self) -> Callable[[str], str]:
        """Masks every value that any secret ever had."""
        known = self._known()
        rounds = max((len(values) for values in known.values()), default=0)
        # One value of each name at a time: a name has one mark.
        masks = [Secrets({name: list(values.values())[number] for name, values in known.items()
                          if number < len(values)}).mask for number in range(rounds)]
        return lambda text: reduce(lambda masked, mask: mask(masked), masks, text)

    def _known(self) -> dict[str, dict[str, str]]:
        return read_document(self.path, dict[str, dict[str, str]]) or {}
