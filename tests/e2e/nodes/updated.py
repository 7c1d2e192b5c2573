"""A small cloud of a web service on several nodes, of an image that comes in versions; and who uses it meanwhile."""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import yaml

from tests.e2e.cloud import Done
from tests.e2e.nodes.cloud import RemoteCloud
from tests.e2e.nodes.engine import docker
from tests.e2e.nodes.machines import Machines
from tests.e2e.small import IMAGE, Service, SmallCloud

PORT = 8080
NAMES = ("control-0", "work-0", "work-1")
WEB = """\
import http.server, os, pathlib, signal
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = os.environ["VERSION"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
server = http.server.ThreadingHTTPServer(("", PORT), Handler)
if os.environ["VERSION"] != "broken":
    pathlib.Path("/dev/shm/ready").touch()
server.serve_forever()
""".replace("PORT", str(PORT))
#: ``bundle`` takes the image of ``web`` by the name that an update gives it.
SERVICES = (
    Service("web", config="none", image="treadle-tests/web:one", entry={"command": ["python3", "-u", "-c", WEB],
            "healthcheck": {"test": "test -e /dev/shm/ready", "interval": 1, "retries": 2},
            "health": {"within": 20}}),
    Service("bundle", 2, config="none", image="treadle-tests/web:pcmklatest",
            entry={"command": ["sleep", "infinity"], "stop_grace_period": 1, "healthcheck": {"test": "true"}}),
)
#: All but packages of the host, which would have to come from elsewhere.
SHARED = {0: "checks", 1: "stop", 2: "images", 4: "start", 5: "verify"}
NOTE = {"name": "note the step", "shell": "echo {{ step }} >> /var/lib/small/web/steps"}
REFUSE = {"name": "refuse where told to", "command": "test ! -e /var/lib/small/web/refuse", "changed_when": False,
          "when": "step|int == 5"}


def versions(*names: str) -> list[str]:
    """Make the images of the web service, on the machine's engine; gives what they are called."""
    for name in names:
        recipe = f"FROM {IMAGE}\nENV VERSION={name}\n"
        docker("build", "--quiet", "--tag", f"treadle-tests/web:{name}", "-", given=recipe)
    docker("tag", f"treadle-tests/web:{names[0]}", "treadle-tests/web:pcmklatest")
    return [f"treadle-tests/web:{name}" for name in (*names, "pcmklatest")]


@dataclass
class UpdatedCloud(RemoteCloud):
    """Control has web, Work has web and bundle."""

    def write_files(self) -> None:
        self.services = SERVICES
        SmallCloud.write_files(self)
        path = self.templates / "web.yaml"
        template = yaml.safe_load(path.read_text())
        data = template["outputs"]["role_data"]["value"]
        data["update_tasks"] = [
            *({"import_tasks": f"update_tasks/{name}.yaml", "when": f"step|int == {step}"}
              for step, name in SHARED.items()), NOTE, REFUSE]
        data["post_update_tasks"] = [{**NOTE, "when": "step|int == 3", "name": "note the last step"}]
        path.write_text(yaml.safe_dump(template, sort_keys=False))
        types = [service.type for service in SERVICES]
        self.roles_file.write_text(yaml.safe_dump([
            {"name": "Control", "CountDefault": 1, "tags": ["primary", "controller"], "ServicesDefault": types[:1]},
            {"name": "Work", "CountDefault": 2, "tags": [], "ServicesDefault": types}]))
        self.write_nodes()

    def update(self, verb: str, *more: str) -> Done:
        return self.run("openstack", "overcloud", "update", verb, "--stack", self.name, *more)

    def prepare(self, version: str) -> Done:
        """An update to ``version`` of the web service."""
        words = self.deploy_words(*self.values(version, WebImage=f"treadle-tests/web:{version}"))
        return self.run(*words[:2], "update", "prepare", *words[3:])

    def journal(self) -> list[dict[str, Any]]:
        path = self.state / self.name / "journal.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()]


@dataclass
class Users:
    """``with Users(machines) as users: ...`` asks one node after the other, and the next one where one does not answer,
    as HAProxy does; for at most ``limit`` seconds."""

    machines: Machines
    limit: float = 300.0
    #: (when, node, version) of each answer.
    answers: list[tuple[float, str, str]] = field(default_factory=list)
    #: What no node answered.
    failed: list[str] = field(default_factory=list)
    _end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Users:
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._end.set()
        assert self._thread
        self._thread.join(30)

    def _ask(self) -> None:
        until, turn = time.monotonic() + self.limit, 0
        while time.monotonic() < until and not self._end.wait(0.03):
            turn += 1
            nodes = self.machines.machines
            wrong = [said for at in range(len(nodes)) if (said := self._get(nodes[(turn + at) % len(nodes)]))]
            if len(wrong) == len(nodes):
                self.failed.append("; ".join(wrong))

    def _get(self, machine: Any) -> str:
        """What was wrong, '' where nothing was."""
        connection = http.client.HTTPConnection(machine.address, PORT, timeout=3)
        try:
            connection.request("GET", "/")
            version = connection.getresponse().read().decode()
        except (OSError, http.client.HTTPException) as error:
            return f"{machine.name}: {type(error).__name__}: {error}"
        finally:
            connection.close()
        self.answers.append((time.time(), machine.name, version))
        return ""
