"""Property tests take the time that a loaded machine needs; services that tests share."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.heat.heat_server import HeatServer, heat_server

settings.register_profile("treadle", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("treadle")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.fixture(scope="session")
def heat_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeatServer]:
    """A real Heat service, one for all tests that want one."""
    with heat_server(tmp_path_factory.mktemp("heat")) as started:
        yield started
