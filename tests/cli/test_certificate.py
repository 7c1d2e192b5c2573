"""The command that makes certificates, and the deploy that refuses those that are no good; nothing runs."""

import re
import stat
from pathlib import Path

import pytest
import yaml

from treadle.cli.main import main

PROJECT = Path(__file__).parents[2]
SSL = PROJECT / "environments/ssl"
VIPS = {name: [{"ip_address": "192.0.2.10"}] for name in ("ControlFixedIPs", "PublicVirtualFixedIPs")}


pytestmark = pytest.mark.usefixtures("files")


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with a nodes file and an environment; certificates come there too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TREADLE_STATE", str(tmp_path / "state"))
    node = {"name": "node-0", "role": "Standalone", "address": "192.0.2.1"}
    Path("nodes.yaml").write_text(yaml.safe_dump({"nodes": [node]}))
    Path("cloud.yaml").write_text(yaml.safe_dump({"parameter_defaults": {**VIPS, "CloudName": "cloud.example.com"}}))
    return tmp_path


def words(*environments):
    return ["--nodes", "nodes.yaml", *(word for file in ("cloud.yaml", *environments) for word in ("-e", str(file)))]


def generate(*more):
    return main(["certificate", "generate", *words(), *more])


def refused(capsys, *environments):
    assert main(["deploy", "--check", *words(*environments)]) == 1
    return capsys.readouterr().err


def parameters(file="certificates.yaml"):
    return yaml.safe_load(Path(file).read_text())["parameter_defaults"]


def test_it_makes_what_a_cloud_needs_and_again_nothing(files, capsys):
    assert generate("--name", "also.example.com") == 0
    said = capsys.readouterr().out
    assert "for 192.0.2.10, also.example.com, cloud.example.com" in said
    assert re.search(r"certificate between services: new.*\n  for 192.0.2.1, 192.0.2.10, .*node-0", said)
    for name in ("certificates.yaml", "certificates-ca.pem"):
        assert stat.S_IMODE((files / name).stat().st_mode) == 0o600
    assert set(parameters()) == {"SSLRootCertificate", "SSLCertificate", "SSLKey", "InternalTLSCertificate",
                                 "InternalTLSKey"}
    before = parameters()
    assert generate() == 0
    assert parameters() == before and "new" not in capsys.readouterr().out
    assert not (files / "state").exists()


def test_one_that_is_named_is_renewed_alone():
    generate()
    before = parameters()
    assert generate("--renew", "internal") == 0
    after = parameters()
    assert {name for name in before if before[name] != after[name]} == {"InternalTLSCertificate", "InternalTLSKey"}


@pytest.mark.parametrize(("spoil", "said"), [
    (lambda: Path("certificates.yaml").write_text("parameter_defaults: {Debug: true}\n"), "is not what this command"),
    (lambda: Path("certificates-ca.pem").unlink(), "the CA that signed the certificates in certificates.yaml is not"),
    (lambda: Path("certificates-ca.pem").write_text("x"), "certificate and key do not fit each other"),
    (lambda: Path("certificates.yaml").write_text(
        Path("certificates.yaml").read_text().replace("BEGIN PRIVATE", "BEGIN")), "SSLCertificate: certificate and"),
])
def test_what_another_wrote_or_is_damaged_is_left_as_it_is(capsys, spoil, said):
    generate()
    spoil()
    before = Path("certificates.yaml").read_text()
    assert generate("--renew", "ca") == 1
    assert said in capsys.readouterr().err
    assert Path("certificates.yaml").read_text() == before


@pytest.mark.parametrize(("more", "said"), [
    (("--name", "not a name"), "--name: 'not a name' is neither a DNS name nor an address"),
    (("--nodes", "none.yaml"), "none.yaml: --nodes: there is no such file"),
])
def test_arguments_that_cannot_be_used(capsys, more, said):
    assert generate(*more) == 1
    assert said in capsys.readouterr().err
    assert not Path("certificates.yaml").exists()


def test_a_deploy_refuses_what_is_no_good_with_file_and_key(files, capsys):
    generate()
    ip, made = SSL / "tls-endpoints-public-ip.yaml", files / "certificates.yaml"
    text = made.read_text()
    assert re.search(r"public-ip.yaml:\d+:3: parameter_defaults.EndpointMap: \w+ is https", refused(capsys, ip))
    line = text.splitlines().index("  SSLCertificate: |") + 1
    assert f"certificates.yaml:{line}:3: parameter_defaults.SSLCertificate: there is a certificate, and no" in \
        refused(capsys, made)
    given = parameters()
    given["SSLKey"] = given["InternalTLSKey"]
    Path("swapped.yaml").write_text(yaml.safe_dump({"parameter_defaults": given}))
    said = refused(capsys, ip, "swapped.yaml")
    assert re.search(r"swapped.yaml:\d+:\d+: parameter_defaults.SSLKey: the key is not that of SSLCertificate", said)
    assert not any(line in said for line in given["SSLKey"].splitlines())
    Path("moved.yaml").write_text("parameter_defaults: {PublicVirtualFixedIPs: [{ip_address: 192.0.2.20}]}\n")
    assert "SSLCertificate: the certificate is not valid for 192.0.2.20 (public endpoints)" in \
        refused(capsys, ip, made, "moved.yaml")
    assert made.read_text() == text
