"""Passwords are made once and never change; they are safe wherever templates put them."""

import base64
import os
import re

from hypothesis import given
from hypothesis import strategies as st

from treadle.plan.passwords import complete

names = st.sampled_from(["AdminPassword", "RabbitCookie", "KeystoneFernetKeys", "KeystoneCredential0", "X"])


@given(st.lists(names), st.lists(names))
def test_what_is_there_never_changes(first, second):
    before = complete({}, first, os.urandom)
    after = complete(before, second, os.urandom)
    assert {name: after[name] for name in before} == before
    assert after.keys() == set(first) | set(second)


def test_empty_values_are_filled():
    filled = complete({"A": "", "B": None, "C": {}, "D": "kept"}, "ABCD", os.urandom)
    assert filled["D"] == "kept" and all(filled[name] for name in "ABC")


def test_same_randomness_gives_the_same_password_and_biased_bytes_are_thrown_away():
    assert complete({}, ["A"], lambda n: b"\x00" * n) == {"A": "a" * 25}
    stream = iter([b"\xff" * 25, b"\xf8" * 25, bytes(range(25))])
    assert complete({}, ["A"], lambda _: next(stream)) == {"A": "abcdefghijklmnopqrstuvwxy"}


def test_kinds():
    made = complete({}, ["AdminPassword", "RabbitCookie", "KeystoneFernetKeys", "KeystoneCredential0"], os.urandom)
    assert re.fullmatch(r"[A-Za-z0-9]{25}", made["AdminPassword"])
    assert re.fullmatch(r"[A-Za-z0-9]{20}", made["RabbitCookie"])
    assert len(base64.urlsafe_b64decode(made["KeystoneCredential0"])) == 32
    keys = made["KeystoneFernetKeys"]
    assert sorted(keys) == ["/etc/keystone/fernet-keys/0", "/etc/keystone/fernet-keys/1"]
    assert keys["/etc/keystone/fernet-keys/0"] != keys["/etc/keystone/fernet-keys/1"]
