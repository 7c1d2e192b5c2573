"""Paths are TripleO's; all that is ours can be put under another root, what is the host's cannot."""

from pathlib import Path

import pytest

from treadle.paths import NodePaths


@pytest.mark.parametrize(("path", "below"), [
    ("/var/lib/config-data/x", True), ("/var/log/containers/x", True), ("/run/x", True), ("/etc/puppet/x", True),
    ("/dev/log", False), ("/etc/localtime", False), ("/sys/fs/cgroup", False), ("/var/library", False), ("x", False),
])
def test_rebase(path, below):
    assert NodePaths("s").rebase(path) == path
    assert NodePaths("s", "/root/one").rebase(path) == (f"/root/one{path}" if below else path)


@pytest.mark.parametrize(("name", "path"), [
    ("volumes", "/var/lib/config-data/puppet-generated"), ("kolla_config", "/var/lib/kolla/config_files"),
    ("scripts", "/var/lib/docker-config-scripts"), ("puppet_etc", "/etc/puppet"),
    ("plan", "/var/lib/treadle/s/node/node-plan.json"),
])
def test_where_things_lie(name, path):
    assert getattr(NodePaths("s"), name) == Path(path)
    assert getattr(NodePaths("s", "/r"), name) == Path(f"/r{path}")


def test_two_stacks_keep_their_state_apart():
    assert NodePaths("a").state != NodePaths("b").state
