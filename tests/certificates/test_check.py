"""What is given of certificates is good for the cloud, or is refused in words that name the parameter."""

import ssl

import pytest

from tests.certificates.made import CA, NAME, NODE, NODE_NAME, NOW, OTHER_CA, VIP, encrypted, later, pair
from treadle.certificates.authority import issue, new_authority
from treadle.certificates.check import anchors, ending, problems

GOOD, INNER, NAMELESS = pair(), pair(VIP, NODE, NODE_NAME), pair(VIP, NODE)
EXPIRED_CA = new_authority("old CA", later(-400), 399)


def endpoints(host=VIP, public="https", internal="http"):
    def end(protocol, at):
        return {"protocol": protocol, "host_nobrackets": at}

    return {"KeystonePublic": end(public, host), "KeystoneInternal": end(internal, VIP),
            "MysqlInternal": end("mysql+pymysql", VIP)}


def found(ends=None, *, key=GOOD.key, inner_key=INNER.key, **given):
    certificates = {"SSLCertificate": GOOD.certificate, "SSLRootCertificate": CA.certificate, **given}
    keys = {"SSLKey": key, "InternalTLSKey": inner_key}
    return [(problem.parameter, problem.message)
            for problem in problems(certificates, keys, ends or endpoints(), {NODE_NAME: [NODE]}, NOW)]


def test_what_was_made_is_good():
    assert found() == []
    assert found(endpoints(NAME)) == []
    assert found(endpoints(internal="https"), EnableInternalTLS=True, InternalTLSCertificate=INNER.certificate) == []
    assert found(endpoints(public="http"), SSLCertificate="", SSLRootCertificate="") == []


@pytest.mark.parametrize(("given", "parameter", "said"), [
    ({"SSLCertificate": ""}, "EndpointMap", "KeystonePublic is https, and there is no certificate for it"),
    ({"ends": endpoints(public="http")}, "SSLCertificate", "there is a certificate, and no public endpoint is https"),
    ({"SSLCertificate": "nonsense"}, "SSLCertificate", "expected a certificate in PEM"),
    ({"key": ""}, "SSLKey", "there is no key for the certificate"),
    ({"key": "nonsense"}, "SSLKey", "expected a private key in PEM"),
    ({"key": encrypted(GOOD.key)}, "SSLKey", "the key is encrypted"),
    ({"key": INNER.key}, "SSLKey", "the key is not that of SSLCertificate"),
    ({"ends": endpoints("192.0.2.9")}, "SSLCertificate", f"not valid for 192.0.2.9 (public endpoints), but for {VIP}"),
    ({"ends": endpoints("a.b.example.com")}, "SSLCertificate", "not valid for a.b.example.com"),
    ({"SSLRootCertificate": ""}, "SSLCertificate", "signed by a CA that nobody trusts"),
    ({"SSLRootCertificate": OTHER_CA.certificate}, "SSLCertificate", "signed by none of SSLRootCertificate"),
    ({"SSLRootCertificate": CA.certificate * 2}, "SSLRootCertificate", "expected one certificate in PEM"),
    ({"CAMap": {"more": {"content": "nonsense"}}}, "CAMap", "expected one certificate in PEM in CAMap.more, got none"),
    ({"CAMap": {"../more": {"content": CA.certificate}}}, "CAMap", "'../more' is no name for a CA"),
    ({"EnableInternalTLS": True}, "InternalTLSCertificate", "there is no certificate"),
    ({"EnableInternalTLS": True, "InternalTLSCertificate": GOOD.certificate, "inner_key": GOOD.key},
     "InternalTLSCertificate", f"not valid for {NODE} (a node's address)"),
    ({"EnableInternalTLS": True, "InternalTLSCertificate": NAMELESS.certificate, "inner_key": NAMELESS.key},
     "InternalTLSCertificate", f"not valid for {NODE_NAME} (a node's name)"),
])
def test_what_is_refused(given, parameter, said):
    named, message = found(**given)[0]
    assert named == parameter
    assert said in message


@pytest.mark.parametrize(("made", "root", "said"), [
    (pair(begin=later(-400)), CA, "the certificate ended on 2026-10-"),
    (pair(begin=later(2)), CA, "the certificate is valid from 2026-11-22"),
    (pair(authority=EXPIRED_CA, begin=later(-399), days=800), EXPIRED_CA, "the certificate ended on"),
])
def test_a_certificate_out_of_its_time_is_refused(made, root, said):
    assert said in found(key=made.key, SSLCertificate=made.certificate, SSLRootCertificate=root.certificate)[0][1]


def test_a_wildcard_stands_for_one_label():
    made = pair("*.example.com")
    given = {"key": made.key, "SSLCertificate": made.certificate}
    assert found(endpoints("cloud.example.com"), **given) == []
    for host in ("a.b.example.com", "example.com", VIP):
        assert "not valid for" in found(endpoints(host), **given)[0][1]


def test_certificates_between_lead_to_the_root():
    """In SSLIntermediateCertificate, or behind the certificate itself; without them nobody could follow."""
    between = between_ca()
    made = issue(between, "cloud", [VIP], NOW, 30)
    given = {"key": made.key, "SSLCertificate": made.certificate}
    assert "signed by none of" in found(**given)[0][1]
    assert found(**given, SSLIntermediateCertificate=between.certificate) == []
    assert found(key=made.key, SSLCertificate=made.certificate + between.certificate) == []


def between_ca():
    """A CA that CA signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    from treadle.certificates.authority import Pair

    made, root = new_authority("between", NOW, 100), CA.parsed
    signer = serialization.load_pem_private_key(CA.key.encode(), None)
    own = made.parsed
    builder = x509.CertificateBuilder(issuer_name=root.subject, subject_name=own.subject, public_key=own.public_key(),
                                      serial_number=7, not_valid_before=own.not_valid_before_utc,
                                      not_valid_after=own.not_valid_after_utc)
    for extension in own.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    signed = builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    return Pair(signed, made.key)


def test_users_are_given_the_ca_that_the_public_certificate_leads_to():
    given = {"SSLCertificate": GOOD.certificate, "CAMap": {"own": {"content": CA.certificate}}}
    assert anchors({**given, "SSLRootCertificate": OTHER_CA.certificate}) == CA.certificate
    assert anchors({"SSLCertificate": GOOD.certificate, "SSLRootCertificate": OTHER_CA.certificate}) == ""
    assert anchors({}) == ""


def test_what_ends_soon_is_told():
    given = {"SSLCertificate": GOOD.certificate, "InternalTLSCertificate": ""}
    assert list(ending(given, later(330))) == []
    assert list(ending(given, later(340))) == ["SSLCertificate ends on 2027-11-21"]


def test_a_real_client_takes_what_was_made(tmp_path):
    """OpenSSL's own rules: the name, the address, the chain, the purpose; and not with another CA."""
    (tmp_path / "pem").write_text(GOOD.certificate + GOOD.key)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(tmp_path / "pem")
    now = pair(begin=NOW.now(NOW.tzinfo))
    (tmp_path / "pem").write_text(now.certificate + now.key)
    server.load_cert_chain(tmp_path / "pem")
    for host, root, taken in ((VIP, CA, True), (NAME, CA, True), ("192.0.2.11", CA, False), (VIP, OTHER_CA, False)):
        assert shakes(server, ssl.create_default_context(cadata=root.certificate), host) is taken, (host, root)


def shakes(server, client, host):
    """Whether a handshake in memory comes to its end."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname=host)
    other = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(5):
        done = []
        for side in (one, other):
            try:
                side.do_handshake()
                done.append(side)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError:
                return False
        if len(done) == 2:
            return True
    return False
