"""A stack made by a real Heat: the same results as in process, and every way in which it can go wrong."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.heat.heat_server import MAX_BODY, MAX_ITERATORS, MAX_TEMPLATE, HeatServer, heat_server
from tests.heat.remote_tree import GIVEN, write_tree
from tests.support import Heard
from treadle.errors import HeatError, TemplateError
from treadle.events import Event, Events, silent
from treadle.heat import OvercloudResult, evaluate_overcloud
from treadle.heat.overcloud import load_tree
from treadle.heat.remote import Heat, RemoteOvercloud, connect_cloud, connect_endpoint, delete_stack
from treadle.heat.remote.request import make_request
from treadle.heat.remote.wait import Watch
from treadle.plan.passwords import complete

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def heat(heat_service: HeatServer) -> Heat:
    return connect_endpoint(heat_service.endpoint)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write_tree(tmp_path)


def deploy(heat: Heat, name: str, tree: Path, events: Events | None = None, minutes: float = 3,
           **values: Any) -> OvercloudResult:
    return RemoteOvercloud(heat, name, events or silent(), minutes).deploy(
        tree, tree / "roles_data.yaml", [{"parameter_defaults": values}], base_parameter_defaults=GIVEN)


#: Some of the services: Heat takes a second for each nested stack, and minutes for all of them.
FEW = [f"OS::TripleO::Services::{name}" for name in ("CACerts", "MySQL", "Keystone", "HAproxy", "CinderApi")]


def test_our_overcloud_is_the_same_through_heat(heat: Heat) -> None:
    """Created, then updated with other values; every output and every hidden value is as in process."""
    wanted = json.loads(json.dumps(complete({}, _hidden(), lambda size: b"\7" * size)))
    heard = Heard()
    for changed in ({}, {"CloudDomain": "example.org", "KeystoneRegion": "second", "Debug": True}):
        given = (PROJECT, PROJECT / "roles_data.yaml", [{"parameter_defaults": {"StandaloneServices": FEW, **changed}}])
        ours = evaluate_overcloud(*given, base_parameter_defaults=wanted)
        theirs = RemoteOvercloud(heat, "overcloud", heard.events()).deploy(*given, base_parameter_defaults=wanted)
        assert theirs.outputs == ours.outputs and len(ours.outputs["RoleData"]["Standalone"]) >= len(FEW)
        assert theirs.hidden == ours.hidden and set(_hidden()) <= set(theirs.hidden)
        assert theirs.roles == ours.roles
    said = [event.text for event in heard]
    assert "overcloud.StandaloneServiceChain.2.KeystoneBase.Common.DebugValue CREATE_COMPLETE" in said
    assert "overcloud.StandaloneServiceChain.2.KeystoneBase UPDATE_COMPLETE" in said
    assert len([text for text in said if text.endswith("_COMPLETE")]) == len(
        {text for text in said if text.endswith("_COMPLETE")}), "each resource is told once"
    assert said.count("overcloud CREATE_COMPLETE") == said.count("overcloud UPDATE_COMPLETE") == 1
    assert "heat.difference" not in heard.kinds()
    assert not [text for event in heard for text in wanted.values() if isinstance(text, str) and text in str(event)]


def _hidden() -> list[str]:
    tree = load_tree(PROJECT, PROJECT / "roles_data.yaml", [])
    return [name for name, schema in tree.files.template(tree.template)["parameters"].items() if schema.get("hidden")]


def test_random_strings_are_heats_and_stay(heat: Heat, tree: Path, caplog: pytest.LogCaptureFixture) -> None:
    heard = Heard()
    caplog.set_level(logging.DEBUG)
    first = deploy(heat, "random", tree, heard.events())
    assert first.outputs["hosts"] == ["node-0.localdomain", "node-1.localdomain"]
    assert (first.outputs["motd"], first.outputs["stack"]) == ("Grüße\n", "random")
    assert first.outputs["given"] == GIVEN["Given"]
    keys = first.outputs["keys"]
    assert [len(key) for key in keys] == [24, 24] and keys[0] != keys[1]
    # A hidden parameter that Heat's own random string became is known, though Heat never shows it.
    assert set(keys) | {GIVEN["Given"]} == set(first.hidden.values())
    assert not [text for text in first.hidden.values() if text in caplog.text], "--debug would show secrets"
    again = deploy(heat, "random", tree, heard.events())
    assert (again.outputs, again.hidden) == (first.outputs, first.hidden)
    assert "random UPDATE_COMPLETE" in [event.text for event in heard]
    events_so_far = heat.last_event(heat.stack("random").identity)
    shown = RemoteOvercloud(heat, "random", silent()).preview(
        tree, tree / "roles_data.yaml", [{"parameter_defaults": {"Domain": "new"}}], base_parameter_defaults=GIVEN)
    assert shown.outputs == {**first.outputs, "hosts": ["node-0.new", "node-1.new"]}
    assert heat.last_event(heat.stack("random").identity) == events_so_far
    assert "heat.difference" not in heard.kinds()
    delete_stack(heat, "random", heard.events())
    assert heat.stack("random") is None
    delete_stack(heat, "random", silent())


def test_a_resource_that_fails_is_named_and_the_next_run_goes_on(heat: Heat, tree: Path) -> None:
    heard = Heard()
    with pytest.raises(HeatError) as caught:
        deploy(heat, "failing", tree, heard.events(), Steps=MAX_ITERATORS + 1)
    assert "Heat could not create the stack failing" in str(caught.value)
    assert re.search(r"\n  Controller\.([01]) \(X::Controller\): .*exceeds 2000.* \(not begun: .*Controller\.\1\.Count",
                     str(caught.value))
    assert [event for event in heard if event.kind == "heat.resource.fail" and event.data["why"]]
    assert heat.stack("failing").status == "FAILED"
    assert deploy(heat, "failing", tree, Count=1).outputs["hosts"] == ["node-0.localdomain"]

    identity = heat.stack("failing").identity
    watch = Watch(heat, identity, silent(), new=False)
    heat._client.actions.suspend(identity)
    watch.until_done(1)
    with pytest.raises(HeatError, match="is SUSPEND_COMPLETE in Heat: it cannot be updated") as caught:
        deploy(heat, "failing", tree)
    assert "openstack stack resume failing" in caught.value.hint


def test_too_slow_and_interrupted(heat: Heat, tree: Path) -> None:
    """A run that is cut off leaves Heat at work; the next one waits for that, and goes on."""
    with pytest.raises(HeatError, match=r"slow was not ready after 0\.001 minutes; still in progress: .*Controller"):
        deploy(heat, "slow", tree, minutes=0.001, Count=1)

    heard = Heard()

    def interrupt(event: Event) -> None:
        heard.append(event)
        if event.kind == "heat.resource.begin" and "UPDATE" in event.text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deploy(heat, "slow", tree, Events(interrupt), Count=1, Domain="first")
    assert heard.kinds().count("heat.left") == 1
    waited = "Heat: wait for create of the stack slow, which is in progress"
    assert waited in [event.text for event in heard if event.kind == "phase.end"]
    result = deploy(heat, "slow", tree, heard.events(), Count=1, Domain="second")
    assert result.outputs["hosts"] == ["node-0.second"]


def test_what_is_wrong_in_a_file_never_reaches_heat(heat: Heat, tree: Path) -> None:
    with pytest.raises(TemplateError, match=r"unknown parameter Domian \(did you mean Domain\?\)"):
        deploy(heat, "wrong", tree, Domian="x")
    assert heat.stack("wrong") is None


def test_nothing_is_changed_before_a_yes(heat: Heat, tree: Path) -> None:
    def refuse(action: str) -> None:
        raise HeatError(f"no {action}")

    with pytest.raises(HeatError, match="no create"):
        RemoteOvercloud(heat, "refused", silent(), before_change=refuse).deploy(
            tree, tree / "roles_data.yaml", [], base_parameter_defaults=GIVEN)
    assert heat.stack("refused") is None


@pytest.mark.parametrize(("size", "said"), [
    (MAX_TEMPLATE + 1, "Template size .* exceeds maximum allowed size"),
    (MAX_BODY + 1, "exceeds maximum allowed size")])
def test_more_than_heat_takes(heat: Heat, tree: Path, size: int, said: str) -> None:
    (tree / "motd.txt").write_text("x" * size)
    with pytest.raises(HeatError, match=f"does not create the stack large: .*{said}") as caught:
        deploy(heat, "large", tree)
    assert "max_template_size" in caught.value.hint


def test_a_value_that_heat_quotes_is_masked(heat: Heat, tree: Path) -> None:
    """The name is refused by Heat, not here, and Heat quotes it."""
    with pytest.raises(HeatError) as caught:
        deploy(heat, GIVEN["Given"], tree)
    assert GIVEN["Given"] not in str(caught.value) and "@secret:Given@" in str(caught.value)


def test_a_heat_that_goes_away(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with heat_server(tmp_path_factory.mktemp("gone")) as server:
        def cut(event: Event) -> None:
            if event.kind == "heat.resource.begin":
                server.stop()

        heat = connect_endpoint(server.endpoint)
        with pytest.raises(HeatError, match=f"there is no Heat at {server.endpoint}") as caught:
            deploy(heat, "gone", tree, Events(cut))
    assert "run the same command again" in caught.value.hint


def test_the_request_is_what_heats_client_sends(tree: Path) -> None:
    """Rendered files are in it, also those that no template of this stack uses."""
    from heatclient.common import template_utils

    given = load_tree(tree, tree / "roles_data.yaml", [], base_parameter_defaults=GIVEN)
    request = make_request(given)
    for path, text in given.rendering.texts.items():
        Path(path).write_text(text)
    files, template = template_utils.get_template_contents(str(tree / "overcloud.yaml"))
    more, environment = template_utils.process_environment_and_files(str(tree / "overcloud-resource-registry.yaml"))
    wanted = {**files, **more}
    assert request.template == template
    assert request.environment["resource_registry"] == {**environment["resource_registry"], "resources": {}}
    assert {name: _content(text) for name, text in request.files.items()} == {
        name: _content(text) for name, text in wanted.items()}


def _content(text: str | bytes) -> Any:
    decoded = text.decode() if isinstance(text, bytes) else text
    return json.loads(decoded) if decoded.startswith("{") else decoded


def test_a_cloud_of_clouds_yaml(heat_service: HeatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = {"clouds": {"under": {"auth_type": "none", "auth": {"endpoint": heat_service.endpoint}},
                         "closed": {"auth_type": "none", "auth": {"endpoint": "http://127.0.0.1:9/v1/admin"}}}}
    (tmp_path / "clouds.yaml").write_text(json.dumps(clouds))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    assert connect_cloud("under").stack("nothing-of-this-name") is None
    monkeypatch.setenv("OS_CLOUD", "under")
    assert connect_cloud().where == "the cloud under"
    with pytest.raises(HeatError, match="there is no Heat at the cloud closed"):
        connect_cloud("closed").stack("x")
    with pytest.raises(HeatError, match=r"no cloud whose Heat could be used: .*nowhere"):
        connect_cloud("nowhere")


@pytest.mark.parametrize(("endpoint", "said"), [
    ("127.0.0.1:8004", "is no URL"), ("ftp://127.0.0.1", "is no URL"), ("http://", "is no URL"),
    ("http://me:word@127.0.0.1:8004", "must not hold credentials")])
def test_endpoints_that_are_none(endpoint: str, said: str) -> None:
    with pytest.raises(HeatError, match=said) as caught:
        connect_endpoint(endpoint)
    assert "word" not in str(caught.value) and caught.value.key == "--heat-endpoint"


class _Refusing(BaseHTTPRequestHandler):
    """Answers as the path's project says: ``/v1/CODE/…``."""

    tokens: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.tokens.append(self.headers.get("X-Auth-Token"))
        code = int(self.path.split("/")[2])
        self.send_response(code)
        self.end_headers()
        self.wfile.write(json.dumps({"error": {"message": "the server's words"}}).encode())

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="session")
def refusing() -> Iterator[str]:
    listener = HTTPServer(("127.0.0.1", 0), _Refusing)
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}/v1"
    listener.shutdown()
    listener.server_close()
    thread.join()


@pytest.mark.parametrize(("code", "said", "remedy"), [
    (400, "does not read the stack overcloud: the server's words", "correct what it names"),
    (401, "the server's words", "check the credentials"),
    (403, "the server's words", "check the credentials"),
    (409, "the server's words", "somebody else changes it"),
    (500, r"the server's words \(HTTP 500\)", "Heat's own log"),
    (503, r"the server's words \(HTTP 503\)", "Heat's own log"),
])
def test_what_a_heat_may_answer(refusing: str, code: int, said: str, remedy: str) -> None:
    with pytest.raises(HeatError, match=said) as caught:
        connect_endpoint(f"{refusing}/{code}", "the-token").stack("overcloud")
    assert remedy in caught.value.hint and "the-token" not in str(caught.value)
    assert _Refusing.tokens[-1] == "the-token"
