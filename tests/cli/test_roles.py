"""Roles files: put together from a folder of roles, read by deploy, refused with the name of what is wrong."""

import json
from pathlib import Path

import pytest
import yaml

from treadle.cli.main import main
from treadle.heat.files import Files
from treadle.heat.roles import load_roles, render

PROJECT = Path(__file__).parents[2]
COMPUTE = """\
# Machines for instances.
- name: Compute
  description: |
    Runs instances.
  CountDefault: 2
  HostnameFormatDefault: '%stackname%-compute-%index%'  # as ever
  uses_deprecated_params: true
  deprecated_server_resource_name: NovaCompute
  networks:
    - Tenant
  ServicesDefault:
    - OS::TripleO::Services::Hosts
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "roles").mkdir()
    (tmp_path / "roles/Compute.yaml").write_text(COMPUTE)
    (tmp_path / "roles/Storage.yaml").write_text("- name: Storage\n  tags: [disks]")
    (tmp_path / "roles/README.rst").write_text("not a role")
    return tmp_path / "roles"


@pytest.fixture
def roles(folder, capsys):
    """Runs ``treadle roles``: (exit status, standard output, standard error)."""
    def run(verb, *argv, path=folder):
        try:
            status = main(["roles", verb, *argv, *(["--roles-path", str(path)] if path else [])])
        except SystemExit as ended:
            status = ended.code or 0
        said = capsys.readouterr()
        return status, said.out, said.err
    return run


def test_our_own_roles_come_back_as_render_reads_them(roles, tmp_path):
    names = [role["name"] for role in load_roles(PROJECT / "roles_data.yaml", Files())]
    made = tmp_path / "made.yaml"
    assert roles("generate", "-o", str(made), *names, path=None) == (0, "", "")
    assert load_roles(made, Files()) == load_roles(PROJECT / "roles_data.yaml", Files())
    assert render(PROJECT, made) == render(PROJECT, PROJECT / "roles_data.yaml")


def test_roles_stand_in_the_order_asked_for_with_their_comments(roles, folder):
    status, out, err = roles("generate", "Storage", "Compute")
    assert (status, err) == (0, "")
    assert out == "# Made by: openstack overcloud roles generate Storage Compute\n" \
        f"- name: Storage\n  tags: [disks]\n{COMPUTE}"
    assert (folder / "Storage.yaml").read_text() == "- name: Storage\n  tags: [disks]"


def test_a_copy_has_its_own_name_and_hostnames_and_nothing_that_only_one_may_have(roles, tmp_path):
    made = tmp_path / "made.yaml"
    assert roles("generate", "Compute", "Compute:ComputeHCI", "-o", str(made))[0] == 0
    first, copy = load_roles(made, Files())
    assert first == yaml.safe_load(COMPUTE)[0]
    assert copy == {**{key: value for key, value in first.items() if "deprecated" not in key}, "name": "ComputeHCI",
                    "HostnameFormatDefault": "%stackname%-computehci-%index%"}
    assert made.read_text().count("# Machines for instances.") == 2


def test_lists_for_people_and_for_scripts(roles):
    status, out, _ = roles("list", "-f", "json")
    assert status == 0
    assert json.loads(out) == [
        {"Role": "Compute", "Count": 2, "Tags": [], "Services": 1, "Description": "Runs instances."},
        {"Role": "Storage", "Count": 0, "Tags": ["disks"], "Services": 0, "Description": ""}]
    assert roles("list", "-f", "value", "-c", "Role")[1] == "Compute\nStorage\n"


def test_one_role_is_shown_with_every_key(roles):
    status, out, _ = roles("show", "Compute", "-f", "json")
    assert status == 0 and json.loads(out) == yaml.safe_load(COMPUTE)[0]
    assert "| networks                        | Tenant " in roles("show", "Compute")[1]


@pytest.mark.parametrize(("argv", "said"), [
    (["generate", "Comptue"], "error: ROLE: there is no role Comptue (did you mean Compute?)"),
    (["generate", "Compute", "Comptue:B"], "error: ROLE: there is no role Comptue (did you mean Compute?)"),
    (["show", "storage"], "error: ROLE: there is no role storage (did you mean Storage?)"),
    (["show", "README"], "error: ROLE: there is no role README"),
    (["generate", "Compute", "Compute"], "error: ROLE: the role Compute is asked for twice"),
    (["generate", "Compute", "Storage:compute"], "error: ROLE: the role compute is asked for twice"),
    (["generate", "Compute:Compute"], "error: Compute:Compute: a copy needs a name of its own"),
    (["generate", "Compute:"], "error: Compute:: '' is no name for a role"),
    (["generate", "Compute:a-b"], "error: Compute:a-b: 'a-b' is no name for a role"),
])
def test_a_wrong_name_writes_nothing(roles, tmp_path, argv, said):
    more = ["-o", str(tmp_path / "made.yaml")] if argv[0] == "generate" else []
    status, out, err = roles(*argv, *more)
    assert (status, out) == (1, "") and err.startswith(said) and "Traceback" not in err
    assert not (tmp_path / "made.yaml").exists()


@pytest.mark.parametrize(("content", "said"), [
    ("- name: Bad\n  ServicesDefalut: []\n", "Bad.yaml:2:3: [0].ServicesDefalut: the role Bad has an unknown key"),
    ("- name: Bad\n  CountDefault: many\n", "Bad.yaml:2:3: [0].CountDefault: must be a whole number, not a string"),
    ("- name: Bad\n  CountDefault: true\n", "Bad.yaml:2:3: [0].CountDefault: must be a whole number, not a boolean"),
    ("- name: Bad\n  networks: External\n", "Bad.yaml:2:3: [0].networks: must be a list or a map, not a string"),
    ("- name: Good\n", "Bad.yaml:1:3: [0].name: the role must be called Bad, as its file is, not Good"),
    ("- name: Bad\n- name: Good\n", "Bad.yaml:1:1: the file of a role is a list of one role"),
    ("name: Bad\n", "Bad.yaml:1:1: a roles file is a list of roles, not a map"),
    ("- name: [\n", "Bad.yaml:2:1: not valid YAML"),
])
@pytest.mark.parametrize("argv", [["list"], ["show", "Bad"], ["generate", "Compute", "Bad"]])
def test_a_file_that_is_no_role_is_named_with_its_line(roles, folder, argv, content, said):
    (folder / "Bad.yaml").write_text(content)
    status, out, err = roles(*argv)
    assert (status, out) == (1, "") and f"error: {folder}/{said}" in err


def test_skip_validate_takes_keys_that_deploy_would_refuse(roles, folder):
    (folder / "Bad.yaml").write_text("- name: Bad\n  CountDefault: many\n  future_key: 1\n")
    assert roles("generate", "Bad")[0] == 1
    status, out, _ = roles("generate", "--skip-validate", "Bad", "Bad:Bad2")
    assert status == 0
    assert yaml.safe_load(out) == [{"name": name, "CountDefault": "many", "future_key": 1} for name in ("Bad", "Bad2")]


def test_a_role_in_flow_style_cannot_be_copied_but_taken(roles, folder):
    (folder / "Flow.yaml").write_text("- {name: Flow, CountDefault: 1}\n")
    assert roles("generate", "Flow")[0] == 0
    status, out, err = roles("generate", "Flow:Other")
    assert (status, out) == (1, "") and "Flow.yaml:1:3: [0]: cannot be copied as Other" in err


def test_folders_that_cannot_be_used(roles, tmp_path):
    assert roles("list", path=tmp_path / "gone")[2] == f"error: --roles-path: {tmp_path}/gone is no folder of roles\n"
    target = tmp_path / "roles/Compute.yaml/made.yaml"
    status, _, err = roles("generate", "Compute", "-o", str(target))
    assert status == 1 and err.startswith(f"error: {target}: --output-file: cannot be written: ")
