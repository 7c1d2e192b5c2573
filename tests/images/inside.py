"""Programs that run inside images, where the services' own classes are."""

import json
import subprocess
from pathlib import Path
from typing import Any

from treadle.images import catalogue


def said(image: str, program: str) -> Any:
    """What ``program`` of this folder prints as JSON when the image's Python runs it, without a network."""
    reference = catalogue.load(catalogue.project_folder()).reference(image)
    command = ["docker", "run", "--rm", "-i", "--network", "none", "--entrypoint", "python3", reference, "-"]
    done = subprocess.run(command, input=Path(__file__).with_name(program).read_text(), capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
