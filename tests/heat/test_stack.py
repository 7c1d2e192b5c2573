"""Stacks beyond single values: hidden parameters, random strings, identities, environments as data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from treadle.heat import RandomRequest, build, evaluate

HEAD = "heat_template_version: queens\n"


def test_hidden_values_of_all_stacks_are_known(tmp_path: Path) -> None:
    (tmp_path / "n.yaml").write_text(HEAD + "parameters:\n  Password: {type: string, hidden: true}\n"
                                     "  Key: {type: string, hidden: true, default: ''}\n"
                                     "  Plain: {type: string, default: shown}\n")
    (tmp_path / "t.yaml").write_text(HEAD + "parameters:\n  Token: {type: string, hidden: true, default: t0}\n"
                                     "  Password: {type: string, hidden: true, default: p0}\n"
                                     "resources:\n  n: {type: n.yaml, properties: {Password: p1}}\n")
    stack = build(tmp_path / "t.yaml")
    assert stack.hidden == {"Token": "t0", "Password": "p0", "overcloud-n.Password": "p1"}


def _random(tmp_path: Path) -> Path:
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + "resources:\n  r:\n    type: OS::Heat::RandomString\n    properties:\n"
                    "      length: 12\n      salt: s\n      character_classes: [{class: digits, min: 2}]\n"
                    "outputs:\n  a: {value: {get_attr: [r, value]}}\n  b: {value: {get_resource: r}}\n")
    return path


def test_random_strings_come_from_the_provider_once(tmp_path: Path) -> None:
    asked: list[RandomRequest] = []

    def provide(request: RandomRequest) -> str:
        asked.append(request)
        return "kept"

    assert evaluate(_random(tmp_path), random=provide) == {"a": "kept", "b": "kept"}
    assert asked == [RandomRequest("overcloud/r", "s", 12, (("0123456789", 2),))]


def test_a_random_string_without_provider_has_the_wanted_form(tmp_path: Path) -> None:
    outputs = evaluate(_random(tmp_path))
    assert outputs["a"] == outputs["b"]
    assert len(outputs["a"]) == 12
    assert outputs["a"].isdigit()


def test_identities_stay_from_run_to_run(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + "resources:\n  v: {type: OS::Heat::Value, properties: {value: 1}}\n"
                    "  n: {type: OS::Heat::None}\n"
                    "outputs:\n  v: {value: {get_resource: v}}\n  n: {value: {get_resource: n}}\n"
                    "  i: {value: {get_param: 'OS::stack_id'}}\n")
    outputs = evaluate(path)
    assert outputs == evaluate(path)
    assert len(set(outputs.values())) == 3


def test_environments_may_be_data(tmp_path: Path) -> None:
    (tmp_path / "n.yaml").write_text(HEAD + "outputs: {o: {value: nested}}\n")
    (tmp_path / "t.yaml").write_text(HEAD + "parameters:\n  P: {type: json, default: {}}\n"
                                     "resources:\n  n: {type: 'X::N'}\n"
                                     "outputs:\n  p: {value: {get_param: P}}\n  n: {value: {get_attr: [n, o]}}\n")
    environments: list[dict[str, Any]] = [
        {"resource_registry": {"X::N": str(tmp_path / "n.yaml")}, "parameter_defaults": {"P": {"a": 1}}},
        {"parameter_defaults": {"P": {"b": 2}}}]
    assert evaluate(tmp_path / "t.yaml", environments) == {"p": {"a": 1, "b": 2}, "n": "nested"}
    assert environments[0]["parameter_defaults"] == {"P": {"a": 1}}


def test_parameters_win_over_environments(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(HEAD + "parameters:\n  A: {type: number}\n  B: {type: number}\n"
                                     "outputs:\n  o: {value: [{get_param: A}, {get_param: B}]}\n")
    environment = {"parameters": {"A": 1}, "parameter_defaults": {"A": 5, "B": 2}}
    assert evaluate(tmp_path / "t.yaml", [environment]) == {"o": [1, 2]}
    assert evaluate(tmp_path / "t.yaml", [environment], {"A": 3}, {"B": 4}) == {"o": [3, 4]}


def test_deep_stacks_fit(tmp_path: Path) -> None:
    for level in range(25):
        inner = f"resources:\n  n: {{type: t{level + 1}.yaml}}\noutputs: {{o: {{value: {{get_attr: [n, o]}}}}}}\n"
        (tmp_path / f"t{level}.yaml").write_text(HEAD + inner)
    (tmp_path / "t25.yaml").write_text(HEAD + "outputs: {o: {value: bottom}}\n")
    assert evaluate(tmp_path / "t0.yaml") == {"o": "bottom"}
