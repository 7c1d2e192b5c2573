"""Puppet on the node itself, with a small program in Puppet's place that tells how it was called."""

import json
import stat
from pathlib import Path

import pytest

from tests.support import node_plan
from treadle.errors import GenerateError
from treadle.node.hostpuppet import HostPuppet

PUPPET = """#!/bin/sh
printf '%s\\n' "$@"
echo "step $FACTER_step on $FACTER_hostname"
for argument; do case $argument in --hiera_config=*) hiera=${argument#*=} ;; esac; done
{RECORD}
exit {CODE}
"""


@pytest.fixture
def puppet(tmp_path, monkeypatch):
    def install(code=0, record=True):
        path = tmp_path / "bin/puppet"
        path.parent.mkdir(exist_ok=True)
        asked = 'printf "a\\nb\\n\\na\\n" > "$(dirname "$hiera")/asked"' if record else ""
        path.write_text(PUPPET.replace("{RECORD}", asked).replace("{CODE}", str(code)))
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    return install


@pytest.fixture
def plan(tmp_path):
    return node_plan(step_config="include timezone", hierarchy=["config_step", "top"], root=str(tmp_path))


@pytest.mark.parametrize(("code", "ok"), [(0, True), (2, True), (4, False)])
def test_a_run(puppet, plan, tmp_path, code, ok):
    puppet(code)
    result = HostPuppet(plan).run(3)
    assert (result.exit_code, result.ok, result.asked) == (code, ok, frozenset("ab"))
    assert "step 3 on node-0" in result.log and "--detailed-exitcodes" in result.log
    state = tmp_path / "var/lib/treadle/test/node/host-puppet"
    assert (state / "config.pp").read_text() == "include timezone\n"
    assert stat.S_IMODE((state / "config.pp").stat().st_mode) == 0o600
    hiera = json.loads((state / "hiera.yaml").read_text())
    assert hiera["hierarchy"][0]["paths"] == ["config_step.json", "top.json"]
    assert hiera["defaults"]["datadir"] == f"{tmp_path}/etc/puppet/hieradata"


def test_without_a_record_of_lookups_none_is_claimed(puppet, plan):
    """Also not the record of an earlier run."""
    puppet()
    HostPuppet(plan).run(1)
    puppet(record=False)
    assert HostPuppet(plan).run(2).asked is None


@pytest.mark.skipif(Path("/opt/puppetlabs/bin/puppet").exists(), reason="this machine has Puppet where it always is")
def test_a_node_without_puppet(plan, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GenerateError, match="node-0 has no Puppet"):
        HostPuppet(plan).require()


def test_a_run_that_does_not_end(puppet, plan, tmp_path):
    puppet()
    (tmp_path / "bin/puppet").write_text("#!/bin/sh\nexec sleep 60\n")
    with pytest.raises(GenerateError, match="did not end within 0 s"):
        HostPuppet(plan, time_limit=0.1).run(1)
