"""Proof that a cloud answers: its endpoints, and a token, by the real client.

    echo go | python bin/lib/proof.py CLOUD

Both in one process, which loads the client while others work, and then waits for a line: without one it ends, and
nothing is asked.
"""

import contextlib
import io
import json
import logging
import os
import sys

usual = os.nice(0)
os.nice(19)
from openstackclient.shell import main  # noqa: E402


def client(*words: str) -> None:
    logging.getLogger().handlers.clear()  # each call adds its own: messages would be seen twice
    if main(["--os-cloud", sys.argv[1], *words]):
        raise SystemExit(1)


# Its plugins are loaded by the first command, here by one that asks nobody, and whose outcome is not of interest.
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    main(["configuration", "show"])
if not sys.stdin.readline():
    raise SystemExit
os.setpriority(os.PRIO_PROCESS, 0, usual)
print("\nEndpoints:", flush=True)
client("endpoint", "list", "-c", "Service Name", "-c", "Interface", "-c", "URL")
said = io.StringIO()
with contextlib.redirect_stdout(said):
    client("token", "issue", "-f", "json")
token = json.loads(said.getvalue())
print("\nA token, issued through HAProxy:")
print("  id      ", token["id"][:12] + "...")
print("  expires ", token["expires"])
