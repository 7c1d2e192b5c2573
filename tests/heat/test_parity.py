"""Every case of the table gives what real Heat gives: the same outputs, or an error where Heat has one.

``stricter`` in a case says why we refuse what Heat accepts, ``lenient`` the other way round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.heat.parity_table import cases, plain, write
from tests.heat.reference import Reference
from treadle.errors import TemplateError
from treadle.heat import evaluate

CASES = dict(cases())


@pytest.mark.parametrize("name", CASES)
def test_as_real_heat(name: str, tmp_path: Path, heat: Reference) -> None:
    case: dict[str, Any] = CASES[name]
    template, environments = write(case, tmp_path)
    expected = heat.evaluate(template, environments, case.get("given"), case.get("defaults"))
    if "lenient" in case:
        assert "error" in expected
    if "stricter" in case:
        assert "outputs" in expected
    if ("error" in expected) is ("lenient" not in case) or "stricter" in case:
        with pytest.raises(TemplateError) as caught:
            evaluate(template, environments, case.get("given"), case.get("defaults"))
        assert caught.value.message
        assert caught.value.source is not None or caught.value.key
    else:
        outputs = evaluate(template, environments, case.get("given"), case.get("defaults"))
        assert outputs if "lenient" in case else plain(outputs) == plain(expected["outputs"])


def test_no_two_cases_have_one_name() -> None:
    names = [name for name, _ in cases()]
    assert sorted(names) == sorted(set(names))
