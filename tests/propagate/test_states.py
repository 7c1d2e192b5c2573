"""What a piece of configuration holds, since when, and what somebody who took it earlier has not seen."""

import msgspec
import pytest

from tests.support import state
from treadle.propagate import Delta, Revision, VolumeState, VolumeStates, intend, remember

BEFORE = state((100.0, "f1", ["old"]), generation="g1")
FIRST = BEFORE.revisions[0]


def after(fingerprint, *deltas, repaired=False, kept=(FIRST,)):
    found = tuple(Delta(words) for words in deltas)
    return VolumeState(fingerprint, "g2", (*kept, Revision(200.0, "g2", fingerprint, found, repaired)))


@pytest.mark.parametrize(("before", "fingerprint", "deltas", "expected"), [
    (None, "f1", ["w"], after("f1", "w", kept=())),
    (None, "f1", None, after("f1", kept=())),
    (BEFORE, "f1", None, msgspec.structs.replace(BEFORE, generation="g2")),
    (BEFORE, "f2", ["w"], after("f2", "w")),
    # A run was killed after the files were written and before this was: containers may not have them yet.
    (BEFORE, "f2", None, after("f2")),
    # Somebody had changed the files by hand: containers may have seen that.
    (BEFORE, "f1", ["w"], after("f1", "w", repaired=True)),
    # A run was killed while it wrote: what it intended differs from what containers have, whatever is left of it.
    (msgspec.structs.replace(BEFORE, intended=(Delta("i"), Delta("w"))), "f2", ["w"], after("f2", "i", "w")),
    (msgspec.structs.replace(BEFORE, intended=(Delta("i"),)), "f2", None, after("f2", "i")),
    (msgspec.structs.replace(BEFORE, intended=(Delta("i"),)), "f1", None, msgspec.structs.replace(
        BEFORE, generation="g2")),
])
def test_since_when_a_piece_holds_what_it_holds(tmp_path, before, fingerprint, deltas, expected):
    states = VolumeStates({"volume:v": before} if before else {})
    remember(states, "volume:v", fingerprint, "g2", None if deltas is None else [Delta(w) for w in deltas], 200.0)
    states.write(tmp_path / "states/volumes.json")
    assert VolumeStates.read(tmp_path / "states/volumes.json").volumes == {"volume:v": expected}


@pytest.mark.parametrize(("known", "noted"), [
    (None, None), (BEFORE, (Delta("w"),)),
    (msgspec.structs.replace(BEFORE, intended=(Delta("i"),)), (Delta("i"), Delta("w"))),
    (msgspec.structs.replace(BEFORE, intended=(Delta("w"),)), None),
])
def test_what_is_intended_is_noted_once(known, noted):
    states = VolumeStates({"volume:v": known} if known else {})
    assert intend(states, "volume:v", [Delta("w")]) is (noted is not None)
    assert not noted or states.volumes["volume:v"].intended == noted


TWICE = state((100.0, "f1", ["a"]), (200.0, "f2", ["b"]), (300.0, "f3", ["c"]))
BACK = state((100.0, "f1", ["a"]), (200.0, "f2", ["b"]), (300.0, "f1", ["c"]))
REPAIRED = msgspec.structs.replace(TWICE, revisions=(*TWICE.revisions[:2], Revision(
    300.0, "g", "f2", (Delta("hand"),), repaired=True)), fingerprint="f2")


@pytest.mark.parametrize(("piece", "taken", "unseen"), [
    (TWICE, 301.0, ""), (TWICE, 300.0, "c"), (TWICE, 250.0, "c"), (TWICE, 150.0, "bc"), (TWICE, 50.0, "abc"),
    (BACK, 150.0, ""), (BACK, 250.0, "c"), (BACK, 50.0, "abc"),
    (REPAIRED, 250.0, ["hand"]), (REPAIRED, 301.0, ""),
])
def test_what_was_not_seen(piece, taken, unseen):
    assert [delta.words for revision in piece.unseen(taken) for delta in revision.deltas] == list(unseen)


def test_only_the_latest_revisions_are_kept():
    states = VolumeStates()
    for number in range(30):
        remember(states, "volume:v", f"f{number}", "g", [Delta(str(number))], float(number))
    assert [r.at for r in states.volumes["volume:v"].revisions] == [float(n) for n in range(10, 30)]


def test_no_states_yet(tmp_path):
    assert VolumeStates.read(tmp_path / "absent.json").volumes == {}
