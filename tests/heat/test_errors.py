"""Every mistake is named by file, line, column and key; nothing else than TemplateError comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle.errors import TemplateError
from treadle.heat import build, evaluate

HEAD = "heat_template_version: queens\n"

# template text, (line, column), key, words of the message or hint
MISTAKES = {
    "bad yaml": ("a: [1\nb: 2\n", (2, 2), "", "not valid YAML"),
    "python tag": (HEAD + "outputs:\n  o: {value: !!python/object:os.system {}}\n", (3, 14), "", "not allowed"),
    "alias to itself": (HEAD + "outputs: &a\n  o: {value: *a}\n", (2, 10), "", "refers to the node that holds it"),
    "not a number": (HEAD + "outputs:\n  o: {value: .inf}\n", (3, 14), "", "no form in JSON"),
    "no version": ("outputs: {}\n", (1, 1), "", "heat_template_version is missing"),
    "version": ("heat_template_version: quens\n", (1, 1), "heat_template_version", "did you mean queens"),
    "cloudformation": ("AWSTemplateFormatVersion: x\n", (1, 1), "AWSTemplateFormatVersion", "CloudFormation"),
    "section": (HEAD + "resuorces: {}\n", (2, 1), "resuorces", "did you mean resources"),
    "section kind": (HEAD + "outputs: [a]\n", (2, 1), "outputs", "must be a map, not a list"),
    "parameter key": (HEAD + "parameters:\n  p:\n    type: string\n    defualt: x\n", (5, 5),
                      "parameters.p.defualt", "did you mean default"),
    "parameter type": (HEAD + "parameters:\n  p: {type: strnig}\n", (3, 7), "parameters.p.type",
                       "did you mean string"),
    "constraint": (HEAD + "parameters:\n  p:\n    type: string\n    default: a\n    constraints:\n"
                   "    - lenght: {min: 1}\n", (7, 7), "parameters.p.constraints[0].lenght",
                   "did you mean length"),
    "default": (HEAD + "parameters:\n  p:\n    type: number\n    default: a\n", (5, 5), "parameters.p.default",
                "is not a number"),
    "resource key": (HEAD + "resources:\n  r:\n    type: OS::Heat::None\n    propreties: {}\n", (5, 5),
                     "resources.r.propreties", "did you mean properties"),
    "resource type": (HEAD + "resources:\n  r:\n    type: OS::Heat::Vlaue\n", (4, 5), "resources.r.type",
                      "did you mean OS::Heat::Value"),
    "resource file": (HEAD + "resources:\n  r:\n    type: gone.yaml\n", (4, 5), "resources.r.type",
                      "gone.yaml does not exist"),
    "property": (HEAD + "resources:\n  r:\n    type: OS::Heat::Value\n    properties:\n      vlaue: 1\n", (6, 7),
                 "resources.r.properties.vlaue", "did you mean value"),
    "depends_on": (HEAD + "resources:\n  abc: {type: OS::Heat::None}\n  r:\n    type: OS::Heat::None\n"
                   "    depends_on: abd\n", (6, 5), "resources.r.depends_on", "did you mean abc"),
    "cycle": (HEAD + "resources:\n  a: {type: OS::Heat::None, depends_on: b}\n"
              "  b: {type: OS::Heat::None, depends_on: c}\n  c: {type: OS::Heat::None, depends_on: a}\n", (3, 3),
              "resources.a", "a -> b -> c -> a"),
    "output key": (HEAD + "outputs:\n  o: {valeu: 1}\n", (3, 7), "outputs.o.valeu", "did you mean value"),
    "condition": (HEAD + "conditions:\n  c: {eqauls: [1, 1]}\n", (3, 3), "conditions.c", "did you mean equals"),
    "condition name": (HEAD + "conditions:\n  no: true\n", (3, 3), "conditions.false", "another name"),
    "condition cycle": (HEAD + "conditions:\n  a: {not: b}\n  b: {not: a}\noutputs:\n"
                        "  o: {value: 1, condition: a}\n", (4, 7), "conditions.b.not", "a -> b -> a"),
    "function for conditions": (HEAD + "conditions:\n  c: {get_file: x}\n", (3, 7), "conditions.c.get_file",
                                "cannot be used in a condition"),
    "get_param": (HEAD + "parameters:\n  Password: {type: string, default: x}\noutputs:\n  o:\n    value:\n"
                  "      list_join:\n      - ','\n      - - get_param: Pasword\n", (9, 11),
                  "outputs.o.value.list_join[1][0].get_param", "did you mean Password"),
    "get_attr": (HEAD + "resources:\n  abc: {type: OS::Heat::None}\noutputs:\n  o: {value: {get_attr: [abd, x]}}\n",
                 (5, 15), "outputs.o.value.get_attr", "did you mean abc"),
    "attribute": (HEAD + "resources:\n  r: {type: OS::Heat::Value, properties: {value: 1}}\noutputs:\n"
                  "  o: {value: {get_attr: [r, valeu]}}\n", (5, 15), "outputs.o.value.get_attr",
                  "did you mean value"),
    "get_resource": (HEAD + "outputs:\n  o: {value: {get_resource: r}}\n", (3, 15), "outputs.o.value.get_resource",
                     "no resource r"),
    "get_file": (HEAD + "outputs:\n  o:\n    value: {get_file: gone.txt}\n", (4, 13), "outputs.o.value.get_file",
                 "gone.txt does not exist"),
    "removed function": (HEAD + "outputs:\n  o:\n    value: {'Fn::Join': [',', [a]]}\n", (4, 13),
                         "outputs.o.value.Fn::Join", "not a function of this heat_template_version"),
    "function's argument": (HEAD + "outputs:\n  o:\n    value:\n      str_replace:\n        template: {a: b}\n"
                            "        params: {}\n", (6, 9), "outputs.o.value.str_replace.template",
                            "must be a string, not a map"),
    "yaql": (HEAD + "outputs:\n  o:\n    value:\n      yaql:\n        expression: $.data.nope\n        data: {}\n",
             (6, 9), "outputs.o.value.yaql.expression", "KeyError"),
    "deletion policy": (HEAD + "resources:\n  r:\n    type: OS::Heat::None\n    deletion_policy: retian\n", (5, 5),
                        "resources.r.deletion_policy", "did you mean retain"),
    "group member": (HEAD + "resources:\n  g:\n    type: OS::Heat::ResourceGroup\n    properties:\n"
                     "      resource_def: {type: 'X::Y'}\n", (6, 22),
                     "resources.g.properties.resource_def.type", "unknown resource type X::Y"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_place_and_the_way_out_are_named(mistake: str, tmp_path: Path) -> None:
    text, (line, column), key, words = MISTAKES[mistake]
    path = tmp_path / "t.yaml"
    path.write_text(text)
    with pytest.raises(TemplateError) as caught:
        evaluate(path)
    error = caught.value
    assert error.source is not None
    assert (error.source.file, error.source.line, error.source.column) == (str(path), line, column)
    assert error.key == key
    assert words in str(error)


def _write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_a_missing_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="cannot read the file: No such file") as caught:
        evaluate(tmp_path / "gone.yaml")
    assert str(caught.value).startswith(str(tmp_path / "gone.yaml"))


def test_a_constraint_names_the_environment_that_set_the_value(tmp_path: Path) -> None:
    _write(tmp_path, t=HEAD + "parameters:\n  Mode:\n    type: string\n    constraints:\n"
           "    - allowed_values: [a, b]\n",
           one="parameter_defaults:\n  Mode: a\n", two="# mine\nparameter_defaults:\n  Other: 1\n  Mode: c\n")
    with pytest.raises(TemplateError) as caught:
        evaluate(tmp_path / "t.yaml", [tmp_path / "one.yaml", tmp_path / "two.yaml"])
    told = str(caught.value)
    assert told.startswith(f"{tmp_path}/two.yaml:4:3: parameter_defaults.Mode: Mode: 'c' is not one of")
    assert f"declared in {tmp_path}/t.yaml:3:3" in told


def test_a_wrong_property_names_the_parent_and_the_declaration(tmp_path: Path) -> None:
    _write(tmp_path, t=HEAD + "resources:\n  n:\n    type: n.yaml\n    properties:\n      Port: 70000\n",
           n=HEAD + "parameters:\n  Port:\n    type: number\n    constraints:\n    - range: {max: 65535}\n")
    with pytest.raises(TemplateError) as caught:
        evaluate(tmp_path / "t.yaml")
    assert str(caught.value).startswith(f"{tmp_path}/t.yaml:6:7: resources.n.properties.Port: Port: 70000")
    assert f"declared in {tmp_path}/n.yaml:3:3" in str(caught.value)


def test_an_error_inside_a_nested_template_names_its_stack(tmp_path: Path) -> None:
    _write(tmp_path, t=HEAD + "resources:\n  n: {type: n.yaml}\n",
           n=HEAD + "resources:\n  v: {type: OS::Heat::Value, properties: {value: {get_param: X}}}\n")
    with pytest.raises(TemplateError, match="in the stack overcloud-n") as caught:
        evaluate(tmp_path / "t.yaml")
    assert caught.value.source is not None
    assert caught.value.source.file == str(tmp_path / "n.yaml")


def test_unknown_parameters_of_an_environment(tmp_path: Path) -> None:
    _write(tmp_path, t=HEAD + "parameters:\n  Debug: {type: boolean, default: false}\n",
           e="parameters:\n  Debgu: true\n")
    with pytest.raises(TemplateError) as caught:
        evaluate(tmp_path / "t.yaml", [tmp_path / "e.yaml"])
    assert str(caught.value).startswith(
        f"{tmp_path}/e.yaml:2:3: parameters.Debgu: unknown parameter Debgu (did you mean Debug?)")


@pytest.mark.parametrize(("environment", "line", "key", "words"), [
    ("paramter_defaults: {}\n", 1, "paramter_defaults", "did you mean parameter_defaults"),
    ("parameter_defaults: [a]\n", 1, "parameter_defaults", "must be a map"),
    ("- a\n", 1, "", "must be a map"),
    ("resource_registry:\n  X::A: gone.yaml\n", 2, "resource_registry.X::A", "does not exist"),
    ("resource_registry:\n  X::A: 5\n", 2, "resource_registry.X::A", "not a number"),
    ("resource_registry:\n  X::A: null\n", 2, "resource_registry.X::A", "OS::Heat::None"),
    ("resource_registry:\n  X::A: http://x/y.yaml\n", 2, "resource_registry.X::A", "local files"),
    ("resource_registry:\n  X::A: notes.txt\n", 2, "resource_registry.X::A", "neither a type"),
])
def test_mistakes_in_environments(environment: str, line: int, key: str, words: str, tmp_path: Path) -> None:
    _write(tmp_path, t=HEAD, e=environment)
    with pytest.raises(TemplateError) as caught:
        evaluate(tmp_path / "t.yaml", [tmp_path / "e.yaml"])
    assert caught.value.source is not None
    assert (caught.value.source.file, caught.value.source.line) == (str(tmp_path / "e.yaml"), line)
    assert caught.value.key == key
    assert words in str(caught.value)


def test_maps_and_scalars_do_not_merge(tmp_path: Path) -> None:
    _write(tmp_path, t=HEAD, a="parameter_defaults:\n  P: {x: text}\n",
           b="parameter_defaults:\n  P:\n    x: {y: 1}\n")
    with pytest.raises(TemplateError, match="an earlier environment made it a string") as caught:
        evaluate(tmp_path / "t.yaml", [tmp_path / "a.yaml", tmp_path / "b.yaml"])
    assert str(caught.value).startswith(f"{tmp_path}/b.yaml:3:5: parameter_defaults.P.x")


def test_templates_without_end_are_refused(tmp_path: Path) -> None:
    _write(tmp_path, t=HEAD + "resources:\n  n: {type: t.yaml}\n")
    with pytest.raises(TemplateError, match="does a template use itself"):
        evaluate(tmp_path / "t.yaml")


def test_the_registry_names_the_circle(tmp_path: Path) -> None:
    _write(tmp_path, t=HEAD + "resources:\n  n: {type: 'X::A'}\n")
    with pytest.raises(TemplateError, match="X::A -> X::B -> X::A"):
        evaluate(tmp_path / "t.yaml", [{"resource_registry": {"X::A": "X::B", "X::B": "X::A"}}])


def test_aliases_that_multiply_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    text = HEAD + "parameters:\n  p:\n    type: json\n    default:\n" + \
        "".join(f"      {line}\n" for line in lines) + \
        "outputs:\n  o: {value: *a8}\n"
    _write(tmp_path, t=text)
    with pytest.raises(TemplateError, match="once its aliases are followed"):
        evaluate(tmp_path / "t.yaml")


def test_deep_nests_are_refused(tmp_path: Path) -> None:
    for text in ("[" * 100_000, "- " * 50_000 + "x", "{a: " * 50_000):
        _write(tmp_path, t=text)
        with pytest.raises(TemplateError, match="levels deep"):
            evaluate(tmp_path / "t.yaml")


def test_a_key_that_stands_twice_in_a_template_is_told_and_the_last_wins(tmp_path: Path) -> None:
    _write(tmp_path, t=HEAD + "outputs:\n  o: {value: 1}\n  o: {value: 2}\n")
    stack = build(tmp_path / "t.yaml")
    assert stack.outputs() == {"o": 2}
    assert [str(error.source) for error in stack.engine.files.warnings.values()] == [f"{tmp_path}/t.yaml:4:3"]
