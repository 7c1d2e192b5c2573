"""Glance in the cloud: an image comes back as it went in, and goes on going in while options change."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import urllib.request
from pathlib import Path

from tests.e2e.cloud import Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.test_cinder import asked
from tests.e2e.test_cloud import containers


def test_an_image_is_downloaded_as_it_was_uploaded(core: Cloud, tmp_path: Path) -> None:
    data = os.urandom(5_000_000)
    (tmp_path / "in").write_bytes(data)
    image = asked(core, "image", "create", "--file", str(tmp_path / "in"), "--disk-format", "raw", "round")
    core.openstack("image", "save", "--file", str(tmp_path / "out"), "round").ok()
    assert (tmp_path / "out").read_bytes() == data
    file = core.root / "var/lib/glance/images" / image["id"]
    assert file.read_bytes() == data
    core.openstack("image", "delete", "round").ok()
    assert not file.exists()


def test_an_upload_goes_on_while_an_option_changes(core: Cloud, engine: PrivateEngine, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    glance = asked(core, "endpoint", "list", "--service", "image", "--interface", "public")[0]["URL"]
    token = core.openstack("token", "issue", "-f", "value", "-c", "id").ok().out.strip()
    (tmp_path / "headers").write_text(f"X-Auth-Token: {token}\nContent-Type: application/octet-stream\n")
    there = containers(engine, core)["glance_api"]
    quota = core.environment("glance-quota", GlanceImageMemberQuota=1)
    assert core.planned("-e", quota) == {"glance_api": "reload"}
    identity = reserved(glance, token)
    curl = ["curl", "--silent", "--show-error", "--fail", "--header", f"@{tmp_path / 'headers'}", "--upload-file", "-"]
    with subprocess.Popen([*curl, f"{glance}/v2/images/{identity}/file"], stdin=subprocess.PIPE) as upload:
        assert upload.stdin
        upload.stdin.write(data[:1_000_000])
        upload.stdin.flush()
        core.deploy("-e", quota).ok()
        upload.stdin.write(data[1_000_000:])
    assert upload.returncode == 0
    shown = asked(core, "image", "show", identity)
    assert (shown["status"], shown["checksum"]) == ("active", hashlib.md5(data, usedforsecurity=False).hexdigest())
    members = [core.openstack("image", "add", "project", identity, name) for name in ("admin", "service")]
    assert [member.code == 0 for member in members] == [True, False] and "Maximum: 1" in members[1].text
    assert containers(engine, core)["glance_api"] == there
    core.openstack("image", "delete", identity).ok()


def reserved(glance: str, token: str) -> str:
    """The id of a new image without content, which the client cannot make."""
    content = json.dumps({"name": "slow", "disk_format": "raw", "container_format": "bare"}).encode()
    request = urllib.request.Request(f"{glance}/v2/images", content,
                                     {"X-Auth-Token": token, "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return str(json.load(answer)["id"])
