"""Environments: merged as real Heat merges them, and every mistake named by file and line."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.heat.environment_table import cases, lay_out
from tests.heat.parity_table import plain
from tests.heat.reference import Reference
from treadle.errors import InputError, Source, TemplateError
from treadle.heat import Files, deep_update, evaluate, load_environments
from treadle.heat.environment.sources import Inline, Listed, Origin, environments_in
from treadle.heat.faults import Fault

CASES = dict(cases())


@pytest.mark.parametrize("name", CASES)
def test_as_real_heat(name: str, tmp_path: Path, heat: Reference) -> None:
    case: dict[str, Any] = CASES[name]
    template, environments = lay_out(case, tmp_path)
    theirs = heat.evaluate(template, environments, merge=case.get("merge", "client"))
    assert "error" in theirs if "lenient" in case else "outputs" in theirs or not {"stricter", "differs"} & case.keys()
    if "stricter" in case or ("error" in theirs and "lenient" not in case):
        with pytest.raises(TemplateError) as caught:
            evaluate(template, environments)
        assert caught.value.source is not None
        return
    found = plain(evaluate(template, environments))
    assert found == case.get("gives", plain(theirs.get("outputs")))
    assert "differs" not in case or found != plain(theirs["outputs"])


def test_every_case_has_its_own_name() -> None:
    names = [name for name, _ in cases()]
    assert sorted(names) == sorted(CASES)


HEAD = "heat_template_version: queens\nparameters:\n  p: {type: json, default: {}}\n  s: {type: string, default: ''}\n"

# environments, (file, line, column) of the error, key, words of the message or hint
MISTAKES: dict[str, tuple[list[str], tuple[int, int, int], str, str]] = {
    "no map": (["- a\n"], (0, 1, 1), "", "must be a map, not a list"),
    "section": (["\nparamters: {}\n"], (0, 2, 1), "paramters", "did you mean parameters"),
    "section that is null": (["paramters:\n"], (0, 1, 1), "paramters", "did you mean parameters"),
    "parameters": (["parameters: [a]\n"], (0, 1, 1), "parameters", "must be a map, not a list"),
    "event sinks": (["event_sinks: {type: zaqar-queue}\n"], (0, 1, 1), "event_sinks", "must be a list, not a map"),
    "event sink": (["event_sinks:\n- {type: zaqar-queue, target: q, tll: 1}\n"], (0, 2, 34), "event_sinks[0].tll",
                   "did you mean ttl"),
    "encrypted names": (["encrypted_param_names:\n- a\n- 1\n"], (0, 3, 3), "encrypted_param_names[1]",
                        "must be a parameter's name, not a number"),
    "unknown parameter": (["parameters: {}\n", "parameters:\n  pp: 1\n"], (1, 2, 3), "parameters.pp", "no template"),
    "strategy": (["parameter_merge_strategies:\n  p: mrege\n"], (0, 2, 3), "parameter_merge_strategies.p",
                 "did you mean merge"),
    "strategies": (["parameter_merge_strategies: merge\n"], (0, 1, 1), "parameter_merge_strategies", "must be a map"),
    "kinds": (["parameters: {p: {a: 1}}\n", "parameters:\n  p:\n    a: {b: 1}\n"], (1, 3, 5), "parameters.p.a",
              "an earlier environment made it a number"),
    "kinds, deeply": (["parameter_merge_strategies: {p: deep_merge}\nparameters: {p: {a: {b: x}}}\n",
                       "parameters:\n  p:\n    a:\n      b: [1]\n"], (1, 4, 7), "parameters.p.a.b",
                      "is a list here, but an earlier environment made it a string"),
    "text": (["parameter_merge_strategies: {s: merge}\nparameters: {s: a}\n", "parameters: {s: 5}\n"], (1, 1, 14),
             "parameters.s", "5 is no text"),
    "hook": (["resource_registry:\n  resources:\n    r: {hooks: [pre-creat]}\n"], (0, 3, 9),
             "resource_registry.resources.r.hooks", "did you mean pre-create"),
    "action": (["resource_registry:\n  resources:\n    r: {restricted_actions: delete}\n"], (0, 3, 9),
               "resource_registry.resources.r.restricted_actions", "use one of update, replace"),
    "resources": (["resource_registry: {resources: {r: a.yaml}}\n"], (0, 1, 33), "resource_registry.resources.r",
                  "r must be a map, not a string"),
    "null type": (["resource_registry:\n  X::A:\n"], (0, 2, 3), "resource_registry.X::A", "OS::Heat::None"),
    "template": (["resource_registry:\n  X::A: gone.yaml\n"], (0, 2, 3), "resource_registry.X::A", "does not exist"),
    "base_url": (["resource_registry:\n  base_url: 5\n"], (0, 2, 3), "resource_registry.base_url", "must be a folder"),
}


def written(folder: Path, texts: list[str]) -> list[Path]:
    paths = [folder / f"env{number}.yaml" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
    return paths


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(name: str, tmp_path: Path) -> None:
    texts, (number, line, column), key, words = MISTAKES[name]
    (tmp_path / "t.yaml").write_text(HEAD)
    paths = written(tmp_path, texts)
    with pytest.raises(TemplateError) as caught:
        evaluate(tmp_path / "t.yaml", paths)
    assert caught.value.source == Source(str(paths[number]), line, column)
    assert caught.value.key == key
    assert words in str(caught.value)


@pytest.mark.parametrize(("first", "said"), [
    ("parameters: {p: {a: 1}}\n", "env0.yaml:1:14 sets it without a strategy"),
    ("parameters: {p: {a: 1}}\nparameter_merge_strategies:\n  p: deep_merge\n",
     "env0.yaml:3:3 has the strategy deep_merge"),
    ("parameters: {p: {a: 1}}\nparameter_merge_strategies:\n  default: overwrite\n",
     "env0.yaml:3:3 has the strategy overwrite"),
])
def test_two_strategies_are_both_named(first: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(HEAD)
    paths = written(tmp_path, [first, "parameters: {p: {b: 1}}\nparameter_merge_strategies: {p: merge}\n"])
    with pytest.raises(TemplateError) as caught:
        evaluate(tmp_path / "t.yaml", paths)
    assert caught.value.source == Source(str(paths[1]), 2, 30)
    assert said in caught.value.message


def test_a_default_strategy_that_comes_too_late_is_told(tmp_path: Path) -> None:
    paths = written(tmp_path, ["parameters: {p: {a: 1}, s: x}\n",
                               "parameters: {p: {b: 1}}\nparameter_merge_strategies: {default: merge}\n"])
    files = Files()
    merged = load_environments(paths, files)
    assert merged.parameters == {"p": {"a": 1, "b": 1}, "s": "x"}
    assert [line.split(": ", 1)[1] for line in map(str, files.warnings)] == [
        "parameter_merge_strategies.default: the default strategy merge does not reach p: set before without one\n"
        "  as in Heat, the first environment that sets a parameter decides how it merges"]


def test_what_stands_below_all_environments_is_never_part_of_a_merge(tmp_path: Path) -> None:
    strategies = "parameter_merge_strategies: {default: merge}\n"
    paths = written(tmp_path, [strategies + "parameter_defaults: {A: one, M: {a: 1}}\n",
                               strategies + "parameter_defaults: {A: two, M: {b: 1}}\n"])
    base = {"A": "generated", "B": "generated", "M": {"g": 1}}
    found = load_environments(paths, Files(), base=base).parameter_defaults
    assert found == {"A": "onetwo", "B": "generated", "M": {"a": 1, "b": 1}}
    paths[0].write_text("parameter_defaults: {A: one, M: {a: 1}}\n")
    assert load_environments(paths[:1], Files(), base=base).parameter_defaults == {
        "A": "one", "B": "generated", "M": {"g": 1, "a": 1}}
    assert base["M"] == {"g": 1}


def test_data_inside_another_file_is_named_by_its_place_there(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("environments:\n- data:\n    parameter_defaults:\n      X: {a: 1}\n    paramters: {}\n")
    source = Inline({"parameter_defaults": {"X": 1}, "paramters": {}}, Origin(str(plan), ("environments", 0, "data")),
                    str(tmp_path))
    with pytest.raises(TemplateError) as caught:
        load_environments([source], Files())
    assert (caught.value.source, caught.value.key) == (Source(str(plan), 5, 5), "environments[0].data.paramters")
    missing = Listed(str(tmp_path / "gone.yaml"), Origin(str(plan), ("environments", 0)))
    with pytest.raises(TemplateError, match=r"plan\.yaml:2:3: environments\[0\]: the environment .*gone\.yaml does"):
        load_environments([missing], Files())


def test_a_folder_of_environments(tmp_path: Path) -> None:
    for name in ("b.yaml", "10.yml", "a.yaml", ".hidden.yaml", "note.txt"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "c.yaml").mkdir()
    assert [Path(file).name for file in environments_in(tmp_path)] == ["10.yml", "a.yaml", "b.yaml"]
    with pytest.raises(InputError, match=r"--environment-directory: .*gone is no folder"):
        environments_in(tmp_path / "gone")


SCALARS = st.none() | st.booleans() | st.integers(-99, 99) | st.text("ab", max_size=3)
MAPS = st.dictionaries(st.sampled_from("klmn"), SCALARS | st.dictionaries(st.sampled_from("xy"), SCALARS, max_size=2),
                       max_size=4)


def merged_by(strategy: str | None, declared: str, values: list[Any]) -> Any:
    """The parameter p of a type ``declared``, set by one environment after the other."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "t.yaml").write_text(json.dumps({"heat_template_version": "queens",
                                                      "parameters": {"p": {"type": declared}}}))
        named = {"parameter_merge_strategies": {"p": strategy}} if strategy else {}
        sources = [{"parameters": {"p": value}, **named} for value in values]
        return load_environments(sources, Files(), template=str(Path(folder, "t.yaml"))).parameters.get("p")


@settings(deadline=None)
@given(st.lists(MAPS, min_size=1, max_size=4))
def test_laws_of_maps(values: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(values)
    assert merged_by("overwrite", "json", values) == values[-1]
    # Only the first map that is not empty may hold a null: it is taken whole.
    first = next((number for number, value in enumerate(values) if value), 0)
    flat: dict[str, Any] = dict(values[first])
    for value in values[first + 1:]:
        flat.update({key: item for key, item in value.items() if item is not None})
    assert merged_by("merge", "json", values) == flat
    assert values == before


@settings(deadline=None)
@given(st.lists(st.lists(st.text("ab,", max_size=3), max_size=3), min_size=1, max_size=4))
def test_laws_of_lists_and_text(values: list[list[str]]) -> None:
    assert merged_by("merge", "comma_delimited_list", values) == [item for value in values for item in value]
    texts = [" ".join(value) for value in values]
    assert merged_by("merge", "string", texts) == "".join(texts)


@settings(deadline=None)
@given(st.lists(MAPS, min_size=1, max_size=4))
def test_without_strategies_environments_merge_one_by_one(values: list[dict[str, Any]]) -> None:
    expected: Any = {}
    try:
        for value in values:
            expected = deep_update(expected, {"p": value})
    except Fault:
        with pytest.raises(TemplateError):
            merged_by(None, "json", values)
        return
    assert merged_by(None, "json", values) == expected["p"]
