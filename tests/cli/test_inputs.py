"""What the options name comes to one list of environments, in one order."""

import argparse
import json
import re
from pathlib import Path

import pytest
import yaml

from treadle.cli.inputs import add_inputs, read_inputs, templates_folder
from treadle.errors import InputError, Source, TemplateError, TreadleError
from treadle.heat import Files, load_environments

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def at(tmp_path, monkeypatch):
    """A folder with templates in ``tree``; relative paths of the command line are relative to ``cwd`` in it."""
    for name in ("tree/environments", "cwd", "dir", "answers"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "tree/overcloud.yaml").write_text("heat_template_version: queens\n")
    (tmp_path / "tree/roles_data.yaml").write_text("- {name: Controller}\n")
    monkeypatch.chdir(tmp_path / "cwd")
    return tmp_path


def environment(path: Path, **parameter_defaults) -> Path:
    path.write_text(json.dumps({"parameter_defaults": {path.stem: str(path.name), **parameter_defaults}}))
    return path


def read(*options, files=None):
    parser = argparse.ArgumentParser()
    add_inputs(parser)
    return read_inputs(parser.parse_args([str(option) for option in options]), files or Files())


def merged(*options):
    files = Files()
    return load_environments(read(*options, files=files).environments, files).parameter_defaults


def test_the_order_of_all_sources(at):
    environment(at / "tree/environments/listed.yaml", Who="listed", listed=1)
    (at / "plan.yaml").write_text("""\
version: 1.0
name: overcloud
template: overcloud.yaml
environments:
- path: environments/listed.yaml
- data: {parameter_defaults: {Who: data, data: 1}}
passwords: {Who: password, password: 1, derived: 0}
derived_parameters: {Who: derived, derived: 1, own: 0}
parameter_defaults: {Who: own, own: 1}
""")
    environment(at / "dir/b.yaml", Who="directory b", Directory="b")
    environment(at / "dir/a.yaml", Who="directory a", Directory="a")
    environment(at / "answers/first.yaml", Who="answers", Answers="first")
    environment(at / "answers/second.yaml", Who="answers", Answers="second")
    (at / "answers/answers.yaml").write_text("templates: ../tree\nenvironments: [first.yaml, second.yaml]\n")
    environment(at / "cwd/e.yaml", Who="-e", E="e")
    environment(at / "cwd/f.yaml", Who="-e, the last", E="f")
    options = ["-p", "../plan.yaml", "--environment-directory", at / "dir", "--answers-file",
               at / "answers/answers.yaml", "-e", "e.yaml", "-e", at / "cwd/f.yaml"]
    found = merged(*options)
    assert found["Who"] == "-e, the last"
    assert [found[name] for name in ("listed", "data", "password", "derived", "own")] == [1] * 5
    assert [found[name] for name in ("Directory", "Answers", "E")] == ["b", "second", "f"]
    for last, options_left in (("answers", 6), ("directory b", 4), ("own", 2)):
        assert merged("--templates", at / "tree", *options[:options_left])["Who"] == last
    given = read(*options)
    assert given.templates == at / "answers/../tree" or given.templates == at / "tree"
    assert len(given.texts(Files())) == 8 and given.roles_file == at / "tree/roles_data.yaml"


def test_command_line_wins_over_the_answers_file(at):
    (at / "answers/a.yaml").write_text("{templates: gone, roles: r.yaml, networks: n.yaml}\n")
    given = read("--answers-file", "../answers/a.yaml", "--templates", at / "tree")
    assert (given.templates, given.roles_file, given.networks_file, given.environments) == (
        at / "tree", at / "answers/r.yaml", at / "answers/n.yaml", ())
    given = read("--answers-file", "../answers/a.yaml", "--templates", at / "tree", "-r", "x.yaml", "-n", "y.yaml")
    assert (given.roles_file, given.networks_file) == (at / "cwd/x.yaml", at / "cwd/y.yaml")


def test_a_tilde_in_an_answers_file_is_home(at, monkeypatch):
    monkeypatch.setenv("HOME", str(at))
    environment(at / "dir/a.yaml")
    (at / "answers/a.yaml").write_text("{templates: ~/tree, environments: [~/dir/a.yaml]}\n".replace("~/", "'~/")
                                       .replace("tree", "tree'").replace("yaml]", "yaml']"))
    assert merged("--answers-file", at / "answers/a.yaml") == {"a": "a.yaml"}


def test_a_plan_environments_own_registry_is_relative_to_the_templates(at):
    (at / "tree/x.yaml").write_text("heat_template_version: queens\n")
    (at / "plan.yaml").write_text("resource_registry: {X::Y: x.yaml}\nenvironments:\n"
                                  "- data: {resource_registry: {X::Z: x.yaml}}\n")
    files = Files()
    found = load_environments(read("--templates", at / "tree", "-p", at / "plan.yaml", files=files).environments, files)
    assert found.types == {"X::Y": str(at / "tree/x.yaml"), "X::Z": str(at / "tree/x.yaml")}


def test_parameters_for_workflows_are_told(at):
    (at / "plan.yaml").write_text("workflow_parameters: {tripleo.derive_params.v1.derive_parameters: {a: 1}}\n")
    files = Files()
    assert read("--templates", at / "tree", "-p", at / "plan.yaml", files=files).environments == ()
    assert "plan.yaml:1:1: workflow_parameters: no workflow is run" in next(iter(files.warnings))


PLAN_MISTAKES = {
    "no map": ("- a\n", (1, 1), "", "must be a map, not a list"),
    "key": ("enviroments: []\n", (1, 1), "enviroments", "did you mean environments"),
    "version": ("version: 2.0\n", (1, 1), "version", "use 1.0"),
    "template": ("name: x\ntemplate: other.yaml\n", (2, 1), "template", "the root template is overcloud.yaml"),
    "environments": ("environments: {path: a}\n", (1, 1), "environments", "must be a list, not a map"),
    "environment": ("environments:\n- a.yaml\n", (2, 3), "environments[0]", "- path: environments/docker.yaml"),
    "both": ("environments:\n- {path: a.yaml, data: {}}\n", (2, 3), "environments[0]", "either path or data"),
    "path": ("environments:\n- {path: 5}\n", (2, 4), "environments[0].path", "must be a path, not a number"),
    "gone": ("environments:\n- path: gone.yaml\n", (2, 3), "environments[0].path", "relative to the folder of"),
    "data": ("environments:\n- data:\n    paramters: {}\n", (3, 5), "environments[0].data.paramters",
             "did you mean parameters"),
    "parameters": ("parameter_defaults: [a]\n", (1, 1), "parameter_defaults", "must be a map, not a list"),
    "registry": ("resource_registry:\n  X::Y: gone.yaml\n", (2, 3), "resource_registry.X::Y", "does not exist"),
    "kinds": ("passwords: {A: x}\nparameter_defaults:\n  A: {b: 1}\n", (3, 3), "parameter_defaults.A",
              "an earlier environment made it a string"),
}
ANSWERS_MISTAKES = {
    "no map": ("- a\n", (1, 1), "", "must be a map, not a list"),
    "empty": ("", (0, 0), "", "must be a map, not null"),
    "key": ("templates: a\nenvironment: []\n", (2, 1), "environment", "did you mean environments"),
    "list": ("environments: a.yaml\n", (1, 1), "environments", "must be a list of files, not a string"),
    "path": ("environments:\n- a.yaml\n- {path: a}\n", (3, 3), "environments[1]", "must be a path, not a map"),
    "gone": ("environments:\n- gone.yaml\n", (2, 3), "environments[0]", "paths are relative to the answers file"),
    "templates": ("templates: [a]\n", (1, 1), "templates", "must be a path, not a list"),
}


@pytest.mark.parametrize(("option", "text", "place", "key", "words"), [
    *(pytest.param("-p", *mistake, id=f"plan: {name}") for name, mistake in PLAN_MISTAKES.items()),
    *(pytest.param("--answers-file", *mistake, id=f"answers: {name}") for name, mistake in ANSWERS_MISTAKES.items()),
])
def test_a_mistake_is_named(at, option, text, place, key, words):
    (at / "f.yaml").write_text(text)
    with pytest.raises(TemplateError) as caught:
        merged("--templates", at / "tree", option, at / "f.yaml")
    assert caught.value.source == Source(str(at / "f.yaml"), *place)
    assert caught.value.key == key
    assert words in str(caught.value)


@pytest.mark.parametrize(("options", "said"), [
    (["--environment-directory", "gone"], "--environment-directory: gone is no folder"),
    (["--answers-file", "gone.yaml"], "gone.yaml: cannot read the file: No such file"),
    (["-p", "gone.yaml"], "gone.yaml: cannot read the file: No such file"),
    (["-e", "gone.yaml"], "gone.yaml: cannot read the file: No such file"),
])
def test_what_is_not_there_is_named(at, options, said):
    with pytest.raises(TreadleError, match=said):
        merged("--templates", at / "tree", *options)


def test_templates_are_this_projects_where_none_are_named(tmp_path):
    assert (templates_folder(None) / "overcloud.j2.yaml").exists()
    with pytest.raises(InputError, match=r"--templates: .* holds no overcloud\.j2\.yaml"):
        templates_folder(str(tmp_path))


def test_the_worked_example_of_the_page(at, monkeypatch):
    page = (PROJECT / "docs/environments.md").read_text().split("## A worked example")[1].split("\n## ")[0]
    *files, result = re.findall(r"```\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(at)
    for text in files:
        path = Path(text.partition("\n")[0].removeprefix("# "))
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    [options] = re.findall(r"With `(.*?)`", page)
    assert len(files) == 6
    assert merged("--templates", at / "tree", *options.split()) == yaml.safe_load(result)
