"""Commands to the machine's engine."""

from __future__ import annotations

import subprocess
from pathlib import Path


def docker(*words: str | Path, check: bool = True, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """On the machine's engine."""
    done = subprocess.run(["docker", *map(str, words)], capture_output=True, text=True, check=False, input=given)
    assert not check or done.returncode == 0, f"docker {' '.join(map(str, words))}: {done.stderr}"
    return done
