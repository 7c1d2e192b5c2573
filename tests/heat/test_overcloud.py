"""A small tree of templates, evaluated as one overcloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle.errors import TemplateError
from treadle.heat import Files, evaluate_overcloud

TREE = {
    "roles_data.yaml": """\
- name: Controller
  CountDefault: 2
  ServicesDefault: ['X::Services::Web', 'X::Services::Off']
""",
    "overcloud-resource-registry.j2.yaml": """\
resource_registry:
{% for role in roles %}
  X::{{ role.name }}: puppet/{{ role.name.lower() }}-role.yaml
{% endfor %}
  X::Services::Web: services/web.yaml
  X::Services::Off: OS::Heat::None
  X::Unused: services/unused.yaml
parameter_defaults:
  Port: 80
""",
    "overcloud.j2.yaml": """\
heat_template_version: queens
parameters:
  Domain: {type: string, default: localdomain}
{%- for role in roles %}
  {{ role.name }}Count: {type: number, default: {{ role.CountDefault }}}
  {{ role.name }}Services: {type: comma_delimited_list, default: {{ role.ServicesDefault }}}
{%- endfor %}
resources:
{%- for role in roles %}
  {{ role.name }}Chain:
    type: OS::Heat::ResourceChain
    properties:
      resources: {get_param: {{ role.name }}Services}
      concurrent: true
      resource_properties: {RoleName: {{ role.name }}}
  {{ role.name }}:
    type: OS::Heat::ResourceGroup
    properties:
      count: {get_param: {{ role.name }}Count}
      resource_def:
        type: X::{{ role.name }}
        properties: {Hostname: 'node-%index%'}
{%- endfor %}
outputs:
  data:
    value:
{%- for role in roles %}
      {{ role.name }}:
        yaql:
          expression: $.data.l.where($ != null)
          data: {l: {get_attr: [{{ role.name }}Chain, role_data]}}
{%- endfor %}
  names:
    value: {get_attr: [Controller, hostname]}
""",
    "puppet/role.role.j2.yaml": """\
heat_template_version: queens
parameters:
  Hostname: {type: string}
outputs:
  hostname: {value: {list_join: [., [{get_param: Hostname}, {{ role.name.lower() }}]]}}
""",
    "services/web.yaml": """\
heat_template_version: queens
parameters:
  RoleName: {type: string}
  Port: {type: number}
  WebPassword: {type: string, hidden: true}
outputs:
  role_data: {value: {port: {get_param: Port}, role: {get_param: RoleName}}}
""",
    "services/unused.yaml": """\
heat_template_version: queens
parameters:
  UnusedOption:
    type: string
    default: ''
""",
    "services/flow.yaml": "heat_template_version: queens\nparameters: {FlowOption: {type: string, default: ''}}\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "templates"
    for name, text in TREE.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


PASSWORDS = {"WebPassword": "generated", "OtherPassword": "unused"}


def test_the_tree_is_rendered_and_evaluated(tree: Path) -> None:
    result = evaluate_overcloud(tree, tree / "roles_data.yaml", [], base_parameter_defaults=PASSWORDS)
    assert result.outputs == {"data": {"Controller": [{"port": 80, "role": "Controller"}]},
                              "names": ["node-0.controller", "node-1.controller"]}
    assert result.hidden == {"WebPassword": "generated"}
    assert [role["name"] for role in result.roles] == ["Controller"]


def test_environments_win_over_passwords_and_the_tree(tree: Path) -> None:
    environment = tree.parent / "e.yaml"
    environment.write_text("parameter_defaults: {Port: 81, WebPassword: mine, ControllerCount: 1}\n")
    result = evaluate_overcloud(tree, tree / "roles_data.yaml", [environment], base_parameter_defaults=PASSWORDS)
    assert result.outputs["data"]["Controller"][0]["port"] == 81
    assert result.outputs["names"] == ["node-0.controller"]
    assert result.hidden == {"WebPassword": "mine"}


def test_the_result_files_save_work(tree: Path) -> None:
    files = Files()
    first = evaluate_overcloud(tree, tree / "roles_data.yaml", [], base_parameter_defaults=PASSWORDS, files=files)
    again = evaluate_overcloud(tree, tree / "roles_data.yaml", [], base_parameter_defaults=PASSWORDS, files=files)
    assert first.outputs == again.outputs
    changed = tree / "services/web.yaml"
    changed.write_text(changed.read_text().replace("port: {get_param: Port}", "port: 1"))
    third = evaluate_overcloud(tree, tree / "roles_data.yaml", [], base_parameter_defaults=PASSWORDS, files=files)
    assert third.outputs["data"]["Controller"][0]["port"] == 1


@pytest.mark.parametrize(("name", "nearest"), [
    ("WebPasword", "WebPassword"), ("UnusedOptoin", "UnusedOption"), ("FlowOptoin", "FlowOption"),
    ("ControllerCuont", "ControllerCount")])
def test_mistyped_parameters_are_named(name: str, nearest: str, tree: Path) -> None:
    environment = tree.parent / "e.yaml"
    environment.write_text(f"parameter_defaults:\n  Port: 1\n  {name}: x\n")
    with pytest.raises(TemplateError) as caught:
        evaluate_overcloud(tree, tree / "roles_data.yaml", [environment], base_parameter_defaults=PASSWORDS)
    assert str(caught.value).startswith(f"{environment}:3:3: parameter_defaults.{name}: unknown parameter {name} "
                                        f"(did you mean {nearest}?)")


def test_parameters_that_no_used_template_has_are_fine(tree: Path) -> None:
    environment = {"parameter_defaults": {"UnusedOption": "x", "FlowOption": "y"}}
    assert evaluate_overcloud(tree, tree / "roles_data.yaml", [environment], base_parameter_defaults=PASSWORDS).outputs


def test_unknown_parameters_of_the_root(tree: Path) -> None:
    environment = tree.parent / "e.yaml"
    environment.write_text("parameters:\n  Domian: x\n")
    with pytest.raises(TemplateError, match=r"e\.yaml:2:3: parameters\.Domian: unknown parameter Domian .*Domain"):
        evaluate_overcloud(tree, tree / "roles_data.yaml", [environment], base_parameter_defaults=PASSWORDS)


def test_a_key_twice_in_the_operators_own_environment(tree: Path) -> None:
    environment = tree.parent / "e.yaml"
    environment.write_text("parameter_defaults:\n  Port: 1\n  Port: 2\n")
    with pytest.raises(TemplateError, match="the key Port stands twice"):
        evaluate_overcloud(tree, tree / "roles_data.yaml", [environment], base_parameter_defaults=PASSWORDS)


def test_errors_in_rendered_templates_name_the_source(tree: Path) -> None:
    path = tree / "overcloud.j2.yaml"
    path.write_text(path.read_text().replace("{get_attr: [Controller, hostname]}", "{get_attr: [Contoller, hostname]}"))
    with pytest.raises(TemplateError, match="rendered from") as caught:
        evaluate_overcloud(tree, tree / "roles_data.yaml", [], base_parameter_defaults=PASSWORDS)
    assert str(path) in str(caught.value)


def test_a_directory_without_templates(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text("- name: A\n")
    with pytest.raises(TemplateError, match=r"there is no overcloud-resource-registry\.yaml"):
        evaluate_overcloud(tmp_path, tmp_path / "roles.yaml", [])


def test_a_broken_sample_that_nobody_uses_does_no_harm(tree: Path) -> None:
    (tree / "sample.j2.yaml").write_text("{{ roles[0].nope }}")
    assert evaluate_overcloud(tree, tree / "roles_data.yaml", [], base_parameter_defaults=PASSWORDS).outputs
    with pytest.raises(TemplateError, match=r"sample\.j2\.yaml:1"):
        evaluate_overcloud(tree, tree / "roles_data.yaml", [tree / "sample.yaml"], base_parameter_defaults=PASSWORDS)


def test_a_changed_include_is_rendered_again(tree: Path) -> None:
    (tree / "part.j2").write_text("one")
    (tree / "overcloud.j2.yaml").write_text(
        "heat_template_version: queens\noutputs: {o: {value: {% include 'part.j2' %}}}\n")
    files = Files()
    assert evaluate_overcloud(tree, tree / "roles_data.yaml", [], files=files).outputs == {"o": "one"}
    (tree / "part.j2").write_text("other")
    assert evaluate_overcloud(tree, tree / "roles_data.yaml", [], files=files).outputs == {"o": "other"}
