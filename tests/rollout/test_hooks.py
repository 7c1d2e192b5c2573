"""Hooks are told of the events that they want, in order and within their time; what they get wrong stops nothing."""

import json
import re
import stat
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support import Heard
from treadle.errors import InputError
from treadle.events import Events
from treadle.rollout import hooks
from treadle.rollout.hooks import KINDS, STRIKES, Hook, Hooks

SOURCE = Path(hooks.__file__).parents[1]


def told(*found, limit=5.0, mask=None):
    """(events with these hooks, what else was heard)."""
    heard, listener = Heard(), Hooks(found, "overcloud", limit)
    listener.events = Events(heard.append, listener, mask=mask)
    return listener.events, heard


def to_file(path, on="*"):
    return Hook("file", [on], command=f"cat >> {path}; echo >> {path}")


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def server():
    """A real HTTP server: what it answers is in the path, what it got in ``got``."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, dict(self.headers), json.loads(body)))
            if self.path == "/drip":
                for _ in range(100):
                    self.wfile.write(b"H")
                    time.sleep(0.05)
                return
            self.send_response(int(self.path.strip("/")))
            self.send_header("Location", "/200")
            self.end_headers()

        def log_message(self, *_):
            """Nothing to the tests' output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        made.got = got
        made.url = f"http://127.0.0.1:{made.server_port}"
        yield made
        made.shutdown()


def test_a_command_gets_the_event_on_its_standard_input_and_never_on_argv(tmp_path):
    seen = Hook("seen", ["reload.*"], command=f"tr '\\0' ' ' </proc/$$/cmdline >{tmp_path}/argv; cat >{tmp_path}/event")
    events, heard = told(seen)
    events.emit("reload.begin", "reload keystone", node="n", subject="keystone", why="debug on")
    [event] = lines(tmp_path / "event")
    assert event.items() >= {"stack": "overcloud", "kind": "reload.begin", "text": "reload keystone", "node": "n",
                             "subject": "keystone", "data": {"why": "debug on"}}.items()
    assert "@" in event["who"] and event["time"] > 1e9
    assert "keystone" not in (tmp_path / "argv").read_text()
    assert heard.kinds() == ["reload.begin"]


def test_an_address_gets_the_event_as_json(server):
    events, heard = told(Hook("web", ["reload.end"], url=f"{server.url}/200"))
    events.emit("reload.begin", "a")
    events.emit("reload.end", "b")
    [(path, headers, document)] = server.got
    assert (path, headers["Content-Type"], document["kind"]) == ("/200", "application/json", "reload.end")
    assert heard.kinds() == ["reload.begin", "reload.end"]


def test_user_and_password_of_an_address_become_a_header(server):
    events, _ = told(Hook("web", ["*"], url=server.url.replace("//", "//me:p%40ss@") + "/204"))
    events.emit("phase.begin")
    assert server.got[0][1]["Authorization"] == "Basic bWU6cEBzcw=="


def test_in_order_from_many_threads(tmp_path):
    events, _ = told(to_file(tmp_path / "out"))
    threads = [threading.Thread(target=events.emit, args=("action.end", str(number))) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(event["text"] for event in lines(tmp_path / "out")) == [str(number) for number in range(8)]


def test_a_hook_has_ended_before_the_next_thing_is_begun(tmp_path):
    events, _ = told(Hook("slow", ["reload.begin"], command=f"sleep 0.3; touch {tmp_path}/done"))
    with events.span("reload", "r"):
        assert (tmp_path / "done").exists()


def test_secrets_are_masked_for_hooks_too(tmp_path):
    events, _ = told(to_file(tmp_path / "out"), mask=lambda text: text.replace("hunter2", "***"))
    events.emit("reload.end", "said hunter2", changes=["password hunter2"])
    assert "hunter2" not in (tmp_path / "out").read_text() and "***" in (tmp_path / "out").read_text()


WRONG = {
    "exit code": ("echo first; echo why >&2; exit 3", "ended with 3: why"),
    "too slow": ("sleep 30", "did not end within 0.5 s"),
    "slow in the background": ("sleep 30 & exit 0", "did not end within 0.5 s"),
    "no such command": ("/no/such/command", "ended with 127: "),
}


@pytest.mark.parametrize(("command", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_command_that_fails_is_a_warning_and_stops_nothing(tmp_path, command, words):
    events, heard = told(Hook("bad", ["reload.begin"], command=command), to_file(tmp_path / "out", "reload.*"),
                         limit=0.5)
    began = time.monotonic()
    with events.span("reload", "r"):
        pass
    assert time.monotonic() - began < 5
    assert heard.kinds() == ["reload.begin", "hook.fail", "reload.end"]
    assert heard[1].subject == "bad" and heard[1].text.startswith(f"warning: hook bad (reload.begin): {words}")
    assert [event["kind"] for event in lines(tmp_path / "out")] == ["reload.begin", "reload.end"]


@pytest.mark.parametrize(("path", "words"), [
    ("/500", "answered 500"), ("/302", "answered 302"), ("/drip", "did not answer within 0.5 s")])
def test_an_address_that_fails_is_a_warning(server, path, words):
    events, heard = told(Hook("bad", ["*"], url=server.url + path), limit=0.5)
    events.emit("reload.begin")
    assert words in heard[1].text
    assert len(server.got) == 1, "a redirect was followed"


def test_an_address_where_nobody_listens_is_a_warning():
    events, heard = told(Hook("bad", ["*"], url="http://127.0.0.1:1/x"))
    events.emit("reload.begin")
    assert "cannot be told: " in heard[1].text and "refused" in heard[1].text


def test_a_hook_that_goes_on_failing_is_left_alone():
    events, heard = told(Hook("bad", ["action.*"], command="exit 1"))
    for _ in range(STRIKES + 3):
        events.emit("action.end")
    warnings = [event.text for event in heard if event.kind == "hook.fail"]
    assert len(warnings) == STRIKES and "not told of anything more" in warnings[-1]


def test_one_success_in_between_counts(tmp_path):
    events, heard = told(Hook("moody", ["*"], command=f"test -e {tmp_path}/ok && rm {tmp_path}/ok"))
    for number in range(STRIKES * 2):
        if number % 2:
            (tmp_path / "ok").touch()
        events.emit("action.end")
    assert len([kind for kind in heard.kinds() if kind == "hook.fail"]) == STRIKES


GIVEN = {
    "nothing": ({}, "one of --command and --url"),
    "both": ({"command": "c", "url": "http://h/"}, "one of --command and --url"),
    "no address": ({"url": "host/path"}, "--url: expected an address"),
    "another scheme": ({"url": "ftp://host/path"}, "--url: expected an address"),
    "kind": ({"command": "c", "on": ["reload.bgin"]}, "did you mean reload.begin?"),
    "glob": ({"command": "c", "on": ["reload.*", "x*"]}, "--on: no kind of event matches 'x*'"),
}


@pytest.mark.parametrize(("given", "words"), GIVEN.values(), ids=GIVEN.keys())
def test_a_hook_that_cannot_be_is_refused(given, words):
    with pytest.raises(InputError, match=re.escape(words)):
        hooks.checked("n", given.get("command", ""), given.get("url", ""), given.get("on", []))


def test_kept_for_the_owner_alone(tmp_path):
    path = tmp_path / "state/hooks.json"
    made = {hook.name: hook for hook in (hooks.checked("b", "x", "", []), hooks.checked("a", "", "http://u:p@h/", []))}
    hooks.write(path, made)
    assert hooks.read(path) == made and list(hooks.read(path)) == ["b", "a"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [hook.target for hook in made.values()] == ["x", "http://h/"]
    path.write_text("{")
    with pytest.raises(InputError, match="damaged"):
        hooks.read(path)


def test_every_kind_that_is_emitted_can_be_asked_for():
    calls = re.compile(r'\.(emit|span)\(\s*"([a-z_.]+)"')
    found = {(verb, kind) for path in SOURCE.rglob("*.py") for verb, kind in calls.findall(path.read_text())}
    kinds = {kind for verb, kind in found if verb == "emit"} | {
        f"{kind}.{edge}" for verb, kind in found if verb == "span" for edge in ("begin", "end", "fail")}
    others = {kind for kind in kinds if kind.split(".")[0] in ("prompt", "image", "images", "hook", "validate")}
    assert kinds - others <= set(KINDS)
