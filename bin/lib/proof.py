"""Proof that a cloud answers: its endpoints, and a token, by the real client.

    python bin/lib/proof.py CLOUD

Both in one process: the client takes a second or two to load.
"""

import contextlib
import io
import json
import sys

from openstackclient.shell import main


def client(*words: str) -> None:
    if main(["--os-cloud", sys.argv[1], *words]):
        raise SystemExit(1)


print("\nEndpoints:", flush=True)
client("endpoint", "list", "-c", "Service Name", "-c", "Interface", "-c", "URL")
said = io.StringIO()
with contextlib.redirect_stdout(said):
    client("token", "issue", "-f", "json")
token = json.loads(said.getvalue())
print("\nA token, issued through HAProxy:")
print("  id      ", token["id"][:12] + "...")
print("  expires ", token["expires"])
