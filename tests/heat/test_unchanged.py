"""A question asked again is answered at once, unless something that the answer depends on is no longer the same."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from treadle.errors import TemplateError
from treadle.heat import Files, evaluate, evaluate_overcloud
from treadle.heat.evaluate import build

ROOT = """\
heat_template_version: queens
parameters: {word: {type: string, default: a}}
resources:
  below: {type: below.yaml}
  word: {type: 'OS::Heat::RandomString'}
outputs:
  text: {value: {get_file: text}}
  below: {value: {get_attr: [below, list]}}
  given: {value: {get_param: word}}
  random: {value: {get_attr: [word, value]}}
"""
BELOW = "heat_template_version: queens\noutputs: {list: {value: [1, {two: 2}]}}\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "root.yaml").write_text(ROOT)
    (tmp_path / "below.yaml").write_text(BELOW)
    (tmp_path / "text").write_text("before")
    (tmp_path / "env.yaml").write_text("parameter_defaults: {word: b}\n")
    return tmp_path


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each evaluation that was really made."""
    made: list[str] = []

    def counted(*args: Any, **kwargs: Any) -> Any:
        made.append(str(args[0]))
        return build(*args, **kwargs)

    monkeypatch.setattr(sys.modules[build.__module__], "build", counted)
    return made


def test_the_second_answer_needs_no_evaluation_and_is_the_same(tree: Path, built: list[str]) -> None:
    first = evaluate(tree / "root.yaml", [tree / "env.yaml"])
    assert evaluate(tree / "root.yaml", [tree / "env.yaml"]) == first
    assert len(built) == 1


def test_an_answer_is_the_callers_to_change(tree: Path) -> None:
    first = evaluate(tree / "root.yaml")
    first["below"][1]["two"] = "changed"
    assert evaluate(tree / "root.yaml")["below"] == [1, {"two": 2}]
    assert evaluate(tree / "root.yaml", parameters={"word": "other"})["below"] == [1, {"two": 2}]


CHANGES: dict[str, tuple[Callable[[Path], Any], str, Any]] = {
    "a file that get_file names": (lambda tree: (tree / "text").write_text("after, longer"), "text", "after, longer"),
    "a nested template": (lambda tree: (tree / "below.yaml").write_text(BELOW.replace("1", "11")), "below",
                          [11, {"two": 2}]),
    "the template": (lambda tree: (tree / "root.yaml").write_text(ROOT.replace("get_file: text", "get_param: word")),
                     "text", "b"),
    "an environment": (lambda tree: (tree / "env.yaml").write_text("parameter_defaults: {word: changed}\n"), "given",
                       "changed"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_seen(tree: Path, built: list[str], what: str) -> None:
    change, output, expected = CHANGES[what]
    before = evaluate(tree / "root.yaml", [tree / "env.yaml"])
    change(tree)
    after = evaluate(tree / "root.yaml", [tree / "env.yaml"])
    assert after[output] == expected != before[output]
    assert len(built) == 2


@pytest.mark.parametrize("gone", ["text", "below.yaml", "env.yaml"])
def test_a_file_that_is_gone_is_missed(tree: Path, gone: str) -> None:
    evaluate(tree / "root.yaml", [tree / "env.yaml"])
    (tree / gone).unlink()
    with pytest.raises(TemplateError, match=gone):
        evaluate(tree / "root.yaml", [tree / "env.yaml"])


def test_a_file_that_only_has_to_be_there_is_missed_by_files_kept_from_before(tmp_path: Path) -> None:
    (tmp_path / "root.yaml").write_text("heat_template_version: queens\noutputs:\n"
                                        "  o: {value: {if: [no_, {get_file: text}, 1]}}\nconditions: {no_: false}\n")
    (tmp_path / "text").write_text("")
    files = Files()
    assert evaluate(tmp_path / "root.yaml", files=files) == {"o": 1}
    (tmp_path / "text").unlink()
    with pytest.raises(TemplateError, match="text"):
        evaluate(tmp_path / "root.yaml", files=files)


def test_other_values_are_another_question(tree: Path, built: list[str]) -> None:
    asked = [{}, {"parameters": {"word": "x"}}, {"parameter_defaults": {"word": "y"}},
             {"environments": [{"parameters": {"word": "z"}}]}]
    assert [evaluate(tree / "root.yaml", **question)["given"] for question in asked] == ["a", "x", "y", "z"]
    assert len(built) == 4


def test_what_cannot_be_compared_is_evaluated_each_time(tree: Path, built: list[str]) -> None:
    for _ in range(2):
        assert evaluate(tree / "root.yaml", parameters=MappingProxyType({"word": "x"}))["given"] == "x"
    assert len(built) == 2


def test_random_strings_stay_until_something_changes_or_their_keeper_says_otherwise(tree: Path) -> None:
    files = Files()
    first = evaluate(tree / "root.yaml", files=files)["random"]
    assert evaluate(tree / "root.yaml", files=files)["random"] == first
    assert evaluate(tree / "root.yaml", parameters={"word": "x"}, files=files)["random"] != first
    assert evaluate(tree / "root.yaml", files=files, random=lambda _: "kept")["random"] == "kept"
    assert evaluate(tree / "root.yaml", files=files, random=lambda _: "other")["random"] == "other"


def test_a_new_file_of_the_tree_is_seen(tmp_path: Path) -> None:
    (tmp_path / "roles_data.yaml").write_text("- name: Controller\n")
    (tmp_path / "overcloud-resource-registry.yaml").write_text("resource_registry: {}\n")
    (tmp_path / "overcloud.j2.yaml").write_text("heat_template_version: queens\noutputs: {o: {value: 1}}\n")
    files = Files()

    def asked(environment: dict[str, Any]) -> dict[str, Any]:
        return evaluate_overcloud(tmp_path, tmp_path / "roles_data.yaml", [environment], files=files).outputs

    assert asked({}) == asked({}) == {"o": 1}
    with pytest.raises(TemplateError, match="unknown parameter New"):
        asked({"parameter_defaults": {"New": 1}})
    (tmp_path / "new.yaml").write_text("heat_template_version: queens\nparameters:\n  New: {type: string}\n")
    assert asked({"parameter_defaults": {"New": 1}}) == {"o": 1}
    (tmp_path / "new.yaml").unlink()
    with pytest.raises(TemplateError, match="unknown parameter New"):
        asked({"parameter_defaults": {"New": 1}})
