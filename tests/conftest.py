"""Property tests take the time that a loaded machine needs; services that tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.heat.heat_server import HeatServer, heat_server

settings.register_profile("treadle", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("treadle")


@pytest.fixture(scope="session")
def heat_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeatServer]:
    """A real Heat service, one for all tests that want one."""
    with heat_server(tmp_path_factory.mktemp("heat")) as started:
        yield started
