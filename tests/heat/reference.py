"""Our end of the conversation with real Heat (``tests/heat/oracle``)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
PYTHON = PROJECT / ".venvs" / "heat-oracle" / "bin" / "python"


class Reference:
    """A process with Heat's code in it, which answers until ``close``."""

    def __init__(self, log: Path) -> None:
        if not PYTHON.exists():
            raise FileNotFoundError(f"{PYTHON} is absent: run bin/test, which makes .venvs/heat-oracle")
        self._log = log
        with log.open("wb") as said:
            self._process = subprocess.Popen([PYTHON, "-m", "tests.heat.oracle"], cwd=PROJECT, text=True,
                                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)
        self._answer()

    def evaluate(self, template: Path, environments: Sequence[Path] = (),
                 parameters: Mapping[str, Any] | None = None,
                 defaults: Mapping[str, Any] | None = None, merge: str = "client") -> dict[str, Any]:
        """``{"outputs": ...}``, or ``{"error": ...}`` where Heat refuses the template. ``merge``: whether Heat's
        ``client`` merges the environments, or its ``server``."""
        return self._ask(ask="evaluate", template_file=str(template), environments=[str(e) for e in environments],
                         parameters=parameters, parameter_defaults=defaults, merge=merge)

    def merge(self, *maps: Any) -> dict[str, Any]:
        """``{"merged": ...}`` as Heat's client merges environments, or ``{"error": ...}``."""
        return self._ask(ask="merge", maps=maps)

    def versions(self) -> dict[str, Any]:
        """By heat_template_version, the names that a template of it may use."""
        found: dict[str, Any] = self._ask(ask="versions")["versions"]
        return found

    def close(self) -> None:
        self._process.communicate(timeout=30)

    def _ask(self, **request: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"Heat's process ended:\n{self._log.read_text()[-3000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer
