"""From what the user typed to nodes and templates: each mistake is named by option, file and key."""

import argparse

import pytest

from treadle.cli import gather
from treadle.errors import InputError
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
    (None, "nodes.yaml: --nodes: cannot be read: No such file"), ("nodes: [", "nodes.yaml: is no YAML"),
    ("nodes:\n- {name: n}\n", r"nodes.yaml: nodes\[0\]"),
])
def test_a_nodes_file_that_is_none(state, tmp_path, content, said):
    if content is not None:
        (tmp_path / "nodes.yaml").write_text(content)
    with pytest.raises(InputError, match=said):
        nodes(state, tmp_path / "nodes.yaml")


def test_the_first_deploy_needs_nodes(state):
    with pytest.raises(InputError, match="--nodes: this stack has no nodes yet"):
        nodes(state)


def test_templates_are_this_projects_where_none_are_named(tmp_path):
    assert (gather.templates_folder(None) / "overcloud.j2.yaml").exists()
    with pytest.raises(InputError, match=r"--templates: .* holds no overcloud\.j2\.yaml"):
        gather.templates_folder(str(tmp_path))


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
