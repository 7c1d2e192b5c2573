"""Real Heat for the tests that compare with it: one process for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.heat.reference import Reference


@pytest.fixture(scope="session")
def heat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    reference = Reference(tmp_path_factory.mktemp("heat") / "log")
    yield reference
    reference.close()
