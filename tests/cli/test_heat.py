"""``--heat``: the options, what is asked and kept before Heat changes anything, and the way back."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.heat.remote_tree import GIVEN, write_tree
from tests.support import Heard
from treadle.cli.deploy import DeployOvercloud
from treadle.cli.heat import REMEMBERED, connect, evaluator, remembered
from treadle.cli.main import main
from treadle.errors import InputError
from treadle.events import silent
from treadle.heat import evaluate_overcloud
from treadle.rollout.state import StackState


@pytest.fixture
def state(tmp_path):
    return StackState(tmp_path / "state", "through-cli")


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "tree").mkdir()
    return write_tree(tmp_path / "tree")


def parsed(*argv):
    return DeployOvercloud(None, None).get_parser("deploy").parse_args(argv)


def made(args, state, tree, events=None, random=None):
    evaluate = evaluator(args, state, None, events or silent())
    return evaluate(tree, tree / "roles_data.yaml", [], base_parameter_defaults=GIVEN,
                    random=random or state.random_strings(), keep=lambda: state.save_passwords(GIVEN))


@pytest.mark.parametrize(("argv", "expected"), [
    ([], {"heat": "local", "heat_endpoint": "", "timeout": 240}),
    (["--heat", "remote", "--timeout", "5"], {"heat": "remote", "timeout": 5}),
    (["--heat", "remote", "--heat-endpoint", "http://h:8004", "-t", "1"],
     {"heat_endpoint": "http://h:8004", "timeout": 1}),
])
def test_options(argv, expected):
    args = vars(parsed(*argv))
    assert {key: args[key] for key in expected} == expected


@pytest.mark.parametrize("argv", [["--heat", "elsewhere"], ["--timeout", "0"], ["--timeout", "soon"]])
def test_options_that_are_none(argv, capsys):
    with pytest.raises(SystemExit):
        parsed(*argv)
    assert argv[0] in capsys.readouterr().err


def test_in_process_nothing_is_kept_and_no_client_is_loaded(state, tree):
    assert made(parsed(), state, tree).outputs["hosts"] == ["node-0.localdomain", "node-1.localdomain"]
    assert not state.path.exists()
    code = "import sys; import treadle.cli.heat, treadle.cli.gather; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"heatclient", "openstack", "keystoneauth1", "treadle.heat"} & set(loaded)


def test_an_endpoint_without_remote_is_a_mistake(state):
    with pytest.raises(InputError, match="--heat-endpoint: a Heat service is named, but not used"):
        evaluator(parsed("--heat-endpoint", "http://h"), state, None, silent())


def test_through_heat_and_back(heat_service, state, tree, monkeypatch, capsys):
    """Asked first; then kept, created, and the same as in process; deleted with the stack."""
    remote = ("--heat", "remote", "--timeout", "5", "--heat-endpoint", heat_service.endpoint)
    heard = Heard()
    shown = made(parsed(*remote, "--check"), state, tree, heard.events())
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    with pytest.raises(InputError, match="nobody is there to say yes"):
        made(parsed(*remote), state, tree, heard.events())
    assert not state.path.exists() and connect(heat_service.endpoint, "", None).stack("through-cli") is None
    random = state.random_strings()
    result = made(parsed(*remote, "--yes"), state, tree, heard.events(), random)
    assert sorted(random.secrets.values()) == sorted(result.outputs["keys"])
    ours = evaluate_overcloud(tree, tree / "roles_data.yaml", [], base_parameter_defaults=GIVEN)
    for found in (shown, ours):
        assert {**found.outputs, "keys": "", "stack": ""} == {**result.outputs, "keys": "", "stack": ""}
    assert state.recall(REMEMBERED) == {"endpoint": heat_service.endpoint, "cloud": ""}
    assert "secret" in state.passwords_file.read_text()
    assert made(parsed(*remote, "--check"), state, tree).outputs == result.outputs

    heat = remembered(state, None)
    argv = ["delete", "--state", str(state.folder), "through-cli"]
    assert main(argv) == 1 and heat.stack("through-cli")
    assert f"the stack through-cli goes from Heat at {heat_service.endpoint}" in capsys.readouterr().out
    assert main([*argv, "--yes"]) == 0
    assert heat.stack("through-cli") is None and list(state.path.iterdir()) == [state.journal]


@pytest.mark.parametrize(("option", "status"), [("", 1), ("--keep-heat", 0), ("--keep-data", 0)])
def test_delete_where_heat_is_gone(state, capsys, option, status):
    """Nothing is deleted, unless Heat's stack is to be left alone."""
    state.save_plans([])
    state.remember(REMEMBERED, {"endpoint": "http://127.0.0.1:9/v1/admin", "cloud": ""})
    argv = ["delete", "--yes", "--state", str(state.folder), "through-cli", *([option] if option else [])]
    assert main(argv) == status
    said = capsys.readouterr().err
    assert ("there is no Heat at http://127.0.0.1:9/v1/admin" in said and "--keep-heat" in said) == (status == 1)
    assert state.planned == (status == 1 or option == "--keep-data")


def test_the_token_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("OS_TOKEN", "the-token")
    heat = connect("http://127.0.0.1:9", "", None)
    assert heat.where == "http://127.0.0.1:9/v1/admin"
    assert heat._client.http_client.get_token() == "the-token"


@pytest.mark.parametrize(("options", "remembered_cloud", "status", "said"), [
    (["--os-cloud", "under"], "", 0, "the stack through-cli goes from Heat at the cloud under"),
    ([], "under", 0, "the stack through-cli goes from Heat at the cloud under"),
    (["--os-cloud", "nowhere"], "under", 0, "the stack through-cli goes from Heat at the cloud under"),
    (["--os-cloud", "broken"], "", 1, "error: no cloud whose Heat could be used: "),
])
def test_openstackclient_names_the_cloud(heat_service, state, options, remembered_cloud, status, said):
    """The client's own options, though its commands need no login; a cloud that is remembered comes first."""
    clouds = {"clouds": {"under": {"auth_type": "none", "auth": {"endpoint": heat_service.endpoint}},
                         "broken": {"auth_type": "password", "auth": {}}, "nowhere": {}}}
    state.remember(REMEMBERED, {"endpoint": "", "cloud": remembered_cloud})
    (state.path / "clouds.yaml").write_text(json.dumps(clouds))
    environment = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(state.path / "clouds.yaml")}
    ran = subprocess.run([Path(sys.executable).with_name("openstack"), *options, "overcloud", "delete", "--yes",
                          "through-cli", "--state", state.folder], env=environment, capture_output=True, text=True)
    assert (ran.returncode, said in ran.stdout + ran.stderr) == (status, True), ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
