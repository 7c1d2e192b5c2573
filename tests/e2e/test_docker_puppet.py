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

    def run(self, *entries: object, **variables: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "docker-puppet.json").write_text(json.dumps(entries))
        return subprocess.run(
            [sys.executable, PROJECT / "tools/docker_puppet.py", "--puppet-etc", self.folder / "etc"],
            env={"CONFIG": str(self.folder / "docker-puppet.json"), "CONFIG_VOLUME_PREFIX": str(self.folder / "data"),
                 "PROCESS_COUNT": "2", "DOCKER_HOST": self.url, "PATH": "/usr/bin:/bin", **variables},
            capture_output=True, text=True, check=False)

    def file(self, name: str) -> Path:
        return self.folder / "data/puppet-generated" / name


@pytest.fixture
def bench(tmp_path: Path, engine: PrivateEngine) -> Bench:
    return Bench(tmp_path, engine.url)


def left(engine: PrivateEngine) -> str:
    """Transient containers that are still there."""
    return engine.docker("ps", "--all", "--quiet", "--filter", "label=treadle.transient").stdout


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


def test_a_failed_run_leaves_every_volume_as_it_was_and_shows_puppets_errors(
        bench: Bench, engine: PrivateEngine) -> None:
    assert bench.run(FIRST).returncode == 0
    bench.hiera("changed")
    broken = {**OTHER, "step_config": "file { '/etc/no/such/folder/x': content => 'x' }"}
    done = bench.run(FIRST, broken)
    assert done.returncode == 1
    assert "config volume other" in done.stderr and "Error:" in done.stderr
    assert "puppet apply ended with 4" in done.stderr or "puppet apply ended with 6" in done.stderr
    assert bench.file("memcached/etc/memcached.conf").read_text() == "first"
    assert not bench.file("other").exists()
    assert left(engine) == "", "failed containers pile up"


def test_two_images_for_one_volume_are_refused(bench: Bench) -> None:
    done = bench.run(FIRST, [*SECOND[:3], "treadle/haproxy:2025.1"])
    assert done.returncode == 1
    assert "two images" in done.stderr


def test_what_nobody_wants_any_more_goes_and_what_others_made_stays(bench: Bench) -> None:
    first = {**FIRST, "step_config": FIRST["step_config"] + "\nfile { '/etc/dropped.conf': content => 'x' }"}
    assert bench.run(first, OTHER).returncode == 0
    assert bench.file("memcached/etc/dropped.conf").exists()
    bench.file("strangers/etc").mkdir(parents=True)
    only = bench.run(FIRST, CONFIG_VOLUME="memcached")
    assert only.returncode == 0 and bench.file("other").exists(), "one volume's run says nothing about others"
    assert not bench.file("memcached/etc/dropped.conf").exists(), "Puppet manages it no more"
    done = bench.run(FIRST)
    assert done.returncode == 0, done.stderr
    assert "other removed: no entry makes it any more" in done.stdout
    assert sorted(path.name for path in bench.file("").iterdir()) == ["memcached", "memcached.md5sum", "strangers"]
    assert not list((bench.folder / "data/.cache").glob("other.*"))


def test_a_container_that_hangs_is_ended_and_repeated(bench: Bench, engine: PrivateEngine) -> None:
    hangs = {**FIRST, "puppet_tags": "exec", "step_config": "exec { '/bin/sleep 600': timeout => 0 }"}
    done = bench.run(hangs, TIMEOUT="20", RETRIES="1")
    assert done.returncode == 1
    assert "generate.retry: config volume memcached: it took too long; attempt 2 of 2" in done.stderr
    assert "config volume memcached (service memcached): it took too long" in done.stderr
    assert "Puppet was ended after 20 s" in done.stderr
    assert left(engine) == "" and not bench.file("memcached").exists()


def test_puppets_output_is_shown_if_asked_for_and_only_then(bench: Bench) -> None:
    said = "memcached: Notice: /Stage[main]/Main/File[/etc/memcached.conf]/content: content changed"
    assert said not in bench.run(FIRST, DEBUG="false").stderr
    bench.hiera("second")
    assert said in bench.run(FIRST, DEBUG="true").stderr


@pytest.mark.parametrize("change", ["mode => '0600'", "owner => 'nobody'", "content => 'other'"])
def test_a_fingerprint_tells_mode_owner_and_content(bench: Bench, change: str) -> None:
    same, other = "file { '/etc/f': content => 'x' }", f"file {{ '/etc/f': {change} }}"
    if "content" not in change:
        other = f"file {{ '/etc/f': content => 'x', {change} }}"

    def fingerprint(manifest: str) -> str:
        done = bench.run({**FIRST, "step_config": manifest})
        assert done.returncode == 0, done.stderr
        return done.stdout.split()[1]

    assert fingerprint(same) != fingerprint(other)


def test_a_bad_option_is_told_by_its_name(bench: Bench) -> None:
    done = bench.run(FIRST, TIMEOUT="soon")
    assert done.returncode == 1 and "TIMEOUT: expected a number, got 'soon'" in done.stderr
