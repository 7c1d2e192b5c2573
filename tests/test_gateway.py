"""Every mutation goes through one gateway: audited, and stopped by the first failure."""

import pytest

from tests.support import Heard
from treadle.errors import StepFailed
from treadle.gateway import Gateway


def test_done_and_audited():
    heard = Heard()
    assert Gateway(heard.events(), "n").do("restart", "keystone", "config changed", lambda: 7, step="3") == 7
    begin, end = heard
    assert (begin.kind, begin.text, begin.node, begin.step, begin.subject) == (
        "action.begin", "restart keystone", "n", "3", "keystone")
    assert begin.data == {"action": "restart", "why": "config changed"} and end.kind == "action.end"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_a_failure_nothing_more_is_begun(error):
    heard, done = Heard(), []
    gateway = Gateway(heard.events())

    def fail():
        raise error

    with pytest.raises(error):
        gateway.do("create", "a", "", fail)
    with pytest.raises(StepFailed, match="create b was not begun"):
        gateway.do("create", "b", "", lambda: done.append("b"))
    assert done == [] and heard.kinds() == ["action.begin", "action.fail"]


def test_stopped_from_outside():
    gateway = Gateway(Heard().events())
    gateway.stopped.set()
    with pytest.raises(StepFailed):
        gateway.do("create", "a", "", lambda: None)
