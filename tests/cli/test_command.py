"""The commands as a user meets them: found by name, errors without a traceback, nothing begun for bad input."""

import argparse
import io
import json
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from cliff.command import Command as CliffCommand

from tests.support import node_plan
from treadle.cli import plugin
from treadle.cli.approval import SetPolicy
from treadle.cli.command import confirm, rendered, stack_state, words
from treadle.cli.deploy import DeployOvercloud
from treadle.cli.hook import SetHook
from treadle.cli.main import GROUP, Treadle, main
from treadle.cli.service import RestartService
from treadle.cli.setting import SetSetting
from treadle.errors import InputError, StepFailed
from treadle.events import silent
from treadle.rollout.state import StackState

PROJECT = Path(__file__).parents[2]
DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["entry-points"]
VERBS = [name.removeprefix("overcloud_").replace("_", " ") for name in DECLARED["openstack.overcloud.v1"]]


@pytest.fixture
def treadle(tmp_path, capsys):
    """Runs a command line on a state folder of its own: (exit status, standard output, standard error)."""
    def run(*argv, state=True):
        try:
            status = main([*argv, *(["--state", str(tmp_path / "state")] if state else [])])
        except SystemExit as ended:
            status = ended.code or 0
        said = capsys.readouterr()
        return status, said.out, said.err
    return run


@pytest.mark.parametrize("group", DECLARED)
def test_what_is_installed_is_what_is_declared(group):
    installed = {point.name: point.value for point in entry_points(group=group) if point.value.startswith("treadle.")}
    assert installed == DECLARED[group], "the environment is older than pyproject.toml: pip install --editable ."


def test_openstackclient_finds_the_verbs_where_it_looks():
    assert f"openstack.{plugin.API_NAME}.v{plugin.DEFAULT_API_VERSION}" in DECLARED
    assert all(issubclass(point.load(), CliffCommand) for point in entry_points(group=GROUP))
    assert plugin.build_option_parser(argparse.ArgumentParser()).parse_args([]) == argparse.Namespace()


def test_every_verb_is_listed(treadle):
    status, out, _ = treadle("--help", state=False)
    assert status == 0 and all(f"  {verb} " in out for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(treadle, verb):
    status, out, _ = treadle(*verb.split(), "--help", state=False)
    assert status == 0 and f"usage: treadle {verb}" in out


@pytest.mark.parametrize(("argv", "said"), [
    (["status"], "error: no stack called overcloud was deployed from here"),
    (["upgrade", "run"], "error: no stack called overcloud was deployed from here"),
    (["ffwd-upgrade", "converge"], "error: no fast-forward upgrade of overcloud is prepared"),
    (["status", "--stack", "../etc"], "error: --stack: '../etc' is no name for a stack"),
    (["delete", "--yes", "other"], "error: no stack called other was deployed from here"),
    (["deploy", "--templates", "/no/such/folder"], "error: --templates: /no/such/folder holds no overcloud.j2.yaml"),
    (["deploy", "--check", "--templates", "/no/such/folder"], "error: --templates: /no/such/folder holds no overcloud"),
])
def test_a_mistake_is_told_without_a_traceback(treadle, tmp_path, argv, said):
    status, out, err = treadle(*argv)
    assert status == 1 and out == ""
    assert said in err and "Traceback" not in err
    assert not (tmp_path / "state/overcloud/lock").exists() and not (tmp_path / "state/overcloud/plans.json").exists()


@pytest.mark.parametrize("argv", [["deploi"], ["deploy", "--no-such-option"], ["deploy", "--format", "xml"]])
def test_what_is_no_command_line_is_refused(treadle, argv):
    status, out, err = treadle(*argv)
    assert status == 2 and "treadle" in out + err


def test_delete_asks_and_says_what_goes(treadle, tmp_path, monkeypatch):
    data = tmp_path / "root/var/lib/mysql"
    data.mkdir(parents=True)
    state = StackState(tmp_path / "state", "overcloud")
    state.save_plans([node_plan(root=str(tmp_path / "root"), host_prep_tasks=[
        {"name": "x", "file": {"path": "{{ treadle_root }}/var/lib/mysql", "state": "directory"}}])])
    state.remember("folders", {"node-0": [str(data)]})
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    status, out, err = treadle("delete")
    assert status == 1 and f"{data} and all that is in it" in out and "add --yes" in err
    assert data.exists() and state.plans()


@pytest.mark.parametrize(("given", "answer", "goes_on"), [
    (["--yes"], None, True), ([], "y", True), ([], " YES ", True), ([], "n", False), ([], "", False),
    ([], None, False)])
def test_nothing_is_done_without_a_yes(monkeypatch, given, answer, goes_on):
    class Terminal(io.StringIO):
        def isatty(self):
            return answer is not None

    monkeypatch.setattr("sys.stdin", Terminal(f"{answer}\n"))
    args = argparse.Namespace(yes="--yes" in given)
    if goes_on:
        confirm("Do this?", args, silent())
        return
    with pytest.raises(InputError):
        confirm("Do this?", args, silent())


@pytest.mark.parametrize(("name", "good"), [
    ("overcloud", True), ("a-b_1", True), ("", False), ("a/b", False), ("..", False), (".hidden", False)])
def test_names_of_stacks(tmp_path, name, good):
    args = argparse.Namespace(stack=name, state=str(tmp_path))
    if good:
        assert stack_state(args).path == tmp_path / name
        return
    with pytest.raises(InputError, match="is no name for a stack"):
        stack_state(args)


def test_settings_are_set_listed_and_unset(treadle):
    assert treadle("setting", "set", "keystone::debug", "true", "--message", "look closer")[0] == 0
    status, out, _ = treadle("setting", "list", "-f", "json")
    assert status == 0
    [row] = json.loads(out)
    assert (row["Key"], row["Value"], row["Scope"]) == ("keystone::debug", True, "global")
    assert treadle("setting", "unset", "keystone::debug")[0] == 0
    assert json.loads(treadle("setting", "list", "-f", "json")[1]) == []


def test_loading_the_commands_loads_nothing_heavy():
    """Start-up time is felt at each command."""
    heavy = ("docker", "requests", "ansible_runner", "rich", "ruamel", "yaql", "jinja2", "treadle.heat",
             "treadle.images")
    modules = ", ".join(f"treadle.cli.{path.stem}" for path in (PROJECT / "src/treadle/cli").glob("*.py")
                        if path.stem != "__init__")
    code = f"import sys, {modules}; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in heavy if name in loaded] == []


def test_errors_are_masked_as_events_are():
    with pytest.raises(StepFailed) as caught, rendered() as events:
        events.masked_by(lambda text: text.replace("pw", "***"))
        raise StepFailed("said pw", key="k", hint="log: pw")
    assert str(caught.value) == "k: said ***\n  log: ***"


@pytest.mark.parametrize(("command", "what", "argv", "expected"), [
    (DeployOvercloud, "overcloud deploy", [], ""),
    (DeployOvercloud, "overcloud deploy", ["-e", "a", "-e", "b c", "--yes", "--message", "why", "--repair"],
     "--environment-file a --environment-file 'b c' --repair"),
    (RestartService, "overcloud service restart nova", ["nova", "--node", "n", "--stack", "x"],
     "--stack x --node n"),
    (SetSetting, "overcloud setting set", ["a::password", "s3cret", "--scope", "host=n"],
     "--scope host=n a::password …"),
    (SetHook, "overcloud hook set", ["a", "--url", "https://me:pw@host/token", "--on", "*"], "a --url … --on '*'"),
    (SetHook, "overcloud hook set", ["a", "--command", "curl -u me:pw"], "a --command …"),
    (SetPolicy, "overcloud config policy set", ["--approvals", "2", "--signed"], "--approvals 2 --signed"),
])
def test_the_words_of_a_command_without_its_secrets(command, what, argv, expected):
    made = command(Treadle(), argparse.Namespace())
    assert words(made, made.get_parser("x").parse_args(argv), what) == expected
