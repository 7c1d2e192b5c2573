"""A CA of the cloud's own, and the certificates that it signs.

Keys are ECDSA on P-256: every TLS 1.2 and 1.3 client takes them, and a handshake costs a tenth of RSA's. Source of the
extensions: RFC 5280, section 4.2; RFC 6125 (names of servers stand in subjectAltName).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: The clocks of nodes and users may be behind by this.
_BEHIND = timedelta(hours=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, both in PEM."""

    certificate: str
    key: str

    @property
    def parsed(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate.encode())

    @property
    def hosts(self) -> frozenset[str]:
        """Names and addresses that the certificate is valid for."""
        return hosts_of(self.parsed)

    @property
    def fits(self) -> bool:
        """Whether they belong together. Raises ValueError or TypeError for what is no certificate or key."""
        key = serialization.load_pem_private_key(self.key.encode(), None)
        return public_bytes(key.public_key()) == public_bytes(self.parsed.public_key())


def public_bytes(key: PublicKeyTypes | CertificatePublicKeyTypes) -> bytes:
    """A public key in a form that can be compared."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def hosts_of(certificate: x509.Certificate) -> frozenset[str]:
    """Names and addresses in subjectAltName; a client looks nowhere else."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset([*names.get_values_for_type(x509.DNSName),
                      *(str(address) for address in names.get_values_for_type(x509.IPAddress))])


def signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def new_authority(name: str, now: datetime, days: int) -> Pair:
    """A CA that signs servers' certificates, and no other CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _subject(name)
    builder = _begun(subject, subject, key, now, now + timedelta(days=days)) \
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True) \
        .add_extension(_usage(signs=True), critical=True)
    return _signed(builder, key, key)


def issue(authority: Pair, name: str, hosts: Iterable[str], now: datetime, days: int) -> Pair:
    """A server's certificate for ``hosts``, names and addresses; never for longer than the CA's own."""
    key, ca = ec.generate_private_key(ec.SECP256R1()), authority.parsed
    signer = serialization.load_pem_private_key(authority.key.encode(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    until = min(now + timedelta(days=days), ca.not_valid_after_utc)
    issued_by = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = _begun(_subject(name), ca.subject, key, now, until) \
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True) \
        .add_extension(_usage(signs=False), critical=True) \
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False) \
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issued_by), critical=False) \
        .add_extension(x509.SubjectAlternativeName([_general(host) for host in sorted(hosts)]), critical=False)
    return _signed(builder, key, signer)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime,
           until: datetime) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key(),
                                   serial_number=x509.random_serial_number(), not_valid_before=now - _BEHIND,
                                   not_valid_after=until) \
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
                         key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                         decipher_only=False)


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey,
            signer: ec.EllipticCurvePrivateKey) -> Pair:
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())
    certificate = builder.sign(signer, hashes.SHA256())
    return Pair(certificate.public_bytes(serialization.Encoding.PEM).decode(), text.decode())
