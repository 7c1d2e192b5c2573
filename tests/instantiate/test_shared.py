"""What shares another container's namespaces or mounts goes its way."""

from dataclasses import replace

import pytest

from tests.instantiate.test_plan import ended, there, wanted
from treadle.instantiate.plan import Action, Kind
from treadle.instantiate.shared import following

DB = "id-db"
NET, PID, MOUNTS = {"net": "container:db"}, {"pid": "container:db"}, {"volumes_from": ["db:ro"]}


def act(name, kind, observed, reasons=(), **entry):
    return Action(kind, name, 3, reasons or ((f"r-{name}",) if kind is not Kind.NONE else ()),
                  wanted(name, **entry), observed)


@pytest.mark.parametrize(("first", "entry", "second", "joined", "kind", "said"), [
    (Kind.RECREATE, NET, Kind.NONE, DB, Kind.RECREATE, ["db, whose net it shares, is made anew"]),
    (Kind.CREATE, PID, Kind.RELOAD, "", Kind.RECREATE, ["r-b", "db, whose pid it shares, is made anew"]),
    (Kind.RECREATE, MOUNTS, Kind.RESTART, "", Kind.RECREATE, ["r-b", "db, whose volumes_from it shares, is made anew"]),
    (Kind.RESTART, NET, Kind.NONE, DB, Kind.RESTART, ["db, whose net it shares, is started anew"]),
    (Kind.START, PID, Kind.RELOAD, "", Kind.RESTART, ["r-b", "db, whose pid it shares, is started anew"]),
    (Kind.RESTART, MOUNTS, Kind.NONE, "", Kind.NONE, []),
    (Kind.RELOAD, NET, Kind.NONE, DB, Kind.NONE, []),
    (Kind.NONE, NET, Kind.NONE, DB, Kind.NONE, []),
    # a deploy was killed between the two
    (Kind.NONE, NET, Kind.NONE, "id-of-before", Kind.RECREATE, ["db, whose net it shares, was made anew"]),
    (Kind.RECREATE, NET, Kind.RECREATE, DB, Kind.RECREATE, ["r-b"]),
    (Kind.RECREATE, {}, Kind.NONE, "", Kind.NONE, []),
])
def test_what_follows(first, entry, second, joined, kind, said):
    db = act("db", first, None if first is Kind.CREATE else there(name="db"))
    shares = act("b", second, replace(there(name="b"), joined=joined), **entry)
    found = following([db, shares])
    assert found[0] == db
    assert (found[1].kind, list(found[1].reasons)) == (kind, said)


def test_it_goes_on_from_one_to_the_next():
    chain = [act("db", Kind.RECREATE, there(name="db")), act("b", Kind.NONE, there(name="b"), **PID),
             act("c", Kind.NONE, there(name="c"), pid="container:b")]
    assert [action.kind for action in following(chain)] == [Kind.RECREATE] * 3


def test_what_does_not_run_or_is_not_there_or_was_stopped_on_purpose_does_not_follow():
    for left in (act("b", Kind.START, ended(0, name="b"), **PID), act("b", Kind.CREATE, None, **PID),
                 act("b", Kind.RUN, ended(0, name="b"), detach=False, **PID),
                 replace(act("b", Kind.NONE, ended(0, name="b"), **PID), held="stopped by me")):
        assert following([act("db", Kind.RESTART, there(name="db")), left])[1] == left
