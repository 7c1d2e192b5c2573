"""Events reach every listener, without secrets, and a span tells how it ended."""

import pytest

from tests.support import Heard
from treadle.events import Event, Events, silent


def test_every_listener_hears_the_same():
    one, two = Heard(), Heard()
    events = Events(one.append, two.append, clock=lambda: 7.0)
    events.emit("first", "text", node="n", step="3", subject="s", number=1)
    assert one == two == [Event("first", "text", "n", "3", "s", {"number": 1}, 7.0)]


def test_secrets_are_masked_wherever_they_stand():
    heard = Heard()
    events = heard.events()
    events.emit("a", "pw")
    events.masked_by(lambda text: text.replace("pw", "***"))
    events.emit("a", "pw", why="pw", deep={"list": ["pw", ("pw",)], "n": 1})
    assert heard[0].text == "pw"
    assert (heard[1].text, heard[1].data) == ("***", {"why": "***", "deep": {"list": ["***", ["***"]], "n": 1}})


def test_a_span_that_ends_well():
    heard = Heard()
    with heard.events().span("work", "text", node="n", why="w"):
        pass
    assert heard.kinds() == ["work.begin", "work.end"]
    assert heard[0].data == {"why": "w"} and heard[1].data["seconds"] >= 0 and heard[1].node == "n"


@pytest.mark.parametrize("error", [ValueError("pw is wrong"), KeyboardInterrupt("pw is wrong")])
def test_a_span_that_fails(error):
    heard = Heard()
    events = Events(heard.append, mask=lambda text: text.replace("pw", "***"))
    with pytest.raises(type(error)), events.span("work", "text"):
        raise error
    assert heard.kinds() == ["work.begin", "work.fail"] and heard[1].data["error"] == "*** is wrong"


def test_nobody_hears_silence():
    with silent().span("work"):
        silent().emit("x")
