"""``openstack overcloud template``: the commands as users run them, and the page that describes them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.heat.test_explain_laws import HIDDEN
from treadle.cli.main import main
from treadle.heat.explain.paths import at, leaves
from treadle.plan.passwords import complete

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs/template.md").read_text()
BIN = Path(sys.executable).parent
FILES = dict(re.findall(r"`(\w+\.yaml)`:\n\n```yaml\n(.*?)```", PAGE, re.DOTALL))
EXAMPLES = dict(re.findall(r"```console\n\$ (.*?)\n(.*?)```", PAGE, re.DOTALL))
GIVEN = ["site.yaml", "-e", "base.yaml", "-e", "debug.yaml"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def template(folder, capsys):  # noqa: ARG001 (the commands run in it)
    """Runs ``treadle template …``: (exit status, standard output, standard error)."""
    def run(*argv):
        try:
            status = main(["template", *map(str, argv)])
        except SystemExit as ended:
            status = ended.code or 0
        said = capsys.readouterr()
        return status, said.out, said.err
    return run


@pytest.mark.parametrize("command", EXAMPLES)
def test_the_page_shows_what_is_printed(folder, command):
    program, *argv = command.split()
    done = subprocess.run([BIN / program, *argv], capture_output=True, text=True, cwd=folder, check=False)
    assert done.stdout == EXAMPLES[command]
    assert done.returncode == (1 if "broken.yaml" in argv else 0) and "Traceback" not in done.stderr


def test_the_page_has_all_three():
    assert {command.split()[3] for command in EXAMPLES} == {"evaluate", "validate", "explain"}


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_outputs_can_be_read_again(template, form):
    status, out, err = template("evaluate", *GIVEN, "--format", form)
    read = json.loads(out) if form == "json" else yaml.safe_load(out)
    assert (status, err) == (0, "")
    assert read == {"config": {"web::debug": True, "web::log": "all", "web::threads": 4,
                               "web::database": "mysql://web:tell-nobody@db.example.org"}}
    assert list(read["config"]) == ["web::debug", "web::log", "web::database", "web::threads"]


def test_one_output(template, folder):
    (folder / "t.yaml").write_text("heat_template_version: queens\noutputs:\n  a: {value: \"x\\ny\\n\"}\n"
                                   "  b: {value: [1, null]}\n")
    assert template("evaluate", "t.yaml", "--output", "b")[:2] == (0, "- 1\n- null\n")
    assert template("evaluate", "t.yaml", "--output", "a")[:2] == (0, "|\n  x\n  y\n")
    assert template("evaluate", "t.yaml", "--output", "a", "--format", "json")[:2] == (0, '"x\\ny\\n"\n')


TYPED = """\
heat_template_version: queens
parameters:
  s: {type: string, default: ''}
  n: {type: number, default: 0}
  b: {type: boolean, default: false}
  l: {type: comma_delimited_list, default: []}
  j: {type: json, default: {}}
outputs: {s: {value: {get_param: s}}, n: {value: {get_param: n}}, b: {value: {get_param: b}},
          l: {value: {get_param: l}}, j: {value: {get_param: j}}}
"""


@pytest.mark.parametrize(("given", "value"), [
    ("s=1.10", "1.10"), ("s=[a]", "[a]"), ("s=a=b", "a=b"), ("s=", ""), ("n=3", 3), ("n=1.5", 1.5), ("b=yes", True),
    ("l=a,b", ["a", "b"]), ("l=[a, 'b,c']", ["a", "b,c"]), ("l=", []), ('j={"a": [1]}', {"a": [1]}),
    ("j={a: [1]}", {"a": [1]}), ("j=a: 1", {"a": 1}), ("j=[1, x]", [1, "x"]), ("j=5", 5), ("j=", ""),
])
def test_values_are_read_by_type(template, folder, given, value):
    (folder / "t.yaml").write_text(TYPED)
    name, _, text = given.partition("=")
    assert json.loads(template("evaluate", "t.yaml", "-P", given, "--output", name, "--format", "json")[1]) == value
    (folder / "value").write_text(text)
    of_file = template("evaluate", "t.yaml", "--parameter-file", f"{name}=value", "--output", name, "--format", "json")
    assert json.loads(of_file[1]) == value


@pytest.mark.parametrize(("argv", "said"), [
    (["evaluate", "nope.yaml"], "error: nope.yaml: TEMPLATE: there is no such file or folder"),
    (["evaluate", "site.yaml", "-e", "nope.yaml"], "error: nope.yaml: --environment-file: there is no such file"),
    (["evaluate", "site.yaml"], "site.yaml:3:3: parameters.SitePassword: the parameter SitePassword has no value"),
    (["evaluate", *GIVEN, "-P", "x"], "error: --parameter: 'x' has no value"),
    (["evaluate", *GIVEN, "-P", "SitePasword=x"], "error: parameters.SitePasword: unknown parameter SitePasword"),
    (["evaluate", *GIVEN, "--parameter-file", "x=nope"], "error: nope: --parameter-file: cannot be read: No such file"),
    (["evaluate", *GIVEN, "--output", "confg"], "error: --output: there is no output confg (did you mean config?)"),
    (["evaluate", *GIVEN, "-r", "debug.yaml"], "error: --roles-file: a single template has neither roles nor networks"),
    (["evaluate", "x.j2.yaml"], "error: x.j2.yaml: TEMPLATE: is rendered with its tree only"),
    (["evaluate", "."], "holds no overcloud.j2.yaml"),
    (["explain", *GIVEN, "confg"], "error: OUTPUT: there is no confg in the outputs (did you mean config?)"),
    (["explain", *GIVEN, "config.web::debg"],
     "error: OUTPUT: there is no web::debg in config (did you mean web::debug?)"),
    (["explain", *GIVEN, ""], "error: OUTPUT: names nothing"),
    (["explain", "broken.yaml", "size"], "broken.yaml:3:10: parameters.Size.type"),
    (["validate", "nope.yaml"], "error: nope.yaml: TEMPLATE: there is no such file or folder"),
])
def test_a_mistake_is_told_without_a_traceback(template, folder, argv, said):
    (folder / "x.j2.yaml").write_text("")
    status, out, err = template(*argv)
    assert (status, out) == (1, "")
    assert said in err and "Traceback" not in err


def test_a_bad_value_of_a_map_names_its_option(template, folder):
    (folder / "t.yaml").write_text(TYPED)
    assert template("evaluate", "t.yaml", "-P", "j={")[2].startswith("error: -P j: not valid YAML")


def test_secrets_are_in_no_explanation(template):
    for form in ("text", "json"):
        status, out, err = template("explain", *GIVEN, "config", "--format", form)
        assert status == 0 and "tell-nobody" not in out + err and "***" in out
    shown = json.loads(out)
    assert [step["path"] for step in shown] == [
        'config."web::debug"', 'config."web::log"', 'config."web::database"', 'config."web::threads"']
    assert [step["value"] for step in shown] == [True, "all", "***", 4]


def test_an_explanation_as_json_has_places(template):
    [step] = json.loads(template("explain", *GIVEN, "config.web::threads", "--format", "json")[1])
    places = []
    while True:
        places.append((Path(step["place"]["file"]).name, step["place"]["line"]))
        if "children" not in step:
            break
        [step] = step["children"]
    assert places == [("site.yaml", 9), ("web.yaml", 11), ("web.yaml", 20), ("base.yaml", 7)]
    assert step["value"] == 4


def test_what_was_told_is_not_told_again(template, folder):
    (folder / "t.yaml").write_text(
        "heat_template_version: queens\nparameters: {P: {type: string, default: x}}\nresources:\n  v:\n"
        "    type: OS::Heat::Value\n    properties: {value: {get_param: P}}\n"
        "outputs: {o: {value: {list_join: ['', [{get_param: P}, {get_attr: [v, value]}, {get_attr: [v, value]}]]}}}\n")
    out = template("explain", "t.yaml", "o")[1]
    assert out.count("default of P") == 3 and "as above" not in out
    (folder / "t.yaml").write_text(
        "heat_template_version: queens\nparameters: {P: {type: string, default: x}}\n"
        "conditions: {c: {equals: [{get_param: P}, x]}}\n"
        "outputs: {o: {value: {list_join: ['', [{if: [c, a, b]}, {if: [c, d, e]}]]}}}\n")
    out = template("explain", "t.yaml", "o")[1]
    assert out.count("default of P") == 1 and out.count("parameter P = \"x\", as above") == 1


def test_validate_as_json(template):
    status, out, _ = template("validate", "broken.yaml", "--format", "json")
    found = json.loads(out)
    assert (status, found["valid"], found["missing"]) == (1, False, [])
    assert [(Path(error["file"]).name, error["line"], error["key"]) for error in found["errors"]] == [
        ("broken.yaml", 3, "parameters.Size.type"), ("broken.yaml", 7, "resources.box.properites"),
        ("broken.yaml", 9, "outputs.size.valu")]
    status, out, _ = template("validate", "web.yaml", "--format", "json")
    assert (status, json.loads(out)["missing"]) == (0, ["Password"])


def test_validate_names_every_environment_that_is_wrong(template, folder):
    (folder / "a.yaml").write_text("parameter_default: {}\n")
    (folder / "b.yaml").write_text("resource_registry:\n  X::Y: nope.yaml\n")
    status, out, _ = template("validate", "site.yaml", "-e", "a.yaml", "-e", "b.yaml")
    assert status == 1
    assert "a.yaml:1:1: parameter_default: an environment has no section" in out and "b.yaml:2:3" in out
    assert out.endswith("2 errors\n")


@pytest.mark.parametrize("name", ["", "overcloud.j2.yaml"])
def test_our_own_tree(template, name):
    status, out, err = template("validate", PROJECT / name)
    assert (status, out, err) == (0, "right\n", "")
    status, out, err = template("evaluate", PROJECT / name, "--output", "VipMap")
    assert status == 0 and yaml.safe_load(out)["ctlplane"] == "127.0.24.2"
    assert "stand-ins are used for secrets that a deploy generates: AdminPassword" in err


def test_a_tree_takes_roles_environments_and_parameters(template, folder):
    (folder / "roles.yaml").write_text(
        "- {name: Web, CountDefault: 1, ServicesDefault: ['OS::TripleO::Services::Hosts']}\n")
    (folder / "e.yaml").write_text("parameter_defaults: {AdminPassword: chosen-here}\n")
    argv = (PROJECT, "-r", "roles.yaml", "-e", "e.yaml", "-P", "CloudDomain=example.org")
    status, out, err = template("evaluate", *argv)
    outputs = yaml.safe_load(out)
    assert status == 0 and list(outputs["RoleData"]) == ["Web"] and outputs["CloudDomain"] == "example.org"
    assert outputs["AdminPassword"] == "chosen-here" and " AdminPassword" not in err
    status, out, err = template("explain", *argv, "CloudDomain")
    assert "(no file)" in out and "parameters, given with -P" in out and "rendered from" in out
    status, out, _ = template("explain", *argv, "AdminPassword")
    assert status == 0 and "chosen-here" not in out and "e.yaml:1:22" in out


@pytest.mark.parametrize(("marked", "primary"), [("", "Web"), ("tags: [primary], ", "Web"),
                                                 ("tags: [controller, primary], ", "Control")])
def test_controllers_are_the_role_that_is_marked_else_the_first(template, folder, marked, primary):
    (folder / "roles.yaml").write_text("- {name: Web, ServicesDefault: []}\n"
                                       f"- {{name: Control, {marked}ServicesDefault: []}}\n"
                                       f"- {{name: Other, {marked}ServicesDefault: []}}\n")
    status, out, _ = template("evaluate", PROJECT, "-r", "roles.yaml", "--output", "PrimaryRole")
    assert status == 0 and yaml.safe_load(out) == primary


def test_mistyped_parameters_of_a_tree_are_all_named(template, folder):
    (folder / "e.yaml").write_text("parameter_defaults:\n  KeystoneWorker: 1\n  TokenExpirations: 1\n")
    status, out, _ = template("validate", PROJECT, "-e", "e.yaml")
    assert status == 1 and out.endswith("2 errors\n")
    assert "unknown parameter KeystoneWorker (did you mean KeystoneWorkers?)" in out
    assert "e.yaml:3:3: parameter_defaults.TokenExpirations" in out


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_explanation_of_our_own_tree_shows_a_secret(template, form):
    values = complete({}, HIDDEN, lambda size: b"\1" * size)
    secrets = {at(values, leaf) for leaf in leaves(values)}
    Path("secrets.yaml").write_text(yaml.safe_dump({"parameter_defaults": values}))
    shown = evaluated = ""
    for output in ("RoleData", "AdminPassword"):
        evaluated += template("evaluate", PROJECT, "-e", "secrets.yaml", "--output", output)[1]
        status, out, err = template("explain", PROJECT, "-e", "secrets.yaml", output, "--format", form)
        assert (status, err) == (0, "")
        shown += out
    assert any(secret in evaluated for secret in secrets)
    assert [secret for secret in secrets if secret in shown] == [] and "***" in shown
