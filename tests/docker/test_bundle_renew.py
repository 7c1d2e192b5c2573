"""What a node does with its container of a Pacemaker bundle; the engine's and Pacemaker's tools are stand-ins."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "docker/services/pacemaker/bundle-renew.sh"
#: Say what they are called with; answers come from the environment.
DOCKER = """\
#!/bin/sh
echo "docker $*" >>"$SAID"
case $1 in
    ps) echo "$RUNNING" ;;
    image) echo sha256:new ;;
    inspect)
        case $3 in
            *Mounts*) printf '%s\\n' "$MOUNT" ;;
            *StartedAt*) echo "$STARTED" ;;
            *) echo "$IMAGE" ;;
        esac ;;
    exec) exit "$ANSWER" ;;
esac
"""
CRM = """\
#!/bin/sh
echo "${0##*/} $*" >>"$SAID"
case "${0##*/} $1" in
    "crm_node --name") echo control-1 ;;
    "crm_resource --wait") exit "$ANSWER" ;;
esac
"""
LATER, EARLIER = "2999-01-01T00:00:00.123456789Z", "2001-01-01T00:00:00.123456789Z"
BAN = "crm_resource --ban --resource haproxy-bundle --node control-1"
CLEAR = "crm_resource --clear --resource haproxy-bundle --node control-1"
WAIT = "crm_resource --wait --timeout 300"


def renewed(folder: Path, running: str, image: str, answer: int = 0, *, started: str = EARLIER, mount: str = "",
            reload: Sequence[str] = ("haproxy_control", "reload")) -> tuple[int, list[str]]:
    """(exit code, calls) beyond those that only ask."""
    for name, text in {"docker": DOCKER, "crm_node": CRM, "crm_resource": CRM}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    said = folder / "said"
    known = {"SAID": str(said), "RUNNING": running, "IMAGE": image, "ANSWER": str(answer),
             "STARTED": started, "MOUNT": mount or str(folder), "PATH": f"{folder}:{os.environ['PATH']}"}
    words = ["haproxy-bundle", "haproxy:one", "haproxy:pcmklatest", *reload]
    done = subprocess.run(["sh", str(SCRIPT), *words], env=known, check=False, capture_output=True)
    asking = ("docker ps", "docker inspect", "docker image", "crm_node")
    return done.returncode, [line for line in said.read_text().splitlines() if not line.startswith(asking)]


@pytest.mark.parametrize(("running", "image", "calls"), [
    ("", "", []),
    ("c1", "sha256:new", ["docker exec --user root c1 kolla_set_configs",
                          "docker exec --user root c1 haproxy_control reload"]),
    ("c1", "sha256:old", [BAN, WAIT, CLEAR, WAIT]),
])
def test_it_does_what_is_needed(tmp_path: Path, running: str, image: str, calls: list[str]) -> None:
    assert renewed(tmp_path, running, image) == (0, ["docker tag haproxy:one haproxy:pcmklatest", *calls])


def test_what_was_started_with_all_that_is_there_is_left_alone(tmp_path: Path) -> None:
    assert renewed(tmp_path, "c1", "sha256:new", started=LATER)[1] == ["docker tag haproxy:one haproxy:pcmklatest"]


@pytest.mark.parametrize(("started", "mount"), [(EARLIER, ""), (LATER, "/nowhere/at/all")])
def test_what_takes_nothing_while_it_runs_is_restarted(tmp_path: Path, started: str, mount: str) -> None:
    code, calls = renewed(tmp_path, "c1", "sha256:new", started=started, mount=mount, reload=())
    assert (code, calls[1:]) == (0, [BAN, WAIT, CLEAR, WAIT])


def test_a_reload_that_fails_fails(tmp_path: Path) -> None:
    code, calls = renewed(tmp_path, "c1", "sha256:new", answer=78)
    assert code == 78 and calls[-1].endswith("kolla_set_configs")


def test_the_node_is_not_kept_out_where_the_cluster_does_not_settle(tmp_path: Path) -> None:
    code, calls = renewed(tmp_path, "c1", "sha256:old", answer=124)
    assert code == 124 and calls[1:] == [BAN, WAIT, CLEAR]
