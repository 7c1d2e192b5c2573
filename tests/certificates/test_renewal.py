"""Only what is due, or named, is made anew."""

import pytest

from tests.certificates.made import NAME, NODE, NOW, VIP, later
from treadle.certificates.renewal import Holding, Wanted, renewed

HOSTS = {"public": frozenset([VIP, NAME]), "internal": frozenset([VIP, NODE])}
FIRST, SAID = renewed(Holding(), Wanted(HOSTS, NAME, 365), NOW)


def made_anew(*, hosts=None, now=NOW, anew=(), days=365, known=FIRST):
    holding, said = renewed(known, Wanted({**HOSTS, **(hosts or {})}, NAME, days), now, anew)
    for name in ("public", "internal"):
        assert (holding.certificates[name] != known.certificates[name]) == bool(said[name])
        holding.certificates[name].parsed.verify_directly_issued_by(holding.authority.parsed)
        assert holding.certificates[name].fits
    assert (holding.authority != known.authority) == bool(said["ca"])
    return {name: why for name, why in said.items() if why}


def test_the_first_time_all_is_made():
    assert set(SAID) == {"ca", "public", "internal"} and all(SAID.values())
    assert FIRST.certificates["public"].hosts == HOSTS["public"]


@pytest.mark.parametrize(("given", "said"), [
    ({}, {}),
    ({"now": later(240)}, {}),
    ({"now": later(250)}, {"public": "it ends on 2027-11-21", "internal": "it ends on 2027-11-21"}),
    ({"now": later(400)}, {"public": "it ended on 2027-11-21", "internal": "it ended on 2027-11-21"}),
    ({"anew": ["public"]}, {"public": "it was named"}),
    ({"anew": ["ca"]}, {"ca": "it was named", "public": "its CA is new", "internal": "its CA is new"}),
    ({"hosts": {"internal": HOSTS["internal"] | {"192.0.2.2"}}}, {"internal": "it was not valid for 192.0.2.2"}),
    ({"hosts": {"internal": frozenset([VIP])}}, {}),
])
def test_what_is_due(given, said):
    assert made_anew(**given) == said


def test_a_ca_that_would_end_before_what_it_signs_is_due():
    assert made_anew(now=later(3300))["ca"] == "it ends on 2036-11-18"


def test_a_certificate_of_another_ca_is_due():
    """So what a kill between the two files leaves is put right."""
    other, _ = renewed(Holding(), Wanted(HOSTS, NAME, 365), NOW)
    mixed = Holding(other.authority, FIRST.certificates)
    assert made_anew(known=mixed) == dict.fromkeys(("public", "internal"), "another CA had signed it")


def test_further_names_are_kept_until_it_is_named():
    more = HOSTS["public"] | {"also.example.com"}
    known, _ = renewed(FIRST, Wanted({**HOSTS, "public": more}, NAME, 365), NOW)
    later_on, _ = renewed(known, Wanted(HOSTS, NAME, 365), later(300))
    assert later_on.certificates["public"].hosts == more
    begun_anew, _ = renewed(known, Wanted(HOSTS, NAME, 365), NOW, ["public"])
    assert begun_anew.certificates["public"].hosts == HOSTS["public"]


def test_no_certificate_outlives_its_ca():
    holding, _ = renewed(Holding(), Wanted(HOSTS, NAME, 5000), NOW)
    ends = holding.certificates["public"].parsed.not_valid_after_utc
    assert ends <= holding.authority.parsed.not_valid_after_utc
