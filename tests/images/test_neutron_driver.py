"""Our driver among Neutron's: found by its name, and every ordinary port bound, by the classes of the image."""

import json
import subprocess
from pathlib import Path

import pytest

from treadle.images import catalogue

pytestmark = pytest.mark.engine
PROGRAM = Path(__file__).with_name("neutron_driver.py")


def test_ordinary_ports_are_bound_without_an_agent_and_others_are_left_alone():
    image = catalogue.load(catalogue.project_folder()).reference("neutron-server")
    done = subprocess.run(["docker", "run", "--rm", "-i", "--network", "none", "--entrypoint", "python3", image, "-"],
                          input=PROGRAM.read_text(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"normal": ["one", "tap", "ACTIVE"], "direct": [None, "unbound", None],
                                       "no segment": [None, "unbound", None]}
