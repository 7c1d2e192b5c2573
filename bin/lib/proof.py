"""Proof that a cloud answers: its endpoints, and a token, by the real client.

    echo go | python bin/lib/proof.py CLOUD

Both in one process and with one token. It loads the client while others work, and then waits for a line: without one
it ends, and nothing is asked.
"""

import contextlib
import io
import json
import os
import sys

usual = os.nice(0)
os.nice(19)
from openstackclient.shell import OpenStackShell  # noqa: E402

# Its plugins are loaded by the first command, here by one that asks nobody, and whose outcome is not of interest.
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    OpenStackShell().run(["configuration", "show"])
if not sys.stdin.readline():
    raise SystemExit
os.setpriority(os.PRIO_PROCESS, 0, usual)

print("\nEndpoints:", flush=True)
shell = OpenStackShell()
if shell.run(["--os-cloud", sys.argv[1], "endpoint", "list", "-c", "Service Name", "-c", "Interface", "-c", "URL"]):
    raise SystemExit(1)
said = io.StringIO()
shell.stdout = said
if shell.run_subcommand(["token", "issue", "-f", "json"]):
    raise SystemExit(1)
token = json.loads(said.getvalue())
print("\nA token, issued through HAProxy:")
print("  id      ", token["id"][:12] + "...")
print("  expires ", token["expires"])
