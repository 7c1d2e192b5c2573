"""Roles and networks, and what is rendered for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from treadle.errors import Source, TemplateError
from treadle.heat import Files, load_roles, render

ROLES = """\
- name: Controller
  CountDefault: 1
  tags: [primary, controller]
  ServicesDefault: ['X::A', 'X::B']
- name: Compute
  disable_constraints: true
"""
NETWORKS = """\
- {name: Storage, ip_subnet: 172.16.1.0/24}
- {name: InternalApi, name_lower: internal_api}
- {name: Spare, enabled: false}
"""


def _tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in {"roles_data.yaml": ROLES, "network_data.yaml": NETWORKS, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def _rendered(root: Path) -> dict[str, str]:
    return {str(Path(path).relative_to(root)): text for path, text in
            render(root, root / "roles_data.yaml").items()}


def test_each_kind_of_file_is_rendered_for_what_it_is_named(tmp_path: Path) -> None:
    _tree(tmp_path, {
        "overcloud.j2.yaml": "{% for role in roles %}{{ role.name }} {{ role.CountDefault|default(0) }};"
                             "{% endfor %}{% for net in networks %}{{ net.name_lower }} {% endfor %}",
        "puppet/role.role.j2.yaml": "{{ role.name }}{% if role.tags %} {{ role.tags|join(',') }}{% endif %}",
        "old.role.j2.yaml": "{{ role }}{% if disable_constraints is defined %} free{% endif %}",
        "network/config/x.role.j2.yaml": "{{ role.name }}",
        "network/network.network.j2.yaml": "{{ network.name }}",
        "network/ports/port.network.j2.yaml": "{{ network.name }}",
    })
    assert _rendered(tmp_path) == {
        "overcloud.yaml": "Controller 1;Compute 0;storage internal_api spare ",
        "puppet/controller-role.yaml": "Controller primary,controller",
        "puppet/compute-role.yaml": "Compute",
        "controller-old.yaml": "Controller",
        "compute-old.yaml": "Compute free",
        "network/config/controller.yaml": "Controller",
        "network/config/compute.yaml": "Compute",
        "network/storage.yaml": "Storage",
        "network/internal_api.yaml": "InternalApi",
        "network/ports/storage.yaml": "Storage",
        "network/ports/internal_api.yaml": "InternalApi",
    }


def test_excluded_outputs_are_not_rendered(tmp_path: Path) -> None:
    _tree(tmp_path, {"network/network.network.j2.yaml": "{{ network.name }}", "n.role.j2.yaml": "{{ role.name }}",
                     "o.j2.yaml": "o", "j2_excludes.yaml": "name: [network/storage.yaml, compute-n.yaml, o.yaml]\n"})
    assert set(_rendered(tmp_path)) == {"network/internal_api.yaml", "controller-n.yaml", "o.yaml"}


def test_includes_come_from_the_directory_and_then_from_the_root(tmp_path: Path) -> None:
    _tree(tmp_path, {"d/a.j2.yaml": "{% include 'near.j2' %}{% include 'both.j2' %}{% include 'far.j2' %}",
                     "d/near.j2": "1", "d/both.j2": "2", "both.j2": "wrong", "far.j2": "3{{ roles|length }}"})
    assert _rendered(tmp_path) == {"d/a.yaml": "1232"}


def test_hidden_directories_and_environments_of_python_are_left_out(tmp_path: Path) -> None:
    _tree(tmp_path, {".git/a.j2.yaml": "", ".venv/lib/a.j2.yaml": "", "x/node_modules/a.j2.yaml": "",
                     "x/a.j2.yaml": "a"})
    assert set(_rendered(tmp_path)) == {"x/a.yaml"}


@pytest.mark.parametrize(("text", "line", "words"), [
    ("ok\n{{ nope }}\n", 2, "'nope' is undefined"),
    ("ok\nok\n{{ roles[0].nmae }}\n", 3, "no attribute 'nmae'"),
    ("{% for role in roles %}\n", 1, "not a valid jinja2 template"),
    ("\n{% include 'gone.j2' %}\n", 2, "gone.j2"),
    ("{{ roles[0].name + 1 }}\n", 1, "cannot be rendered"),
])
def test_mistakes_in_jinja2_are_placed(text: str, line: int, words: str, tmp_path: Path) -> None:
    _tree(tmp_path, {"a.j2.yaml": text})
    with pytest.raises(TemplateError) as caught:
        _rendered(tmp_path)
    assert caught.value.source == Source(str(tmp_path / "a.j2.yaml"), line)
    assert words in str(caught.value)


def test_absent_keys_count_as_false_in_conditions(tmp_path: Path) -> None:
    _tree(tmp_path, {"a.j2.yaml": "{% for role in roles if 'primary' in role.tags %}{{ role.name }}{% endfor %}"
                                  "{% if ipv6_override or roles[0].deprecated %}wrong{% endif %}"})
    assert _rendered(tmp_path) == {"a.yaml": "Controller"}


def test_templates_cannot_reach_python(tmp_path: Path) -> None:
    _tree(tmp_path, {"a.j2.yaml": "{{ ''.__class__.__mro__[1].__subclasses__() }}"})
    with pytest.raises(TemplateError, match="cannot be rendered"):
        _rendered(tmp_path)


@pytest.mark.parametrize(("text", "line", "words"), [
    ("- name: A\n  CuontDefault: 1\n", 2, "did you mean CountDefault"),
    ("- name: A\n- name: B\n- name: a\n", 3, "the role a is there twice"),
    ("- CountDefault: 1\n", 1, "needs a name"),
    ("- A\n", 1, "must be a map, not a string"),
    ("name: A\n", 1, "a list of roles"),
    ("", 0, "a list of roles"),
    ("- name: A\n  ServicesDefault: X::A\n", 2, "must be a list"),
    ("- name: A\n  ServicesDefault:\n  - X::A\n  - X::A\n", 4, "the service X::A is there twice"),
    ("- name: A\n  name: B\n", 2, "stands twice"),
])
def test_mistakes_in_roles(text: str, line: int, words: str, tmp_path: Path) -> None:
    path = tmp_path / "roles.yaml"
    path.write_text(text)
    with pytest.raises(TemplateError) as caught:
        load_roles(path, Files())
    assert caught.value.source is not None
    assert (caught.value.source.file, caught.value.source.line) == (str(path), line)
    assert words in str(caught.value)
