"""When containers last took their configuration: known without asking the engine, unless the answer matters."""

import pytest

from tests.instantiate.test_plan import THERE_AND_BACK, changed, there, wanted
from treadle.instantiate.taken import Taken, TakenRecord


@pytest.mark.parametrize(("known", "container", "expected", "asked"), [
    (Taken("id-c", 600.0), there(), {"c": 600.0}, False),      # after the change at 500: nobody need ask
    (Taken("id-c", 400.0), there(), {"c": 550.0}, True),       # somebody may have restarted it
    (Taken("other", 600.0), there(), {"c": 550.0}, True),    # another container of that name
    (Taken("id-c", 450.0), there("exited", "Exited (0) now"), {"c": 450.0}, False),
    (None, there("exited", "Exited (0) now"), {"c": 0.0}, False),
    (None, there(), {"c": 550.0}, True),
    (None, None, {}, False),
])
def test_when_it_took_it(tmp_path, known, container, expected, asked):
    questions = []
    record = TakenRecord(tmp_path / "taken.json", {"c": known} if known else {})
    times = record.times([wanted(sources=[changed()])], {"c": container} if container else {},
                         lambda c: questions.append(c) or 550.0)
    assert (times, bool(questions)) == (expected, asked)


def test_what_was_started_between_a_change_and_its_way_back_lacks_the_way_back(tmp_path):
    """It took f0 at 200 by the record, and was started again at 400, when there was f1: now there is f0 again."""
    item, record = wanted(sources=[THERE_AND_BACK]), TakenRecord(tmp_path / "taken.json", {"c": Taken("id-c", 200.0)})
    times = record.times([item], {"c": there()}, lambda _: 400.0)
    assert times == {"c": 400.0} and item.unseen(times["c"]) and not item.unseen(200.0)


def test_without_configuration_nobody_is_asked(tmp_path):
    record = TakenRecord.read(tmp_path / "taken.json")
    assert record.times([wanted(sources=[])], {"c": there()}, lambda _: pytest.fail("asked")) == {"c": 0.0}


def test_it_is_kept_at_once(tmp_path):
    TakenRecord.read(tmp_path / "taken.json").note("c", "id", 5.0)
    TakenRecord.read(tmp_path / "taken.json").note("d", "id2", 6.0)
    assert TakenRecord.read(tmp_path / "taken.json").entries == {"c": Taken("id", 5.0), "d": Taken("id2", 6.0)}
