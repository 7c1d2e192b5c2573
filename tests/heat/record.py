"""Ask real Heat: writes what it gives for every case of the table to ``parity/expected.json``.

Run at the root of the project with a Python that has openstack-heat: ``python -m tests.heat.record DIRECTORY``,
where DIRECTORY holds ``oracle.py``, which evaluates a template with Heat's own code. Tests read only the recorded
file.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.heat.parity_table import EXPECTED, cases, plain, write


def ask(oracle: Any, case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Heat's outputs, or its error. Every resource is validated, as it is when a stack is created."""
    template, environments = write(case, folder)
    try:
        outputs, _ = oracle.evaluate(str(template), [str(path) for path in environments],
                                     case.get("given"), case.get("defaults"),
                                     validate=True)
        return {"outputs": plain(outputs)}
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        told = str(error).replace(str(folder), "")[:300]
        return {"error": f"{type(error).__name__}: {told}"}


def main(directory: str) -> None:
    sys.path.insert(0, directory)
    oracle = importlib.import_module("oracle")
    found = {}
    for name, case in cases():
        if name in found:
            raise SystemExit(f"the case {name!r} is there twice")
        with tempfile.TemporaryDirectory() as folder:
            found[name] = ask(oracle, case, Path(folder))
    EXPECTED.write_text(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
