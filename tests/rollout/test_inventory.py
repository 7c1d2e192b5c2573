"""An Ansible inventory as nodes file: read by Ansible itself; what it cannot mean is named by file, host, variable."""

import re

import pytest

from treadle.errors import InputError
from treadle.plan.nodes import Node, Ssh
from treadle.rollout.hostvars import entry
from treadle.rollout.inventory import is_inventory, read_inventory

ROLES = ["Controller", "Compute"]
INI = """\
monitor ansible_host=192.0.2.99
[Compute]
compute-[0:1] ansible_become=yes
[Controller]
controller-1 ansible_host=192.0.2.12
controller-0 ansible_host=192.0.2.11 ansible_port=2222 treadle_networks='{"internal_api": "198.51.100.11"}'
[cloud:children]
Compute
Controller
[cloud:vars]
ansible_user=stack
treadle_region=north
"""


def inventory(folder, **files):
    """A folder with hosts and what else an inventory may have."""
    for name, text in {"hosts.ini": INI, **files}.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    return folder


def test_groups_are_roles_and_hosts_keep_their_order(tmp_path):
    (tmp_path / "key").touch()
    inventory(tmp_path / "there", **{"host_vars__compute-0": "treadle_address: 192.0.2.20\ntreadle_zone: z1\n",
                                     "host_vars__compute-1": f"ansible_host: 192.0.2.21\nansible_ssh_private_key_file: "
                                     f"{tmp_path}/key\nansible_python_interpreter: /usr/bin/python3.11\n"})
    assert is_inventory(tmp_path / "there")
    found = read_inventory(tmp_path / "there", ROLES)
    here = {"connection": "ssh", "region": "north"}
    assert found.nodes == [
        Node("controller-1", "Controller", "192.0.2.12", ssh=Ssh("stack"), **here),
        Node("controller-0", "Controller", "192.0.2.11", ssh=Ssh("stack", port=2222),
             networks={"internal_api": "198.51.100.11"}, **here),
        Node("compute-0", "Compute", "192.0.2.20", ssh=Ssh("stack", host="compute-0"), become=True, zone="z1", **here),
        Node("compute-1", "Compute", "192.0.2.21", ssh=Ssh("stack", str(tmp_path / "key")), become=True,
             python="/usr/bin/python3.11", **here)]
    assert found.without == ["monitor"]


def test_a_program_says_hosts_and_a_variable_their_roles(tmp_path):
    program = tmp_path / "cloud.sh"
    program.write_text("""#!/bin/sh
cat <<'END'
{"controllers": {"hosts": ["a", "localhost"], "vars": {"tripleo_role_name": "Controller"}},
 "_meta": {"hostvars": {"a": {"ansible_host": "192.0.2.1", "tripleo_role_name": "Controller"},
  "localhost": {"ansible_connection": "local", "treadle_address": "127.0.24.1", "treadle_role": "Compute"}}}}
END
""")
    program.chmod(0o755)
    assert is_inventory(program)
    assert read_inventory(program, ROLES).nodes == [
        Node("a", "Controller", "192.0.2.1", connection="ssh"),
        Node("localhost", "Compute", "127.0.24.1", connection="local")]


@pytest.mark.parametrize(("name", "text", "said"), [
    ("hosts", "[Controller\nc x=1 y\n", r"hosts: --nodes: is no inventory that Ansible can read\n(.*\n)*  \| ini: "),
    ("hosts", "[controllers]\nc ansible_host=192.0.2.1\n", r"no host has a role\n.*groups here: controllers"),
    ("hosts", "[Controller]\na ansible_host=192.0.2.1\n[Compute]\na\n",
     r"hosts: a: is in the groups of several roles: Controller, Compute"),
    ("hosts", "[Controller]\na ansible_host=192.0.2.1\nb ansible_host=192.0.2.1\n",
     r"hosts: b.address: a has the address 192.0.2.1 already"),
    ("hosts.yaml", "all: {hosts: {a: {ansible_host: 192.0.2.1, treadle_role: Controler}}}\n",
     r"hosts.yaml: a.treadle_role: no role is called Controler \(did you mean Controller\?\)"),
    ("hosts.yaml", "Controller: {hosts: {a: {ansible_host: 192.0.2.1, ansible_ssh_private_key_file: /no/key}}}\n",
     r"hosts.yaml: a.ssh.key: there is no file /no/key"),
])
def test_what_is_wrong_is_named_by_file_and_host(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=said):
        raise AssertionError(read_inventory(tmp_path / name, ROLES))


@pytest.mark.parametrize(("name", "text", "expected"), [
    ("nodes.yaml", "nodes: []\n", False), ("nodes.yaml", "nodes: [\n", False), ("nodes.yaml", "noeds: []\n", False),
    ("nodes", "nodes: [{name: a}]\n", False), ("nodes.yaml", "- a\n", False), ("nodes.yaml", "", False),
    ("hosts", "[all]\na\n", True), ("hosts", "a ansible_host=1\n", True), ("hosts.ini", "[a]\n", True),
    ("hosts.yml", "all: {hosts: {}}\n", True), ("hosts.yaml", "a: {hosts: {b: {c: !vault x}}}\n", True),
    ("openstack.yml", "plugin: openstack\n", True), ("hosts", "all:\n  hosts:\n", True), ("hosts.toml", "[a]\n", True),
])
def test_what_is_an_inventory(tmp_path, name, text, expected):
    (tmp_path / name).write_text(text)
    assert is_inventory(tmp_path / name) is expected


@pytest.mark.parametrize(("variables", "said"), [
    ({}, "h.treadle_address: the address on the control plane is not known: h is a name"),
    ({"ansible_host": "h.example"}, "h.treadle_address: the address on the control plane is not known: h.example is"),
    ({"ansible_host": "{{ ip }}"}, "h.ansible_host: {{ ip }} is an expression"),
    ({"ansible_host": ["192.0.2.1"]}, "h.ansible_host: expected text, got ['192.0.2.1']"),
    ({"ansible_password": "x"}, "h.ansible_password: is not used, and must not be left out silently\n  let an SSH key"),
    ({"ansible_become_pass": "x"}, "h.ansible_become_pass: is not used"),
    ({"ansible_ssh_extra_args": "-v"}, "h.ansible_ssh_extra_args: is not used"),
    ({"ansible_ssh_common_args": "-o A=b"}, "h.ansible_ssh_common_args: of SSH's arguments -F FILE alone is taken"),
    ({"ansible_connection": "winrm"}, "h.ansible_connection: winrm is not done here\n  expected ssh or local"),
    ({"ansible_become_user": "nova"}, "h.ansible_become_user: nova is not done here"),
    ({"ansible_become_method": "su"}, "h.ansible_become_method: su is not done here"),
    ({"ansible_become": "maybe"}, "h.ansible_become: expected true or false, got maybe"),
    ({"ansible_port": "ssh"}, "h.ansible_port: ssh is no port"),
    ({"treadle_zon": "z"}, "h.treadle_zon: no variable is called treadle_zon (did you mean treadle_zone?)"),
    ({"treadle_networks": "10.0.0.1"}, "h.treadle_networks: expected a map of networks to addresses"),
])
def test_variables_that_cannot_be_taken(variables, said):
    given = variables if "ansible_host" in variables or not variables else {"ansible_host": "192.0.2.1", **variables}
    with pytest.raises(InputError, match=re.escape(f"hosts: {said}")):
        raise AssertionError(entry("h", "Controller", given, "hosts"))


@pytest.mark.parametrize(("variables", "expected"), [
    ({"ansible_host": "192.0.2.1"}, {"address": "192.0.2.1"}),
    ({"ansible_ssh_host": "192.0.2.1", "ansible_ssh_user": "u"}, {"address": "192.0.2.1", "ssh": {"user": "u"}}),
    ({"ansible_host": "jump.example", "treadle_address": "192.0.2.1"},
     {"address": "192.0.2.1", "ssh": {"host": "jump.example"}}),
    ({"ansible_host": "::1", "ansible_become": True}, {"address": "::1", "become": True}),
    ({"ansible_host": "::1", "ansible_become": "no", "ansible_become_user": "root", "ansible_become_method": "sudo"},
     {"address": "::1"}),
    ({"ansible_host": "::1", "ansible_python_interpreter": "auto_silent"}, {"address": "::1"}),
    ({"ansible_host": "::1", "ansible_ssh_common_args": "-F /etc/ssh/cloud"},
     {"address": "::1", "ssh": {"config": "/etc/ssh/cloud"}}),
    ({"ansible_host": "::1", "treadle_hardware": "gpu", "zone": "not ours", "treadle_root": "/srv/a"},
     {"address": "::1", "hardware": "gpu", "root": "/srv/a"}),
])
def test_variables(variables, expected):
    plain = {"name": "h", "role": "Controller", "connection": "ssh", "ssh": {}, "become": False}
    assert entry("h", "Controller", variables, "hosts") == {**plain, **expected}


def test_a_host_may_be_its_address():
    assert entry("192.0.2.7", "Compute", {}, "hosts")["address"] == "192.0.2.7"
