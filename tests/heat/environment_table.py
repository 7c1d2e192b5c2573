"""The tables in ``environments/``: how environments merge, and what a registry may hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.heat.parity_table import write

TABLES = Path(__file__).parent / "environments"


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """(``file: name``, case) of every case."""
    for path in sorted(TABLES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text()):
            yield f"{path.stem}: {case['name']}", case


def lay_out(case: dict[str, Any], folder: Path) -> tuple[Path, list[Path]]:
    """The case's files in ``folder``, which stands as FOLDER in them: template and environments."""
    template, environments = write(case, folder)
    for path in environments:
        path.write_text(path.read_text().replace("FOLDER", str(folder)))
    return template, environments
