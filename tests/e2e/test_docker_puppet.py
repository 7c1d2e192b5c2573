"""tools/docker_puppet.py by itself, with a docker-puppet.json as operators know it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.cloud import PROJECT
from tests.e2e.engine import PrivateEngine

IMAGE = "treadle/memcached:2025.1"
FIRST = {"config_volume": "memcached", "puppet_tags": "", "config_image": IMAGE,
         "step_config": "file { '/etc/memcached.conf': content => lookup('text') }"}
SECOND = ["memcached", "host", "file { '/etc/second.conf': content => 'two' }", IMAGE]
OTHER = {"config_volume": "other", "config_image": IMAGE, "step_config": "file { '/etc/other.conf': mode => '0640', "
         "content => 'x' }\npackage { 'no-such-package': }"}


class Bench:
    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        (folder / "etc/hieradata").mkdir(parents=True)
        self.hiera("first")
        (folder / "etc/hiera.yaml").write_text(json.dumps(
            {"version": 5, "defaults": {"datadir": "/etc/puppet/hieradata", "data_hash": "json_data"},
             "hierarchy": [{"name": "all", "paths": ["all.json"]}]}))

    def hiera(self, text: str) -> None:
        (self.folder / "etc/hieradata/all.json").write_text(json.dumps({"text": text}))

    def run(self, *entries: object) -> subprocess.CompletedProcess[str]:
        (self.folder / "docker-puppet.json").write_text(json.dumps(entries))
        return subprocess.run(
            [sys.executable, PROJECT / "tools/docker_puppet.py", "--puppet-etc", self.folder / "etc"],
            env={"CONFIG": str(self.folder / "docker-puppet.json"), "CONFIG_VOLUME_PREFIX": str(self.folder / "data"),
                 "PROCESS_COUNT": "2", "DOCKER_HOST": self.url, "PATH": "/usr/bin:/bin"},
            capture_output=True, text=True, check=False)

    def file(self, name: str) -> Path:
        return self.folder / "data/puppet-generated" / name


@pytest.fixture
def bench(tmp_path: Path, engine: PrivateEngine) -> Bench:
    return Bench(tmp_path, engine.url)


def test_entries_of_one_volume_are_merged_and_unchanged_input_is_not_run_again(bench: Bench) -> None:
    first = bench.run(FIRST, SECOND, OTHER)
    assert first.returncode == 0, first.stderr
    assert bench.file("memcached/etc/memcached.conf").read_text() == "first"
    assert bench.file("memcached/etc/second.conf").read_text() == "two"
    assert bench.file("other/etc/other.conf").stat().st_mode & 0o7777 == 0o640
    again = bench.run(FIRST, SECOND, OTHER)
    assert "0 of 2 config volumes to generate" in again.stderr
    assert [line.split()[:2] for line in again.stdout.splitlines()] == [
        line.split()[:2] for line in first.stdout.splitlines()], "other fingerprints"
    bench.hiera("second")
    assert bench.run(FIRST, SECOND).returncode == 0
    assert bench.file("memcached/etc/memcached.conf").read_text() == "second"


def test_a_failed_run_leaves_every_volume_as_it_was_and_shows_puppets_errors(bench: Bench) -> None:
    assert bench.run(FIRST).returncode == 0
    bench.hiera("changed")
    broken = {**OTHER, "step_config": "file { '/etc/no/such/folder/x': content => 'x' }"}
    done = bench.run(FIRST, broken)
    assert done.returncode == 1
    assert "config volume other" in done.stderr and "Error:" in done.stderr
    assert "puppet apply ended with 4" in done.stderr or "puppet apply ended with 6" in done.stderr
    assert bench.file("memcached/etc/memcached.conf").read_text() == "first"
    assert not bench.file("other").exists()


def test_two_images_for_one_volume_are_refused(bench: Bench) -> None:
    done = bench.run(FIRST, [*SECOND[:3], "treadle/haproxy:2025.1"])
    assert done.returncode == 1
    assert "two images" in done.stderr
