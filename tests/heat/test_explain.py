"""Where values come from: small templates, and what is said about their outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from treadle.heat import RandomRequest, build
from treadle.heat.environment.sources import Inline, Origin
from treadle.heat.explain import MASKED, Explainer, Explanation, leaves, path_text, resolve
from treadle.heat.faults import Fault

HEAD = "heat_template_version: wallaby\n"
NESTED = HEAD + """\
parameters:
  P: {type: string, default: d}
  L: {type: comma_delimited_list, default: []}
  J: {type: json, default: {}}
outputs:
  p: {value: {get_param: P}}
  l: {value: {get_param: L}}
  j: {value: {get_param: J}}
  off: {value: 1, condition: false}
"""


def told(folder: Path, text: str, path: str = "o", environments: tuple[str, ...] = (), **more: Any) -> list[str]:
    """The steps of the explanation as ``line:column what``, with the file where it is not the template."""
    (folder / "t.yaml").write_text(HEAD + text)
    (folder / "n.yaml").write_text(NESTED)
    files = []
    for index, body in enumerate(environments):
        files.append(folder / f"e{index}.yaml")
        files[-1].write_text(body)
    stack = build(folder / "t.yaml", files, **more)
    explained = Explainer(stack).explain(resolve(stack.outputs(), path))
    return [_line(step, folder) for step in explained.steps()]


def _line(step: Explanation, folder: Path) -> str:
    if step.place is None:
        return f"- {step.what}"
    return str(step.place).removeprefix(f"{folder}/").removeprefix("t.yaml:") + " " + step.what


REPEAT = """\
outputs:
  o:
    value:
      repeat: {template: {k-%w%: 'v %x%', n: 1}, for_each: {'%w%': [a, b], '%x%': [c]}}
"""


@pytest.mark.parametrize(("text", "path", "expected"), [
    ("outputs:\n  o: {value: {a: [1, {b: x}]}}\n", "o.a[1].b", ["3:23 literal"]),
    ("outputs:\n  o:\n    value: {map_merge: [{a: 1}, {a: 2, b: {get_param: 'OS::stack_name'}}]}\n", "o.a",
     ["4:13 map_merge, argument 2", "4:34 literal"]),
    ("outputs:\n  o:\n    value: {map_merge: [{a: null, b: null}, {a: 1}]}\n", "o.b",
     ["4:13 map_merge, argument 1", "4:35 literal"]),
    ("outputs:\n  o:\n    value: {list_concat: [[1, 2], null, [3]]}\n", "o[2]",
     ["4:13 list_concat, argument 3", "4:42 literal"]),
    ("outputs:\n  o:\n    value: {list_concat_unique: [[a, b], [b, c]]}\n", "o[2]",
     ["4:13 list_concat_unique, argument 2", "4:46 literal"]),
    ("outputs:\n  o:\n    value: {filter: [[a], [b, a, c]]}\n", "o[1]",
     ["4:13 filter, from [1][2]", "4:34 literal"]),
    ("outputs:\n  o:\n    value: {map_replace: [{a: x, b: y}, {keys: {a: c}, values: {y: z}}]}\n", "o.c",
     ["4:13 map_replace, from [0].a", "4:28 literal"]),
    ("outputs:\n  o:\n    value: {map_replace: [{a: x, b: y}, {keys: {a: c}, values: {y: z}}]}\n", "o.b",
     ["4:13 map_replace, from [1].values.y", "4:65 literal"]),
    ("outputs:\n  o:\n    value:\n      yaql:\n        expression: $.data.l.where($.up).select($.n)\n"
     "        data: {l: [{up: false, n: 1}, {up: true, n: 1}]}\n", "o[0]",
     ["5:7 yaql, from data.l[1].n", "7:50 literal"]),
    ("outputs:\n  o:\n    value:\n      yaql:\n        expression: $.data.l.select($ + 1)\n"
     "        data: {l: [1, 2]}\n", "o[0]", ["5:7 computed by yaql"]),
    ("outputs:\n  o:\n    value:\n      yaql:\n        expression: $.data.l.select($.n)\n"
     "        data: {l: [{n: true}, {n: true}]}\n", "o[1]", ["5:7 yaql, from data.l[1].n", "7:32 literal"]),
    ("outputs:\n  o:\n    value:\n      yaql:\n        expression: $.data.l.select($.n)\n"
     "        data: {l: [{n: null}, {n: null}]}\n", "o[1]", ["5:7 yaql, from data.l[1].n", "7:32 literal"]),
    (REPEAT, "o[1].k-b", ["5:7 computed by repeat, round 2", "5:27 literal", "5:72 literal", "5:84 literal"]),
    (REPEAT, "o[1].n", ["5:7 repeat, from template.n", "5:43 literal"]),
    ("parameters: {A: {type: string, default: x}, B: {type: string, default: y}}\noutputs:\n  o:\n    value:\n"
     "      str_replace: {template: a A, params: {A: {get_param: A}, B: {get_param: B}}}\n", "o",
     ["6:7 computed by str_replace", "6:49 parameter A", "2:32 default of A"]),
    ("parameters: {A: {type: string, default: x}}\noutputs:\n  o:\n    value:\n"
     "      list_join: ['-', [a, {get_param: A}]]\n", "o",
     ["6:7 computed by list_join", "6:29 parameter A", "2:32 default of A"]),
    ("parameters: {A: {type: number, default: '3'}}\noutputs: {o: {value: {get_param: A}}}\n", "o",
     ["3:23 parameter A", "2:32 default of A, converted to its type"]),
    ("parameters: {A: {type: json, default: {l: [x, y]}}}\noutputs: {o: {value: {get_param: [A, l, '1']}}}\n", "o",
     ["3:23 parameter A.l[1]", "2:47 default of A"]),
    ("parameters: {A: {type: json, default: {l: [x]}}}\noutputs: {o: {value: {get_param: [A, nope]}}}\n", "o",
     ["3:23 parameter A, which has no nope: the empty string"]),
    ("parameters: {A: {type: string, default: xyz}}\noutputs: {o: {value: {get_param: [A, 1]}}}\n", "o",
     ["3:23 parameter A, character 1", "2:32 default of A"]),
    ("parameters: {A: {type: boolean, default: true}}\nconditions: {up: {get_param: A}, both: {and: [up, up]}}\n"
     "outputs:\n  o: {value: [{if: [{not: both}, 1]}, {if: [both, x, y]}]}\n", "o[0]",
     ["5:40 if both: true", "3:34 both", "3:19 parameter A", "2:33 default of A", "5:51 literal"]),
    ("resources:\n  v: {type: OS::Heat::Value, properties: {value: {k: [x]}}}\n"
     "outputs: {o: {value: {get_attr: [v, value, k, 0]}}}\n", "o",
     ["4:23 attribute value of the resource v", "3:55 property value of the resource v: literal"]),
    ("resources:\n  v: {type: OS::Heat::Value, properties: {value: {k: x}}}\noutputs: {o: {value: {get_attr: [v]}}}\n",
     "o.value.k", ["4:23 attributes of the resource v", "3:3 attribute value of the resource v",
                   "3:51 property value of the resource v: literal"]),
    ("resources:\n  v: {type: OS::Heat::SoftwareConfig, properties: {config: '#!/bin/sh'}}\n"
     "outputs: {o: {value: {get_attr: [v, config]}}}\n", "o",
     ["4:23 attribute config of the resource v", "3:52 property config of the resource v: literal"]),
    ("resources:\n  v: {type: OS::Heat::None}\noutputs: {o: {value: {get_attr: [v, x]}}}\n", "o",
     ["4:23 attribute x of the resource v: OS::Heat::None gives null", "3:3 the resource v (OS::Heat::None)"]),
    ("resources:\n  v: {type: OS::Heat::None}\noutputs: {o: {value: {get_resource: v}}}\n", "o",
     ["4:23 reference of the resource v", "3:3 the resource v (OS::Heat::None)"]),
    ("resources:\n  c: {type: OS::Heat::SoftwareConfig}\n  d:\n    type: OS::Heat::SoftwareDeploymentGroup\n"
     "    properties: {config: {get_resource: c}, servers: {s: x}}\n"
     "outputs: {o: {value: {get_attr: [d, deploy_stdout]}}}\n", "o.s",
     ["7:23 attribute deploy_stdout of member s (OS::Heat::SoftwareDeployment) of d: "
      "OS::Heat::SoftwareDeployment gives null", "4:3 the resource s (OS::Heat::SoftwareDeployment)"]),
    ("outputs: {o: {value: 1, condition: {equals: [1, 2]}}}\n", "o",
     ["2:11 an output that its condition turns off", "2:37 a condition"]),
    ("outputs: {o: {value: {get_file: n.yaml}}}\n", "o",
     ["2:23 get_file n.yaml", "n.yaml:1:1 the file, a template, as JSON with absolute paths"]),
])
def test_steps(text: str, path: str, expected: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, text, path) == expected


PARAMETER = "parameters: {P: {type: json, default: {}}}\noutputs: {o: {value: {get_param: P}}}\n"


@pytest.mark.parametrize(("environments", "path", "expected"), [
    (["parameter_defaults:\n  P: {a: 1}\n", "parameter_defaults:\n  P: {b: 2}\n"],
     "o.a", "e0.yaml:2:7 parameter_defaults"),
    (["parameter_defaults:\n  P: {a: 1}\n", "parameter_defaults:\n  P: {b: 2}\n"],
     "o.b", "e1.yaml:2:7 parameter_defaults"),
    (["parameter_defaults: {P: {a: {x: 1}}}\n", "parameter_defaults:\n  P: {a: {y: 2}}\n",
      "parameter_defaults: {P: {a: null}}\n"], "o.a.x", "e0.yaml:1:30 parameter_defaults"),
    (["parameter_defaults: {P: {a: 1}}\n", "parameter_defaults: {P: {a: 1}}\n"],
     "o.a", "e1.yaml:1:26 parameter_defaults"),
    (["parameter_defaults: {P: {a: 1}}\n", "parameters: {P: {a: 1}}\n"], "o.a", "e1.yaml:1:18 parameters"),
])
def test_the_environment_that_counts(environments: list[str], path: str, expected: str, tmp_path: Path) -> None:
    assert told(tmp_path, PARAMETER, path, tuple(environments))[-1] == expected


JOINED = "parameter_merge_strategies: {P: merge}\nparameter_defaults:\n"


@pytest.mark.parametrize(("environments", "path", "expected"), [
    ([f"{JOINED}  P: [a, b]\n", f"{JOINED}  P: [b, c]\n"], "o[1]", "e0.yaml:3:10 parameter_defaults"),
    ([f"{JOINED}  P: [a, b]\n", f"{JOINED}  P: [b, c]\n"], "o[2]", "e1.yaml:3:7 parameter_defaults"),
    ([f"{JOINED}  P: {{a: 1}}\n", f"{JOINED}  P: {{b: 1}}\n"], "o.a", "e0.yaml:3:7 parameter_defaults"),
    (["parameter_merge_strategies: {P: overwrite}\nparameter_defaults: {P: {a: 1, b: 2}}\n",
      "parameter_defaults: {P: {a: 1}}\n"], "o.a", "e1.yaml:1:26 parameter_defaults"),
])
def test_merge_strategies(environments: list[str], path: str, expected: str, tmp_path: Path) -> None:
    lists = PARAMETER.replace("json, default: {}", "comma_delimited_list")
    text = lists if "[a, b]" in environments[0] else PARAMETER
    assert told(tmp_path, text, path, tuple(environments))[-1] == expected


def test_what_several_environments_made_together_names_them_all(tmp_path: Path) -> None:
    found = told(tmp_path, "parameters: {P: {type: string}}\noutputs: {o: {value: {get_param: P}}}\n", "o",
                 (f"{JOINED}  P: a\n", f"{JOINED}  P: b\n"))
    assert found[1:] == ["e1.yaml:3:3 parameter_defaults, merged from every environment that sets P",
                         "e0.yaml:3:3 parameter_defaults", "e1.yaml:3:3 parameter_defaults"]


def test_an_environment_inside_another_file(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("inner:\n  parameter_defaults:\n    P: {a: 1}\n  passwords: {P: {a: 2}}\n")
    (tmp_path / "t.yaml").write_text(HEAD + PARAMETER)
    plan = str(tmp_path / "plan.yaml")
    inside = Inline({"parameter_defaults": {"P": {"a": 1}}}, Origin(plan, ("inner",)), str(tmp_path))
    elsewhere = Inline({"parameter_defaults": {"P": {"a": 2}}}, Origin(plan, ("inner",)), str(tmp_path),
                       {("parameter_defaults", "P"): ("inner", "passwords", "P")})
    for source, place in ((inside, "3:9"), (elsewhere, "4:19")):
        stack = build(tmp_path / "t.yaml", [source])
        *_, last = Explainer(stack).explain(("o", "a")).steps()
        assert _line(last, tmp_path) == f"plan.yaml:{place} parameter_defaults"


def test_what_no_file_says(tmp_path: Path) -> None:
    environment = ("parameter_defaults: {P: {a: 1}}\n",)
    assert told(tmp_path, PARAMETER, "o.a", environment, parameters={"P": {"a": 1}})[-1] == \
        "- parameters, given with -P"
    assert told(tmp_path, PARAMETER, "o.a", environment, parameter_defaults={"P": {"a": 1}})[-1] == \
        "- parameter_defaults, given by no file"


@pytest.mark.parametrize(("properties", "path", "expected"), [
    ("{P: x}", "o.p", ["n.yaml:7:15 parameter P", "3:34 property P of the resource n: literal"]),
    ("{P: 5}", "o.p", ["n.yaml:7:15 parameter P",
                       "3:34 property P of the resource n: literal, converted to its type"]),
    ("{}", "o.p", ["n.yaml:7:15 parameter P", "n.yaml:3:21 default of P"]),
    ("{L: ['a,b', c]}", "o.l[2]", ["n.yaml:8:15 parameter L", "3:45 property L of the resource n: literal"]),
    ("{L: ['a,b', c]}", "o.l[1]", ["n.yaml:8:15 parameter L",
                                   "3:38 property L of the resource n: literal, converted to its type"]),
    ("{J: {k: {get_param: 'OS::stack_name'}}}", "o.j.k",
     ["n.yaml:9:15 parameter J", "3:42 property J of the resource n: parameter OS::stack_name, which every stack has"]),
])
def test_properties_of_nested_stacks(properties: str, path: str, expected: list[str], tmp_path: Path) -> None:
    text = f"resources:\n  n: {{type: n.yaml, properties: {properties}}}\n" \
        "outputs: {o: {value: {get_attr: [n]}}}\n"
    assert told(tmp_path, text, path)[2:] == expected


@pytest.mark.parametrize(("group", "path", "expected"), [
    ("OS::Heat::ResourceGroup, properties: {count: 2, resource_def: {type: n.yaml, properties: {P: 'm-%index%'}}}",
     "o[1]", ["4:23 attribute p of member 1 (n.yaml) of g", "n.yaml:7:15 parameter P",
              "3:103 member 1 of g: its index put in",
              "3:103 property resource_def.properties.P of the resource g: literal"]),
    ("OS::Heat::ResourceGroup, properties: {count: 2, resource_def: {type: n.yaml, properties: {P: same}}}",
     "o[1]", ["4:23 attribute p of member 1 (n.yaml) of g", "n.yaml:7:15 parameter P",
              "3:103 property resource_def.properties.P of the resource g: literal"]),
    ("OS::Heat::ResourceGroup, properties: {count: 0, resource_def: {type: n.yaml}}",
     "o", ["4:23 attribute p of the resource g, over 0 members",
           "3:51 property count of the resource g: literal"]),
])
def test_members(group: str, path: str, expected: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, f"resources:\n  g: {{type: {group}}}\noutputs: {{o: {{value: {{get_attr: [g, p]}}}}}}\n",
                path) == expected


def test_members_of_a_chain(tmp_path: Path) -> None:
    text = ("resources:\n  c:\n    type: OS::Heat::ResourceChain\n    properties:\n"
            "      resources: [n.yaml, OS::Heat::None]\n      resource_properties: {P: shared}\n"
            "outputs: {o: {value: {get_attr: [c, p]}}}\n")
    assert told(tmp_path, text, "o[0]") == [
        "8:23 attribute p of member 0 (n.yaml) of c", "n.yaml:7:15 parameter P",
        "7:29 property resource_properties.P of the resource c: literal"]
    assert told(tmp_path, text, "o[1]")[0] == \
        "8:23 attribute p of member 1 (OS::Heat::None) of c: OS::Heat::None gives null"


def test_random_strings(tmp_path: Path) -> None:
    def fixed(request: RandomRequest) -> str:
        return "r" * request.length

    text = "resources:\n  r: {type: OS::Heat::RandomString}\noutputs: {o: {value: {get_attr: [r, value]}}}\n"
    assert told(tmp_path, text, random=fixed) == [
        "4:23 attribute value of the resource r: a random string", "3:3 the resource r (OS::Heat::RandomString)"]


def test_of_a_key_that_stands_twice_the_last_is_the_place(tmp_path: Path) -> None:
    assert told(tmp_path, "outputs:\n  o: {value: {a: 1, b: 2, a: 3}}\n", "o.a") == ["3:27 literal"]


def test_hidden_values_are_masked_above_and_below(tmp_path: Path) -> None:
    (tmp_path / "n.yaml").write_text(
        HEAD + "parameters: {S: {type: string, hidden: true}}\n"
        "outputs: {o: {value: {str_replace: {template: 'a S', params: {S: {get_param: S}}}}}}\n")
    (tmp_path / "t.yaml").write_text(
        HEAD + "parameters: {T: {type: string, default: pw}}\n"
        "resources:\n  n: {type: n.yaml, properties: {S: {get_param: T}}}\n"
        "outputs: {o: {value: {digest: [sha512, {get_attr: [n, o]}]}}, plain: {value: {get_param: T}}}\n")
    stack = build(tmp_path / "t.yaml")
    explainer = Explainer(stack)
    explained = explainer.explain(("o",))
    shown = [explained.shown()]
    step, hidden = explained, False
    while step.children:
        hidden = hidden or step.hidden
        step = step.children[0]
        shown.append(step.shown(below_hidden=hidden))
    assert [step.place.line for step in explained.steps() if step.place] == [5, 5, 3, 3, 4, 2]
    assert shown == [MASKED] * 6
    assert explainer.explain(("plain",)).shown() == "pw"


def test_a_map_with_a_secret_inside_masks_what_is_made_of_it(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(
        HEAD + "parameters: {S: {type: string, hidden: true, default: pw}}\n"
        "outputs: {o: {value: {str_replace: {template: MAP, params: {MAP: {map_merge: [{s: {get_param: S}}]}}}}}}\n")
    assert Explainer(build(tmp_path / "t.yaml")).explain(("o",)).shown() == MASKED


def test_deep_stacks_are_followed_to_the_bottom(tmp_path: Path) -> None:
    for level in range(25):
        (tmp_path / f"t{level}.yaml").write_text(
            HEAD + "parameters: {P: {type: string, default: top}}\n"
            f"resources:\n  n: {{type: t{level + 1}.yaml, properties: {{P: {{get_param: P}}}}}}\n"
            "outputs: {o: {value: {map_merge: [{a: {get_attr: [n, o, a]}}]}}}\n")
    (tmp_path / "t25.yaml").write_text(
        HEAD + "parameters: {P: {type: string}}\noutputs: {o: {value: {a: {get_param: P}}}}\n")
    steps = list(Explainer(build(tmp_path / "t0.yaml")).explain(("o", "a")).steps())
    assert (steps[-1].what, steps[-1].value) == ("default of P", "top")
    assert len({step.place.file for step in steps if step.place}) == 26


OUTPUTS = {"o": {"a.b": {"c": [1, {"d": 2}]}, "a": {"b": 3}, "x::y": 4, "": 5, "/etc/f.conf": 6, 'q"': 7}, "p": []}


@pytest.mark.parametrize(("text", "path"), [
    ("o.a.b", ("o", "a", "b")), ("o.a.b.c[1].d", ("o", "a.b", "c", 1, "d")),
    ("o.a.b.c.0", ("o", "a.b", "c", 0)), ('o."a".b', ("o", "a", "b")),
    ("o.x::y", ("o", "x::y")), ('o."x::y"', ("o", "x::y")), ("o./etc/f.conf", ("o", "/etc/f.conf")), ("p", ("p",)),
    ('o.""', ("o", "")), ('o."a.b"', ("o", "a.b")), ("", ()), ('o."q\\""', ("o", 'q"')),
])
def test_paths_as_they_are_typed(text: str, path: tuple[str | int, ...]) -> None:
    assert resolve(OUTPUTS, text) == path


@pytest.mark.parametrize(("text", "said"), [
    ("oo", "there is no oo in the outputs (did you mean o?)"), ("o.x::z", "there is no x::z in o (did you mean x::y?)"),
    ("o.a.b.c[2]", 'there is no [2] in o."a.b".c'), ("o.a.b.c[1].e", 'there is no e in o."a.b".c[1]'),
    ('o."x::y".z', 'there is no z in o."x::y"'), ("p[0]", "there is no [0] in p"), ('o."u', 'there is no "u in o'),
])
def test_paths_that_lead_nowhere(text: str, said: str) -> None:
    with pytest.raises(Fault) as caught:
        resolve(OUTPUTS, text)
    assert caught.value.message.startswith(said)


def test_every_leaf_can_be_named() -> None:
    found = list(leaves(OUTPUTS))
    assert len(found) == 8
    assert [resolve(OUTPUTS, path_text(path)) for path in found] == found
