"""A command in a node's container of a Pacemaker bundle; the engine's and Pacemaker's tools are stand-ins."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "docker/services/pacemaker/bundle-exec.sh"
#: ``docker ps`` says each time the next line of a file, the last one again and again; ``date`` is 100 s later then.
TOOLS = {
    "docker": """\
case $1 in
    ps) head -n 1 "$PS"; if [ "$(wc -l <"$PS")" -gt 1 ]; then sed -i 1d "$PS"; fi ;;
    exec) echo "$*"; case $4 in c-bad) exit 3 ;; esac ;;
esac
""",
    "date": 'echo x >>"$PS.date"; echo $(($(wc -l <"$PS.date") * 100))',
    "sleep": ":",
    "crm_node": "echo control-1",
    "crm_attribute": 'echo "$STANDBY"',
}


def executed(folder: Path, *containers: str, standby: str = "off") -> tuple[int, str]:
    """(exit code, what it said), with the bundle's container as each look at the node finds it."""
    for name, text in TOOLS.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}")
        (folder / name).chmod(0o755)
    (folder / "ps").write_text("".join(f"{one}\n" for one in containers))
    done = subprocess.run(["sh", str(SCRIPT), "galera-bundle", "healthcheck", "now"], check=False, text=True,
                          capture_output=True, env={"PS": str(folder / "ps"), "STANDBY": standby,
                                                    "PATH": f"{folder}:{os.environ['PATH']}"})
    return done.returncode, (done.stdout + done.stderr).strip()


def test_it_waits_for_a_container_in_which_the_command_ends_well(tmp_path: Path) -> None:
    assert executed(tmp_path, "", "c-bad", "c-good") == (0, "exec --user root c-good healthcheck now")


def test_it_does_not_wait_for_ever(tmp_path: Path) -> None:
    code, said = executed(tmp_path, "")
    assert code == 1 and said.endswith("did not end well within 600 s: Pacemaker runs no galera-bundle here: "
                                       "pcs status says why")


def test_what_the_command_said_last_is_told(tmp_path: Path) -> None:
    code, said = executed(tmp_path, "c-bad")
    assert code == 1 and said.endswith("within 600 s: exec --user root c-bad healthcheck now")


def test_a_node_in_standby_has_nothing_to_run_in(tmp_path: Path) -> None:
    assert executed(tmp_path, "", standby="on") == (0, "control-1 is in standby: Pacemaker runs no galera-bundle here")
