"""What Puppet makes of a cluster's configuration: corosync's file, and elements of a CIB that is not Puppet's alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.e2e.cloud import PROJECT

CIB = """\
<cib epoch="1"><configuration>
  <crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair id="o" name="dc-version" value="2"/>
  </cluster_property_set></crm_config>
  <nodes/><resources><primitive id="theirs" class="ocf" provider="heartbeat" type="Dummy"/></resources><constraints/>
</configuration><status/></cib>
"""
CIBADMIN = """\
#!{python}
import pathlib, shutil, sys
cib, calls = pathlib.Path("{cib}"), pathlib.Path("{calls}")
with calls.open("a") as said:
    print(*sys.argv[1:2], file=said)
if sys.argv[1] == "--query":
    print(cib.read_text())
else:
    shutil.copy(sys.argv[3], cib)
"""
BUNDLE = "{'service' => 'haproxy', 'image' => 'IMAGE', 'command' => 'kolla_start', 'options' => ['--user=root'], " \
    "'volumes' => ['/a:/b:ro', '/c:/d'], 'beside_vips' => true}"


@dataclass
class Cluster:
    """Puppet's, with a CIB that is a file."""

    folder: Path

    def __post_init__(self) -> None:
        self.cib.write_text(CIB)
        tool = self.folder / "cibadmin"
        tool.write_text(CIBADMIN.format(python=sys.executable, cib=self.cib, calls=self.calls))
        tool.chmod(0o755)

    @property
    def cib(self) -> Path:
        return self.folder / "cib.xml"

    @property
    def calls(self) -> Path:
        return self.folder / "calls"

    def apply(self, manifest: str) -> subprocess.CompletedProcess[str]:
        puppet = shutil.which("puppet")
        assert puppet, "this machine has no Puppet: bin/standalone --prepare"
        words = [puppet, "apply", "--detailed-exitcodes", "--color=false", "--modulepath",
                 str(PROJECT / "puppet/modules"), "--vardir", str(self.folder / "var"), "-e", manifest]
        return subprocess.run(words, capture_output=True, text=True, check=False,
                              env={**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"})

    def configure(self, vips: str, bundles: str = "{}", fencing: str = "false") -> tuple[int, bool]:
        """(Puppet's exit code, whether the CIB was written)"""
        self.calls.unlink(missing_ok=True)
        done = self.apply("pacemaker_configuration { 'treadle': content => epp('treadle/cib.xml.epp', { 'fencing' => "
                          f"{fencing}, 'vips' => {vips}, 'bundles' => {bundles}, "
                          "'nodes' => { 'haproxy' => ['control-0', 'control-1'] } }) }")
        assert done.returncode in (0, 2), done.stdout + done.stderr
        return done.returncode, "--replace" in self.calls.read_text()

    def ids(self, section: str) -> set[str]:
        found = self.root.find(f"configuration/{section}")
        return {one.attrib["id"] for one in found} if found is not None else set()

    @property
    def fencing(self) -> str:
        value, = (one.attrib["value"] for one in self.root.iter("nvpair") if one.attrib["name"] == "stonith-enabled")
        return value

    @property
    def root(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.cib.read_text())


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_elements_come_once_change_and_go_and_those_of_others_stay(cluster: Cluster) -> None:
    both = "{'192.0.2.10' => '', 'fd00::10' => 'eth1'}"
    bundles = f"{{'haproxy-bundle' => {BUNDLE}}}"
    assert cluster.configure(both, bundles) == (2, True)
    assert cluster.ids("resources") == {"theirs", "ip-192.0.2.10", "ip-fd00..10", "haproxy-bundle"}
    assert len(cluster.ids("constraints")) == 5
    assert cluster.ids("crm_config") == {"cib-bootstrap-options", "treadle", "treadle-part"}
    assert cluster.configure(both, bundles) == (0, False)

    assert cluster.configure(both, bundles.replace("IMAGE", "OTHER")) == (2, True)
    docker, = cluster.root.iter("docker")
    assert (docker.attrib["image"], docker.attrib["replicas"]) == ("OTHER", "2")
    assert [one.attrib["options"] for one in cluster.root.iter("storage-mapping")] == ["ro", "rw"]

    assert cluster.fencing == "false" and cluster.configure("{'192.0.2.10' => ''}", fencing="true") == (2, True)
    assert cluster.ids("resources") == {"theirs", "ip-192.0.2.10"} and cluster.ids("constraints") == set()
    assert cluster.fencing == "true"


def test_what_an_operator_says_of_a_resource_stays(cluster: Cluster) -> None:
    cluster.configure("{'192.0.2.10' => ''}")
    stopped = '<meta_attributes id="m"><nvpair id="n" name="target-role" value="Stopped"/></meta_attributes>'
    cluster.cib.write_text(cluster.cib.read_text().replace("<operations>", f"{stopped}<operations>"))
    assert cluster.configure("{'192.0.2.10' => ''}") == (0, False)
    assert cluster.configure("{'192.0.2.10' => 'eth1'}") == (2, True)
    vip, = (one for one in cluster.root.iter("primitive") if one.attrib["id"] == "ip-192.0.2.10")
    assert [one.attrib["value"] for one in vip.iter("nvpair")] == ["192.0.2.10", "32", "eth1", "Stopped"]


def test_nodes_have_numbers_that_stay_and_two_of_them_a_quorum_alone(cluster: Cluster) -> None:
    for names in ("a b", "a b c"):
        nodes = ", ".join(f"{{'name' => '{name}', 'address' => '192.0.2.{at}', "
                          f"'id' => treadle::corosync_nodeid('192.0.2.{at}')}}"
                          for at, name in enumerate(names.split(), 11))
        file = cluster.folder / "corosync.conf"
        done = cluster.apply(f"file {{ '{file}': content => epp('treadle/corosync.conf.epp', {{ 'cluster_name' => 'c', "
                             f"'token_timeout' => 3000, 'nodes' => [{nodes}] }}) }}")
        assert done.returncode == 2, done.stderr
        text = file.read_text().split()
        numbers = [after for word, after in pairwise(text) if word == "nodeid:"]
        assert numbers == ["523", "524", "525"][:len(names.split())]
        assert ("two_node:" in text) == (names == "a b")


def test_numbers_of_nodes(cluster: Cluster) -> None:
    known = {"192.0.2.11": 523, "172.30.210.11": 53771, "fd00::1f": 31, "fd00::001f": 31, "2001:db8::fd00": 64768}
    done = cluster.apply("\n".join(f"unless treadle::corosync_nodeid('{address}') == {number} {{ fail('{address}') }}"
                                   for address, number in known.items()))
    assert done.returncode == 0, done.stderr
