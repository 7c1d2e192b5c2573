"""The strings of OS::Heat::RandomString: made once, kept for as long as a stack has the resource as it was."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from treadle.heat.resources.random_string import RandomRequest, generate


@dataclass(frozen=True)
class RandomStrings:
    """A provider for ``treadle.heat``. ``kept`` are the strings of the last deploy, ``used`` those that this one has
    asked for, both by ``identity``: the resource and all that shapes its string. What is not asked for any more, and
    what was asked for with another salt or length, is in ``kept`` alone, and so gone with the next deploy."""

    kept: Mapping[str, str]
    used: dict[str, str] = field(default_factory=dict)

    def __call__(self, request: RandomRequest) -> str:
        name = identity(request)
        if name not in self.used:
            self.used[name] = self.kept.get(name) or generate(request)
        return self.used[name]

    def note(self, request: RandomRequest, text: str) -> None:
        """Another keeper, such as a Heat service, has this string for the resource."""
        self.used[identity(request)] = text

    @property
    def secrets(self) -> dict[str, str]:
        """The strings by names that can stand in a secret's mark, and tell no more than the resource."""
        found: dict[str, str] = {}
        for key, value in sorted(self.used.items()):
            name = base = re.sub(r"[^A-Za-z0-9_./-]", "_", key.rpartition(" ")[0])
            number = 1
            while name in found:
                number += 1
                name = f"{base}.{number}"
            found[name] = value
        return found


def identity(request: RandomRequest) -> str:
    """``KEY DIGEST``: the same for the same resource with the same salt, length and characters."""
    shape = msgspec.json.encode([request.key, request.salt, request.length, request.parts])
    return f"{request.key} {hashlib.blake2b(shape, digest_size=16).hexdigest()}"
