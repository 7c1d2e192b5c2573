"""The user's clouds.yaml: our entry comes and goes, everything else stays as it was."""

import stat
import tempfile
from pathlib import Path

import pytest
import yaml

from treadle.cli import clouds
from treadle.errors import InputError
from treadle.rollout.state import StackState

OUTPUTS = {"KeystoneURL": "http://127.0.24.2:5000", "KeystoneRegion": "regionTwo"}
HIDDEN = {"AdminPassword": "s3cret"}
ENTRY = {"auth": {"auth_url": "http://127.0.24.2:5000", "username": "admin", "password": "s3cret",
                  "project_name": "admin", "user_domain_name": "Default", "project_domain_name": "Default"},
         "region_name": "regionTwo", "identity_api_version": "3"}
OTHERS = """\
# mine
clouds:
  work:  # the one at work
    auth: {auth_url: "https://work.example"}
    verify: no
cache:
  expiration: 7
"""


def deployed(outputs, hidden):
    """What a deploy does: the entry is kept with what was generated, and written when that runs."""
    with tempfile.TemporaryDirectory() as folder:
        state = StackState(Path(folder), "overcloud")
        clouds.keep_entry(state, outputs, hidden)
        clouds.write_entry(state)


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "openstack/clouds.yaml"
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    return path


def test_where_it_is(monkeypatch):
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE", raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    assert str(clouds.path()) == "/home/me/.config/openstack/clouds.yaml"


@pytest.mark.parametrize("before", [None, "", "clouds:\n", "clouds: {}\n", "{}", "# empty\n"])
def test_the_first_entry(file, before):
    if before is not None:
        file.parent.mkdir()
        file.write_text(before)
    deployed(OUTPUTS, HIDDEN)
    assert yaml.safe_load(file.read_text()) == {"clouds": {"overcloud": ENTRY}}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_others_and_comments_stay(file):
    file.parent.mkdir()
    file.write_text(OTHERS)
    deployed(OUTPUTS, HIDDEN)
    document = yaml.safe_load(file.read_text())
    assert document["clouds"]["overcloud"] == ENTRY and document["cache"] == {"expiration": 7}
    assert "# mine" in file.read_text() and "# the one at work" in file.read_text() and "verify: no" in file.read_text()
    clouds.remove_entry("overcloud")
    assert yaml.safe_load(file.read_text()) == yaml.safe_load(OTHERS)
    assert "# the one at work" in file.read_text()


def test_the_same_entry_again_leaves_the_file_alone(file):
    deployed(OUTPUTS, HIDDEN)
    inode = file.stat().st_ino
    deployed(dict(OUTPUTS), dict(HIDDEN))
    assert file.stat().st_ino == inode
    deployed(OUTPUTS, {"AdminPassword": "another"})
    assert yaml.safe_load(file.read_text())["clouds"]["overcloud"]["auth"]["password"] == "another"


def test_a_cloud_without_keystone_gets_no_entry(file):
    deployed({}, HIDDEN)
    clouds.remove_entry("overcloud")
    assert not file.exists()


def test_the_region_has_a_default():
    assert clouds.entry({"KeystoneURL": "x"}, HIDDEN)["region_name"] == "regionOne"


@pytest.mark.parametrize(("content", "said"), [
    ("clouds: [", "is no YAML"), ("- a\n", "expected a mapping of clouds"), ("clouds: [a]\n", "expected a mapping"),
    ("just words\n", "expected a mapping of clouds"),
])
def test_a_file_that_is_no_clouds_file_is_named_and_left_alone(file, content, said):
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(InputError, match=said) as caught:
        deployed(OUTPUTS, HIDDEN)
    assert str(file) in str(caught.value) and "s3cret" not in str(caught.value)
    assert file.read_text() == content


def test_the_ca_that_signed_the_endpoints_certificate_is_named(file, tmp_path):
    from tests.certificates.made import CA, OTHER_CA, VIP, pair

    state = StackState(tmp_path, "overcloud")
    certificates = {"SSLCertificate": pair().certificate, "SSLRootCertificate": CA.certificate}
    outputs = {"KeystoneURL": f"https://{VIP}:13000", "KeystoneRegion": "regionTwo", "Certificates": certificates}
    clouds.keep_entry(state, outputs, HIDDEN)
    clouds.write_entry(state)
    named = yaml.safe_load(file.read_text())["clouds"]["overcloud"]
    assert Path(named["cacert"]).read_text() == CA.certificate and "ca" not in named
    # Signed by a CA that everybody knows: the one of the cloud's own, which services use, would be in the way.
    certificates["SSLRootCertificate"] = OTHER_CA.certificate
    clouds.keep_entry(state, outputs, HIDDEN)
    clouds.write_entry(state)
    assert "cacert" not in yaml.safe_load(file.read_text())["clouds"]["overcloud"]
