"""Every case of the table gives what real Heat gave: the same outputs, or an error where Heat had one.

``stricter`` and ``lenient`` in a case say why we refuse what Heat accepts, or the other way round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.heat.parity_table import EXPECTED, cases, plain, write
from treadle.errors import TemplateError
from treadle.heat import evaluate

CASES = dict(cases())
HEAT = json.loads(EXPECTED.read_text())


@pytest.mark.parametrize("name", CASES)
def test_as_real_heat(name: str, tmp_path: Path) -> None:
    case: dict[str, Any] = CASES[name]
    template, environments = write(case, tmp_path)
    expected = HEAT[name]
    if "lenient" in case:
        assert "error" in expected
        assert evaluate(template, environments, case.get("given"), case.get("defaults"))
    elif "error" in expected or "stricter" in case:
        with pytest.raises(TemplateError) as caught:
            evaluate(template, environments, case.get("given"), case.get("defaults"))
        assert caught.value.message
        assert caught.value.source is not None or caught.value.key
    else:
        outputs = evaluate(template, environments, case.get("given"), case.get("defaults"))
        assert plain(outputs) == expected["outputs"]


def test_the_record_is_complete() -> None:
    assert set(HEAT) == set(CASES)
