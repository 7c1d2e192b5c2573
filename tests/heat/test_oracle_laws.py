"""Random data through functions, parameters and merges: real Heat gives what we give.

Examples are the same in every run. To look further: ``TREADLE_EXAMPLES=2000 pytest tests/heat/test_oracle_laws.py``,
which also makes them new each time."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.heat.parity_table import plain
from tests.heat.reference import Reference
from treadle.errors import TemplateError
from treadle.heat import deep_update, evaluate
from treadle.heat.faults import Fault

WANTED = os.environ.get("TREADLE_EXAMPLES")
#: The fixture is one process for all examples, which is what is wanted.
compared = settings(max_examples=int(WANTED or 60), derandomize=not WANTED, deadline=None,
                    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

WORDS = st.sampled_from(["a", "b", "ab", "ba", "aa", "", "x", ",", " ", "1", "0", "-1", "true", "é", "a,b", "%a%"])
TEXT = WORDS | st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers(-9, 10**6) | st.sampled_from([0.5, 1.0, -2.5]) | TEXT
DATA = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
                    max_leaves=8)
LISTS = st.lists(DATA, max_size=4)
MAPS = st.dictionaries(TEXT, DATA, max_size=4)
#: Mostly what fits, at times what does not.
OR_ANYTHING = DATA


def mostly(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(strategy, strategy, strategy, OR_ANYTHING)


def ours(template: Path, parameters: dict[str, Any] | None = None,
         defaults: dict[str, Any] | None = None) -> dict[str, Any]:
    try:
        return {"outputs": plain(evaluate(template, (), parameters, defaults))}
    except TemplateError as error:
        return {"error": str(error)}


def same(heat: Reference, body: dict[str, Any], parameters: dict[str, Any] | None = None,
         defaults: dict[str, Any] | None = None, **files: dict[str, Any]) -> None:
    """Both give the same outputs, or both refuse."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {**files, "root": body}.items():
            Path(folder, f"{name}.yaml").write_text(json.dumps({"heat_template_version": "wallaby", **content},
                                                                  ensure_ascii=False))
        root = Path(folder, "root.yaml")
        mine, theirs = ours(root, parameters, defaults), heat.evaluate(root, (), parameters, defaults)
    assert mine.get("outputs") == theirs.get("outputs"), f"ours {mine}\nHeat {theirs}"


def function(heat: Reference, name: str, args: Any) -> None:
    same(heat, {"outputs": {"o": {"value": {name: args}}}})


@compared
@given(name=st.sampled_from(["str_replace", "str_replace_strict", "str_replace_vstrict"]), text=mostly(TEXT),
       params=mostly(st.dictionaries(TEXT, SCALARS, max_size=4)))
def test_str_replace(heat: Reference, name: str, text: Any, params: Any) -> None:
    function(heat, name, {"template": text, "params": params})


@compared
@given(between=mostly(TEXT), lists=st.lists(mostly(st.lists(TEXT, max_size=4)), max_size=3))
def test_list_join(heat: Reference, between: Any, lists: list[Any]) -> None:
    function(heat, "list_join", [between, *lists])


@compared
@given(args=st.tuples(mostly(TEXT), mostly(TEXT)) | st.tuples(TEXT, TEXT, mostly(st.integers(-3, 3))))
def test_str_split(heat: Reference, args: tuple[Any, ...]) -> None:
    function(heat, "str_split", list(args))


@compared
@given(maps=mostly(st.lists(mostly(MAPS), max_size=4)))
def test_map_merge(heat: Reference, maps: Any) -> None:
    function(heat, "map_merge", maps)


@compared
@given(source=mostly(st.dictionaries(TEXT, SCALARS, max_size=4)), keys=mostly(st.dictionaries(TEXT, TEXT, max_size=3)),
       values=mostly(st.dictionaries(TEXT, DATA, max_size=3)))
def test_map_replace(heat: Reference, source: Any, keys: Any, values: Any) -> None:
    function(heat, "map_replace", [source, {"keys": keys, "values": values}])


@compared
@given(template=mostly(st.sampled_from(["%a%", "<%a%%b%>", {"%a%": ["%b%", 1]}, ["%a%"]])),
       first=mostly(st.lists(TEXT, max_size=3)), second=mostly(st.lists(TEXT, max_size=3)),
       permutations=st.none() | st.booleans())
def test_repeat(heat: Reference, template: Any, first: Any, second: Any, permutations: bool | None) -> None:
    more = {} if permutations is None else {"permutations": permutations}
    function(heat, "repeat", {"template": template, "for_each": {"%a%": first, "%b%": second}, **more})


@compared
@given(name=st.sampled_from(["list_concat", "list_concat_unique"]), lists=mostly(st.lists(mostly(LISTS), max_size=4)))
def test_list_concat(heat: Reference, name: str, lists: Any) -> None:
    function(heat, name, lists)


@compared
@given(unwanted=mostly(LISTS), sequence=mostly(LISTS))
def test_filter(heat: Reference, unwanted: Any, sequence: Any) -> None:
    function(heat, "filter", [unwanted, sequence])


PARTS = {"scheme": TEXT, "username": TEXT, "password": TEXT, "path": TEXT, "fragment": TEXT,
         "host": st.sampled_from(["h", "::1", "[::1]", "h.example.com", "", "a b"]) | TEXT,
         "port": st.sampled_from([80, "80", 0, 70000, "", None]), "query": st.dictionaries(TEXT, SCALARS, max_size=2)}


@compared
@given(parts=st.fixed_dictionaries({}, optional={name: mostly(part) for name, part in PARTS.items()}))
def test_make_url(heat: Reference, parts: dict[str, Any]) -> None:
    function(heat, "make_url", parts)


@compared
@given(algorithm=st.sampled_from(["md5", "sha1", "SHA256", "sha512", "blake2s", "sha3_512"]) | TEXT, text=mostly(TEXT))
def test_digest(heat: Reference, algorithm: str, text: Any) -> None:
    function(heat, "digest", [algorithm, text])


@compared
@given(value=DATA, sequence=mostly(LISTS))
def test_contains(heat: Reference, value: Any, sequence: Any) -> None:
    function(heat, "contains", [value, sequence])


NAMES = st.sampled_from(["yes_", "no_", "nope"])
LOGIC = st.recursive(
    st.one_of(NAMES, NAMES, st.booleans(), st.just({"get_param": "t"}),
              st.builds(lambda a, b: {"equals": [a, b]}, SCALARS, SCALARS)),
    lambda inner: st.one_of(st.builds(lambda one: {"not": one}, inner),
                            st.builds(lambda word, parts: {word: parts}, st.sampled_from(["and", "or"]),
                                      st.lists(inner, min_size=1, max_size=3))), max_leaves=6)


@compared
@given(condition=LOGIC)
def test_conditions(heat: Reference, condition: Any) -> None:
    same(heat, {"parameters": {"t": {"type": "boolean", "default": True}},
                "conditions": {"yes_": True, "no_": {"not": "yes_"}, "c": {"and": [True, condition]}},
                "outputs": {"named": {"value": {"if": ["c", 1, 2]}}, "inline": {"value": {"if": [condition, 1, 2]}}}})


@compared
@given(data=MAPS | LISTS, path=st.lists(TEXT | st.integers(-2, 3) | st.none(), max_size=3))
def test_paths(heat: Reference, data: Any, path: list[Any]) -> None:
    same(heat, {"parameters": {"p": {"type": "json", "default": {"top": data}}},
                "resources": {"v": {"type": "OS::Heat::Value", "properties": {"value": {"top": data}}}},
                "outputs": {"param": {"value": {"get_param": ["p", "top", *path]}},
                            "attr": {"value": {"get_attr": ["v", "value", "top", *path]}}}})


TYPES = st.sampled_from(["string", "number", "comma_delimited_list", "json", "boolean"])
NUMBERS = st.integers(-3, 9) | st.sampled_from(["2", 1.5, "x"]) | st.none()
CONSTRAINTS = st.one_of(
    st.builds(lambda low, high: {"length": {"min": low, "max": high}}, NUMBERS, NUMBERS),
    st.builds(lambda low, high: {"range": {"min": low, "max": high}}, NUMBERS, NUMBERS),
    st.builds(lambda step, offset: {"modulo": {"step": step, "offset": offset}}, NUMBERS, NUMBERS),
    st.builds(lambda values: {"allowed_values": values}, st.lists(SCALARS, max_size=4)),
    st.builds(lambda pattern: {"allowed_pattern": pattern}, st.sampled_from(["a*", "[a-z]+", "a|b", "\\d+", "", "."])))


@compared
@given(kind=TYPES, value=DATA, default=st.none() | DATA, constraints=st.lists(CONSTRAINTS, max_size=2),
       route=st.sampled_from(["parameters", "defaults", "property"]))
def test_parameters(heat: Reference, kind: str, value: Any, default: Any, constraints: list[Any], route: str) -> None:
    declared = {"type": kind, "constraints": constraints, **({} if default is None else {"default": default})}
    body = {"parameters": {"p": declared}, "outputs": {"o": {"value": {"get_param": "p"}}}}
    if route == "property":
        same(heat, {"resources": {"r": {"type": "child.yaml", "properties": {"p": value}}},
                    "outputs": {"o": {"value": {"get_attr": ["r", "o"]}}}}, child=body)
    else:
        same(heat, body, **{route: {"p": value}})


@compared
@given(maps=st.lists(MAPS, min_size=1, max_size=4))
def test_environments_merge(heat: Reference, maps: list[dict[str, Any]]) -> None:
    theirs = heat.merge(*maps)
    merged: dict[str, Any] = {}
    try:
        for part in maps:
            merged = deep_update(merged, part)
    except Fault:
        assert "error" in theirs, theirs
    else:
        assert merged == theirs.get("merged"), theirs
