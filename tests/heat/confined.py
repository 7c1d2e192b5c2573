"""Evaluates in a process of its own, and says how long that took and how much memory.

``python -m tests.heat.confined`` reads requests, one JSON document a line, and answers each from a fork, so that the
imports are not measured and one request leaves nothing to the next."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import jinja2.sandbox  # noqa: F401 (loaded late by us; not what is measured)
import yaql

from treadle.errors import TreadleError
from treadle.heat import evaluate, evaluate_overcloud

MEMORY = 2 * 2**30
SECONDS = 10


def run(request: dict[str, Any]) -> str:
    """Evaluate the tree with roles, or else the template; the error, empty when there is none."""
    folder = Path(request["folder"])
    environments = [folder / name for name in request["environments"]]
    try:
        if (folder / "roles_data.yaml").exists():
            evaluate_overcloud(folder, folder / "roles_data.yaml", environments)
        else:
            evaluate(folder / "root.yaml", environments)
    except TreadleError as error:
        return json.dumps({"error": str(error), "kind": type(error).__name__, "place": str(error.source or ""),
                           "key": error.key})
    return json.dumps({})


def peak() -> int:
    """KiB of memory that this process has held at most."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def confined(request: dict[str, Any]) -> dict[str, Any]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        began, busy = time.monotonic(), time.process_time()
        said = run(request)
        answer = {**json.loads(said), "seconds": time.process_time() - busy, "waited": time.monotonic() - began,
                  "peak": peak()}
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answers:
        text = answers.read()
    _, status = os.waitpid(child, 0)
    return json.loads(text) if text else {"died": status}


def main() -> None:
    yaql.create_context()
    for line in sys.stdin:
        print(json.dumps(confined(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
