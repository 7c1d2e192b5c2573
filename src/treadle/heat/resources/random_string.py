"""OS::Heat::RandomString: who generates, and who keeps, is the caller's choice."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from treadle.heat.constraints import AllowedValues, Bounds, Constraint
from treadle.heat.faults import Fault
from treadle.heat.properties import Property, Schema
from treadle.heat.resources.base import Resource

CLASSES = {
    "lettersdigits": string.ascii_letters + string.digits,
    "letters": string.ascii_letters,
    "lowercase": string.ascii_lowercase,
    "uppercase": string.ascii_uppercase,
    "digits": string.digits,
    "hexdigits": string.digits + "ABCDEF",
    "octdigits": string.octdigits,
}


@dataclass(frozen=True)
class RandomRequest:
    """A string that is wanted. ``key`` is the resource's path in the stack, the same in every run; ``salt``
    changes when a new string is wanted. ``parts`` are (characters, least number of them)."""

    key: str
    salt: str
    length: int
    parts: tuple[tuple[str, int], ...]


RandomProvider = Callable[[RandomRequest], str]


def generate(request: RandomRequest) -> str:
    """A new random string: at least the wanted number from each part, the rest from all, shuffled."""
    chooser = secrets.SystemRandom()
    chosen = [chooser.choice(characters) for characters, least in request.parts for _ in range(least)]
    every = "".join(sorted({c for characters, _ in request.parts for c in characters}))
    chosen += [chooser.choice(every) for _ in range(request.length - len(chosen))]
    chooser.shuffle(chosen)
    return "".join(chosen)


_LENGTH = Constraint(Bounds("range", 1, 512))
_CLASS = Constraint(AllowedValues(tuple(CLASSES)))


class RandomString(Resource):
    schema: ClassVar[Schema] = {
        "length": Property("integer", default=32, constraints=(_LENGTH,)),
        "sequence": Property("string", constraints=(_CLASS,)),
        "character_classes": Property("list", each=Property("map", fields={
            "class": Property("string", default="lettersdigits", constraints=(_CLASS,)),
            "min": Property("integer", default=1, constraints=(_LENGTH,)),
        })),
        "character_sequences": Property("list", each=Property("map", fields={
            "sequence": Property("string", required=True),
            "min": Property("integer", default=1, constraints=(_LENGTH,)),
        })),
        "salt": Property("string"),
    }
    attributes = ("value",)

    def read(self, given: dict[str, Any]) -> dict[str, Any]:
        found = super().read(given)
        classes = found["character_classes"]
        if classes is None:
            classes = [{"class": found["sequence"] or "lettersdigits", "min": 1}]
        parts = [(part["sequence"], part["min"]) for part in found["character_sequences"] or []]
        parts += [(CLASSES[part["class"]], part["min"]) for part in classes]
        if sum(least for _, least in parts) > found["length"]:
            raise Fault("the length is smaller than the sum of the least numbers of characters", path=("length",))
        found["parts"] = tuple(parts)
        return found

    def find(self, name: str) -> Any:  # noqa: ARG002
        wanted = self.properties
        request = RandomRequest(f"{self.holder.path}/{self.name}", wanted["salt"] or "", wanted["length"],
                                wanted["parts"])
        return self.holder.engine.random_string(request)

    def reference(self) -> str:
        return str(self.find("value"))
