"""Times and sizes as templates write them."""

import pytest

from treadle.errors import PlanError
from treadle.plan.quantities import seconds, size


@pytest.mark.parametrize(("value", "expected"), [
    (10, 10), ("10", 10), ("10s", 10), ("1m30s", 90), ("500ms", 0.5), ("250us", 0.00025), ("1h", 3600), ("1.5s", 1.5),
    ("5h34m56s", 20096), (0, 0)])
def test_seconds(value, expected):
    assert seconds(value) == pytest.approx(expected)


@pytest.mark.parametrize("value", ["soon", "", "-1", -1, "10 s", "1d", "s", "1s2x", "1..5s"])
def test_what_is_no_time(value):
    with pytest.raises(PlanError, match=r"^c\.within: expected a time such as 10, 10s or 1m30s, got "):
        seconds(value, "c.within")


@pytest.mark.parametrize(("value", "expected"), [
    (7, 7), ("7", 7), ("7b", 7), ("1k", 1024), ("2m", 2 << 20), ("1g", 1 << 30), ("1GB", 1 << 30), ("1GiB", 1 << 30),
    ("1.5g", 3 << 29), ("1 g", 1 << 30), (-1, -1), ("-1", -1)])
def test_size(value, expected):
    assert size(value) == expected


@pytest.mark.parametrize("value", ["much", "", "-2", "1x", "g", "1,5g"])
def test_what_is_no_size(value):
    with pytest.raises(PlanError, match=r"^c\.mem_limit: expected a size such as 512m or 1g, got "):
        size(value, "c.mem_limit")
