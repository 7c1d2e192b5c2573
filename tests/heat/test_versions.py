"""Each heat_template_version has exactly the functions and keys that it has in real Heat."""

from __future__ import annotations

from typing import Any

import pytest

from tests.heat.reference import Reference
from treadle.heat.parameters import TYPES
from treadle.heat.versions import VERSIONS

#: Heat's classes list a section of their own for what is not one.
NO_SECTION = "__undefined__"
#: Needs a cloud to ask for its zones; refused with that reason.
WITHOUT_US = {"2013-05-23": {"Fn::GetAZs"}}
#: The compiler itself knows ``if``, since it alone looks at one branch only.
IF = "if"


@pytest.fixture(scope="module")
def theirs(heat: Reference) -> dict[str, Any]:
    return heat.versions()


def test_the_versions(theirs: dict[str, Any]) -> None:
    assert set(theirs) == set(VERSIONS)


@pytest.mark.parametrize("name", VERSIONS)
def test_a_version(name: str, theirs: dict[str, Any]) -> None:
    ours, expected = VERSIONS[name], theirs[name]
    without = WITHOUT_US.get(name, set())
    assert set(ours.functions) | ({IF} if ours.conditions is not None else set()) == \
        set(expected["functions"]) - without
    assert set(ours.removed) == set(expected["removed"]) | without
    assert set(ours.conditions or {}) == set(expected["conditions"])
    assert set(ours.sections) == set(expected["sections"]) - {NO_SECTION}
    assert set(ours.resource_keys) == set(expected["resource_keys"])
    assert set(ours.output_keys) == set(expected["output_keys"])
    assert set(ours.parameter_keys) == set(expected["parameter_keys"])
    assert set(ours.deletion_policies) == set(expected["deletion_policies"])
    assert set(TYPES) == set(expected["parameter_types"])
