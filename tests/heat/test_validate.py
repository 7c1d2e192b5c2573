"""Everything that is wrong with a template, each with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.heat.parity_table import cases, write
from treadle.errors import TemplateError
from treadle.heat import Files, evaluate, load_environments
from treadle.heat.evaluate import with_values
from treadle.heat.validate import Findings, validate

HEAD = "heat_template_version: queens\n"
ALL = dict(cases())


def findings(folder: Path, text: str, environment: str = "", **values: Any) -> Findings:
    (folder / "t.yaml").write_text(HEAD + text)
    paths = []
    if environment:
        paths.append(folder / "e.yaml")
        paths[0].write_text(environment)
    files = Files()
    return validate(str(folder / "t.yaml"), with_values(load_environments(paths, files), values), files)


def places(found: Findings) -> list[str]:
    return [f"{error.source.line} {error.key}: {error.message}" for error in found.errors if error.source]


@pytest.mark.parametrize(("text", "expected"), [
    ("outputs: {o: {value: {get_param: OS::stack_name}}}\n", []),
    ("parameters:\n  a: {type: strin}\n  b: {typ: string}\nresources:\n  c: {}\noutputs:\n  d: {valu: 1}\n", [
        "3 parameters.a.type: 'strin' is not a type (did you mean string?)",
        "4 parameters.b.typ: a parameter has no typ (did you mean type?)",
        "6 resources.c: the type is missing", "8 outputs.d.valu: an output has no valu (did you mean value?)"]),
    ("outputs:\n  a: {value: {get_param: x}}\n  b: {value: {get_param: y}}\n  c: {value: 1}\n", [
        "3 outputs.a.value.get_param: there is no parameter x",
        "4 outputs.b.value.get_param: there is no parameter y"]),
    ("resources:\n  a: {type: OS::Heat::Value}\n  b: {type: OS::Heat::Valu}\n  c: {type: n.yaml}\n"
     "  d: {type: OS::Heat::ResourceGroup, properties: {resource_def: {type: n.yaml}, count: x}}\n", [
         "3 resources.a.properties: the property value is missing",
         "4 resources.b.type: unknown resource type OS::Heat::Valu (did you mean OS::Heat::Value?)",
         "3 resources.x.properties: the property value is missing",
         "4 resources.y.properties: the property value is missing",
         "6 resources.d.properties.count: must be a whole number, not 'x'"]),
    ("parameters:\n  a: {type: number, default: x}\n  b: {type: boolean, default: maybe}\n", [
        "3 parameters.a.default: 'x' is not a number", "4 parameters.b.default: 'maybe' is not a boolean"]),
    ("resources:\n  a: {type: OS::Heat::None, deletion_policy: x}\n  b: {type: broken.yaml}\n", [
        "3 resources.a.deletion_policy: 'x' is not a deletion policy",
        "3 outputs.a: the value is missing", "4 outputs.b: the value is missing"]),
])
def test_every_error_is_found(text: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "n.yaml").write_text(HEAD + "resources:\n  x: {type: OS::Heat::Value}\n  y: {type: OS::Heat::Value}\n")
    (tmp_path / "broken.yaml").write_text(HEAD + "outputs:\n  a: {}\n  b: {}\n")
    assert places(findings(tmp_path, text)) == expected


NEEDS = """\
parameters: {A: {type: string}}
conditions: {c: {equals: [{get_param: B}, 1]}}
resources:
  v: {type: OS::Heat::Value, properties: {valu: {get_attr: [w, x]}}}
  n: {type: n.yaml, properties: {Q: 1}}
  u: {type: X::Y, condition: c}
  k: {type: X::Y}
outputs:
  o: {value: {if: [d, {get_resource: z}, {get_param: A}]}, condition: e}
"""


def test_without_values_what_is_written_is_checked(tmp_path: Path) -> None:
    (tmp_path / "n.yaml").write_text(HEAD + "parameters: {P: {type: string}}\noutputs: {o: {value: {get_param: R}}}\n")
    found = findings(tmp_path, NEEDS)
    assert found.missing == ("A", "P")
    assert sorted(places(found)) == sorted([
        "3 conditions.c.equals[0].get_param: there is no parameter B",
        "5 resources.v.properties.valu: unknown property valu (did you mean value?)",
        "5 resources.v.properties: the property value is missing",
        "5 resources.v.properties.valu.get_attr: there is no resource w",
        "6 resources.n.properties.Q: unknown property Q",
        "3 outputs.o.value.get_param: there is no parameter R",
        "8 resources.k.type: unknown resource type X::Y",
        "10 outputs.o.value.if[0]: there is no condition d",
        "10 outputs.o.value.if[1].get_resource: there is no resource z",
        "10 outputs.o.condition: there is no condition e"])


def test_values_make_it_an_evaluation(tmp_path: Path) -> None:
    (tmp_path / "n.yaml").write_text(HEAD + "parameters: {P: {type: string}}\n")
    text = "parameters: {A: {type: string}}\nresources:\n  n: {type: n.yaml}\n"
    assert findings(tmp_path, text).missing == ("A", "P")
    assert findings(tmp_path, text).errors == ()
    given = findings(tmp_path, text, "parameters: {A: x}\n")
    assert given.missing == ()
    assert [error.message for error in given.errors] == ["the parameter P of n.yaml has no value"]
    assert findings(tmp_path, text, "parameters: {A: x}\nparameter_defaults: {P: y}\n").errors == ()


def test_every_unknown_parameter_is_named(tmp_path: Path) -> None:
    found = findings(tmp_path, "parameters: {Ab: {type: string, default: ''}}\n", "parameters:\n  Abc: 1\n  X: 2\n")
    assert places(found) == ["2 parameters.Abc: unknown parameter Abc (did you mean Ab?)",
                             "3 parameters.X: unknown parameter X"]


def test_a_doubled_key_is_a_warning(tmp_path: Path) -> None:
    found = findings(tmp_path, "outputs:\n  o: {value: 1}\n  o: {value: 2}\n")
    assert not found.errors
    assert [error.message for error in found.warnings] == ["the key o stands twice in one mapping"]


@pytest.mark.parametrize("name", ALL)
def test_what_can_be_evaluated_is_valid_and_what_cannot_is_not(name: str, tmp_path: Path) -> None:
    case = ALL[name]
    template, environments = write(case, tmp_path)
    files = Files()
    try:
        environment = with_values(load_environments(environments, files), case.get("given"), case.get("defaults"))
    except TemplateError:
        return  # the environments themselves are wrong: nothing is left to validate
    found = validate(str(template), environment, files)
    try:
        evaluate(template, environments, case.get("given"), case.get("defaults"))
    except TemplateError as error:
        assert found.missing or error.message in [each.message for each in found.errors]
    else:
        assert not found.errors
