"""Laws of explanations, for every leaf of every output of many stacks: what is claimed is in the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.heat.parity_table import cases, write
from treadle.cli.gather import generated_names
from treadle.errors import TemplateError
from treadle.heat import Stack, build, load_tree
from treadle.heat.evaluate import build_stack
from treadle.heat.explain import Explainer, Explanation, leaves, path_text, resolve
from treadle.heat.explain.copies import COPYING
from treadle.heat.explain.paths import at, same
from treadle.heat.files import Files
from treadle.heat.roles import render_tree
from treadle.heat.yamlload import _Builder, compose
from treadle.plan.passwords import complete

PROJECT = Path(__file__).parents[2]
CASES = dict(cases())
HIDDEN = tuple(generated_names(PROJECT, render_tree(str(PROJECT), PROJECT / "roles_data.yaml", None, Files()).texts))


def stands_at(files: Files, step: Explanation) -> list[Any]:
    """Every value whose key, or which itself, begins at the step's place; found without key paths."""
    assert step.place is not None
    text = files.text(step.place.file)
    text = text.rstrip() if "heat_template_version" in text else text  # as Heat's client reads templates
    builder = _Builder(step.place.file)
    found: list[Any] = []
    pending: list[Any] = [compose(text, step.place.file)]
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        items = node.value if isinstance(node, yaml.SequenceNode) else []
        for start, value in [*pairs, *((item, item) for item in items)]:
            if (start.start_mark.line + 1, start.start_mark.column + 1) == (step.place.line, step.place.column):
                found.append(builder.build(value))
        pending += [part for pair in pairs for part in pair] + list(items)
    return found


def check(stack: Stack, *, every: int = 1) -> int:
    """Assert the laws for each ``every``-th leaf of the stack's outputs; gives the number of leaves."""
    outputs, explainer = stack.outputs(), Explainer(stack)
    files, checked, count = stack.engine.files, set[int](), 0
    for path in [path for name in outputs for path in leaves(outputs[name], (name,))][::every]:
        count += 1
        assert resolve(outputs, path_text(path)) == path
        explained = explainer.explain(path)
        assert same(explained.value, at(outputs, path)), path
        assert any(step.place for step in explained.steps())
        for step in explained.steps():
            if id(step) in checked:
                continue
            checked.add(id(step))
            if step.place is not None:
                assert files.exists(step.place.file)
            what = step.what.rpartition(": ")[2]
            if step.place is not None and (what in ("literal", "parameters", "parameter_defaults")
                                           or (what.startswith("default of ") and "converted" not in what)):
                assert any(same(value, step.value) for value in stands_at(files, step)), (path, step)
            if what.split(",")[0] in COPYING or what.startswith("if "):
                assert all(same(child.value, step.value) for child in step.children), (path, step)
    return count


@pytest.mark.parametrize("name", CASES)
def test_the_table(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    template, environments = write(case, tmp_path)
    try:
        stack = build(template, environments, case.get("given"), case.get("defaults"))
    except TemplateError:
        return  # test_parity says of which cases this is right
    check(stack)


def test_our_own_overcloud() -> None:
    tree = load_tree(PROJECT, PROJECT / "roles_data.yaml", [PROJECT / "environments/low-memory-usage.yaml"],
                     base_parameter_defaults=complete({}, HIDDEN, lambda size: b"\1" * size))
    assert check(build_stack(tree.template, tree.environment, tree.files)) > 400
