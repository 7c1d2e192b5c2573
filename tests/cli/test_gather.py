"""From what the user typed to nodes and templates: each mistake is named by option, file and key."""

import argparse

import pytest

from treadle.cli import gather
from treadle.cli.deploy import DeployOvercloud
from treadle.cli.heat import evaluator
from treadle.errors import InputError, TreadleError
from treadle.events import silent
from treadle.rollout.state import StackState


@pytest.fixture
def state(tmp_path):
    return StackState(tmp_path / "state", "overcloud")


def nodes(state, path=None):
    return gather._nodes(argparse.Namespace(nodes=str(path) if path else None), state, ["Controller"])


def test_nodes_of_a_file_and_then_of_the_last_deploy(state, tmp_path):
    (tmp_path / "nodes.yaml").write_text("nodes:\n- {name: n, role: Controller, address: 192.0.2.1}\n")
    found = nodes(state, tmp_path / "nodes.yaml")
    state.remember("nodes", [gather.vars_of(node) for node in found])
    assert nodes(state) == found


@pytest.mark.parametrize(("content", "said"), [
    (None, "nodes.yaml: --nodes: there is no such file"),
    ("nodes: [", "nodes.yaml:2:1: not valid YAML"),
    ("nodes:\n- {name: n}\n", r"nodes.yaml:2:3: nodes\[0\]"),
    ("nodes:\n- name: n\n  role: Controler\n  address: 192.0.2.1\n",
     r"nodes.yaml:3:3: nodes\[0\].role: no role is called Controler \(did you mean Controller"),
    ("nodes:\n- {name: n, role: Controller, address: 192.0.2.1, adress: x}\n",
     r"nodes.yaml:2:51: nodes\[0\].adress: no node key is called adress"),
    ("nodes:\n- {name: n, role: Controller, address: x}\n", r"nodes.yaml:2:31: nodes\[0\].address: 'x' is no IP"),
    ("nodes:\n- {name: n, name: m}\n", "nodes.yaml:2:13: the key name stands twice"),
    ("noeds: []\n", "nodes.yaml:1:1: nodes: expected a mapping"),
    ("nodes: []\n", "nodes.yaml:1:1: nodes: the file names no node"),
])
def test_a_nodes_file_that_is_none(state, tmp_path, content, said):
    if content is not None:
        (tmp_path / "nodes.yaml").write_text(content)
    with pytest.raises(TreadleError, match=said):
        nodes(state, tmp_path / "nodes.yaml")


def test_the_first_deploy_needs_nodes(state):
    with pytest.raises(InputError, match="--nodes: this stack has no nodes yet"):
        nodes(state)


def test_the_digest_of_the_inputs_covers_templates_and_profiles(tmp_path):
    (tmp_path / "docker/services").mkdir(parents=True)
    (tmp_path / "overcloud.j2.yaml").write_text("a")
    before = gather._digest(tmp_path)
    (tmp_path / "README").write_text("no template")
    assert gather._digest(tmp_path) == before
    (tmp_path / "docker/services/x.yaml").write_text("b")
    changed = gather._digest(tmp_path)
    (tmp_path / "docker/services/x.yaml").rename(tmp_path / "docker/services/y.yaml")
    assert len({before, changed, gather._digest(tmp_path)}) == 3


TREE = {
    "roles_data.yaml": "- {name: Controller}\n",
    "overcloud-resource-registry.yaml": "resource_registry: {}\n",
    "puppet/modules/treadle/manifests/init.pp": "class treadle {}\n",
    "inner.yaml": """\
heat_template_version: queens
parameters: {Length: {type: number, default: 24}}
resources: {cookie: {type: OS::Heat::RandomString, properties: {length: {get_param: Length}}}}
outputs: {cookie: {value: {get_attr: [cookie, value]}}}
""",
    "overcloud.yaml": """\
heat_template_version: queens
parameters:
  AdminPassword: {type: string, hidden: true}
  Salt: {type: string, default: ''}
  Length: {type: number, default: 24}
resources:
  secret: {type: OS::Heat::RandomString, properties: {salt: {get_param: Salt}}}
  inner: {type: inner.yaml}
outputs:
  RoleData:
    value:
      Controller:
      - service_name: web
        config_settings: {secret: {get_attr: [secret, value]}, cookie: {get_attr: [inner, cookie]}}
""",
    "nodes.yaml": "nodes: [{name: node-0, role: Controller, address: 192.0.2.1}]\n",
}


@pytest.fixture
def tree(tmp_path):
    for name, text in TREE.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "tree"


def gathered(tree, state, *options):
    parser = DeployOvercloud(None, None).get_parser("deploy")
    args = parser.parse_args(["--templates", str(tree), "--nodes", str(tree / "nodes.yaml"), *options])
    return gather.gather(args, state, evaluator(args, state, None, silent()))


def strings(found):
    services = found.outputs["RoleData"]["Controller"]
    return services[0]["config_settings"]["secret"], services[0]["config_settings"]["cookie"]


def test_random_strings_are_kept_from_deploy_to_deploy(tree, state):
    first = gathered(tree, state)
    assert not state.folder.exists()
    state.save_random_strings(first.random)
    again = gathered(tree, state)
    assert strings(again) == strings(first)
    assert len(set(strings(first))) == 2 and [len(text) for text in strings(first)] == [32, 24]
    env = tree.parent / "env.yaml"
    env.write_text("parameter_defaults: {Salt: new}\n")
    changed = gathered(tree, state, "-e", str(env))
    assert strings(changed)[0] != strings(first)[0] and strings(changed)[1] == strings(first)[1]
    assert strings(gathered(tree, state)) == strings(first), "what was not deployed is not kept"
    state.save_random_strings(changed.random)
    assert strings(gathered(tree, state, "-e", str(env))) == strings(changed)
    back = gathered(tree, state)
    assert strings(back)[0] not in {strings(first)[0], strings(changed)[0]}


def test_random_strings_are_secrets(tree, state):
    found = gathered(tree, state)
    secrets = found.plans[0].secrets
    assert [secrets[f"RandomString[overcloud{path}]"] for path in ("/secret", "/inner/cookie")] == [*strings(found)]


def test_the_used_environments_are_recorded(tree, state, tmp_path):
    (tmp_path / "env.yaml").write_text("parameter_defaults: {Salt: one}\n")
    (tmp_path / "plan.yaml").write_text("environments: [{path: ../env.yaml}]\nparameter_defaults: {Length: 12}\n")
    found = gathered(tree, state, "-p", str(tmp_path / "plan.yaml"), "-e", str(tmp_path / "env.yaml"))
    assert found.inputs["environments"] == [(tmp_path / name).read_text() for name in ("env.yaml", "plan.yaml")]
    assert len(strings(found)[1]) == 12
