"""Masking and restoring are inverse, and nothing of a secret is left in what is masked."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.secrets import Secrets, flatten

PASSWORD = "s3cr&t/pass+word="


@given(st.dictionaries(st.from_regex(r"[A-Z][a-z]{1,6}", fullmatch=True), st.text(min_size=6, max_size=20), max_size=4),
       st.lists(st.one_of(st.binary(max_size=20), st.sampled_from([b"@secret:", b"@secret:A@", b"@"])), max_size=8),
       st.data())
def test_restore_undoes_mask(values, parts, data):
    secrets = Secrets(values)
    for value in values.values():
        parts.insert(data.draw(st.integers(0, len(parts))), value.encode("utf-8", "surrogatepass"))
    text = b"".join(parts)
    assert secrets.restore_bytes(secrets.mask_bytes(text)) == text


@pytest.mark.parametrize("form", [
    PASSWORD,
    f"mysql://keystone:{quote(PASSWORD, safe='')}@host/db",
    base64.b64encode(PASSWORD.encode()).decode(),
    base64.b64encode(f"user:{PASSWORD}".encode()).decode(),
    base64.b64encode(f"u:{PASSWORD}:tail".encode()).decode(),
    base64.b64encode(f"me:{PASSWORD}x".encode()).decode(),
    f"one {PASSWORD} two {PASSWORD}",
])
def test_every_encoding_is_masked(form):
    secrets = Secrets({"KeystonePassword": PASSWORD})
    masked = secrets.mask(form)
    assert "@secret:KeystonePassword" in masked
    assert secrets.found_in(form) == "KeystonePassword"
    assert secrets.found_in(masked) is None
    assert secrets.restore_bytes(masked.encode()).decode() == form


def test_a_key_in_pem_is_masked_where_yaml_indents_it():
    key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqG\nSM49AgEGCCqGSM49\nAw==\n-----END PRIVATE KEY-----\n"
    secrets = Secrets({"SSLKey": key})
    indented = "".join(f"    {line}\n" for line in key.splitlines())
    masked = secrets.mask_bytes(indented.encode())
    assert b"MIGH" not in masked and b"SM49" not in masked and b"BEGIN PRIVATE KEY" in masked
    assert secrets.restore_bytes(masked) == indented.encode()
    assert secrets.mask_bytes(f"certificate\n{key}".encode()) == b"certificate\n@secret:SSLKey@"


def test_longer_secret_wins_and_short_values_stay():
    secrets = Secrets({"Long": "abcdefgh", "Inner": "abcdef", "Tiny": "80"})
    assert secrets.mask("abcdefgh abcdef 80") == "@secret:Long@ @secret:Inner@ 80"


def test_unknown_mark_is_named():
    with pytest.raises(KeyError, match="Gone"):
        Secrets().restore_bytes(b"x @secret:Gone@")


def test_flatten_names_what_is_inside():
    assert flatten("Keys", {"/etc/k/0": {"content": "AAAAAA"}, "n": 1, "l": ["b"]}) == {
        "Keys[/etc/k/0][content]": "AAAAAA", "Keys[l][0]": "b"}
