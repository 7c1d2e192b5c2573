"""The loop: a request on standard input, its answer on standard output."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from tests.heat.oracle import catalogue, stacks


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """``{"ask": "evaluate" | "merge" | "versions", ...}`` to its result, or to ``{"error": text}``."""
    asked = request.pop("ask")
    try:
        if asked == "evaluate":
            return {"outputs": stacks.evaluate(**request)}
        if asked == "merge":
            return {"merged": stacks.merged(request["maps"])}
        return {"versions": catalogue.versions()}
    except Exception as error:  # whatever Heat raises is its answer
        return {"error": f"{type(error).__name__}: {error}"}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, set | frozenset) else str(value)


def main() -> None:
    # Heat and its libraries may print; only answers belong on standard output.
    with os.fdopen(os.dup(1), "w") as replies:
        os.dup2(2, 1)
        stacks.prepare()
        replies.write('{"ready": true}\n')
        replies.flush()
        for line in sys.stdin:
            replies.write(json.dumps(answer(json.loads(line)), default=_plain) + "\n")
            replies.flush()


if __name__ == "__main__":
    main()
