"""Values of option files and of the server are compared in one form, and written as SQL has them."""

import runpy
from pathlib import Path

import pytest

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "docker/services/mysql-reload.py"))


def variable(kind: str):
    return SCRIPT["Variable"]("name", "", kind, "CONFIG", "")


@pytest.mark.parametrize(("kind", "written", "shown"), [
    ("BIGINT UNSIGNED", "16M", "16777216"), ("BIGINT UNSIGNED", "1g", "1073741824"), ("INT", "151", "151"),
    ("DOUBLE", "3", "3.000000"), ("DOUBLE", "0.5", "0.500000"), ("BIGINT", "-1", "-1"),
    ("BOOLEAN", "1", "ON"), ("BOOLEAN", "off", "OFF"), ("BOOLEAN", "true", "ON"),
    ("ENUM", "0", "OFF"), ("ENUM", "read-committed", "READ-COMMITTED"),
    ("SET", "strict_trans_tables", "STRICT_TRANS_TABLES"), ("VARCHAR", "/var/log/Slow.log", "/var/log/Slow.log"),
])
def test_what_a_file_says_and_what_the_server_shows_are_the_same(kind, written, shown):
    assert variable(kind).normal(written) == variable(kind).normal(shown)


@pytest.mark.parametrize(("kind", "one", "other"), [
    ("BIGINT UNSIGNED", "16M", "16777217"), ("DOUBLE", "3", "3.1"), ("BOOLEAN", "1", "OFF"),
    ("VARCHAR", "/a", "/A"), ("ENUM", "FILE", "TABLE"),
])
def test_other_values_differ(kind, one, other):
    assert variable(kind).normal(one) != variable(kind).normal(other)


@pytest.mark.parametrize(("kind", "written", "literal"), [
    ("BIGINT UNSIGNED", "16M", "16777216"), ("DOUBLE", "0.5", "0.500000"), ("BOOLEAN", "ON", "'ON'"),
    ("VARCHAR", r"it's a \ path", r"'it''s a \\ path'"),
])
def test_a_value_as_sql_has_it(kind, written, literal):
    assert variable(kind).literal(written) == literal
