"""Events as people read them."""

import io
import re

import pytest

from treadle.cli.progress import Live, Plain, renderer, text_of
from treadle.events import Event, Events


@pytest.mark.parametrize(("event", "text"), [
    (Event("phase.begin", "Plan"), "▶ Plan"),
    (Event("phase.end", "Plan", data={"seconds": 1.26}), "✓ Plan  1.3 s"),
    (Event("phase.fail", "Plan", node="n", data={"seconds": 0.04, "error": "x"}), "✗ Plan  0.0 s"),
    (Event("action.begin", "restart keystone"), None),
    (Event("action.end", "restart keystone", node="n", data={"why": "config: x 1 → 2", "seconds": 2.0}),
     "    n: restart keystone (config: x 1 → 2)  2.0 s"),
    (Event("action.fail", "restart keystone", node="n"), "    n: failed: restart keystone"),
    (Event("generate.volume.end", "config volume nova", data={"seconds": 3.0}), "    config volume nova  3.0 s"),
    (Event("generate.plan", "1 of 2"), None),
    (Event("generate.output", "Notice: x", subject="nova"), None),
    (Event("generate.plain", "config volume nova: a Puppet of its own: x is another", node="n"),
     "    n: config volume nova: a Puppet of its own: x is another"),
    (Event("generate.retry", "config volume nova: it took too long; attempt 2 of 2"),
     "    config volume nova: it took too long; attempt 2 of 2"),
    (Event("host_prep.task", "folder", data={"changed": True}), "    folder"),
    (Event("host_prep.task", "folder", data={"changed": False}), None),
    (Event("command.end", "overcloud deploy"), None),
    (Event("lock.broken", "took over"), "    took over"),
    (Event("heat.resource.begin", "overcloud.A CREATE_IN_PROGRESS"), None),
    (Event("heat.resource.end", "overcloud.A CREATE_COMPLETE"), "    overcloud.A CREATE_COMPLETE"),
    (Event("heat.resource.fail", "overcloud.A CREATE_FAILED", data={"why": "no room"}),
     "    failed: overcloud.A CREATE_FAILED (no room)"),
])
def test_text(event, text):
    assert text_of(event) == text


def test_plain_lines_carry_the_time():
    out = io.StringIO()
    shown = Plain(out)
    events = Events(shown)
    with events.span("phase", "Plan"):
        events.emit("generate.plan", "for the journal")
    shown.close()
    assert re.fullmatch(r"\[ +0\.\ds\] ▶ Plan\n\[ +0\.\ds\] ✓ Plan  0\.0 s\n", out.getvalue())


def test_live_lines_take_text_as_it_is(capsys):
    """Square brackets are no markup: option names stand in them."""
    shown = Live()
    events = Events(shown)
    with events.span("phase", "Plan"), events.span("action", "restart k", why="k.conf [token] [/x] 1 → 2"):
        pass
    shown.close()
    said = capsys.readouterr().err
    assert "restart k (k.conf [token] [/x] 1 → 2)" in said and "✓ Plan" in said


def test_the_live_line_names_a_few_of_many(monkeypatch):
    shown, lines = Live(), []
    monkeypatch.setattr(shown._status, "update", lines.append)
    for number in range(6):
        shown(Event("heat.resource.begin", f"r{number}", subject=f"r{number}"))
    shown.close()
    assert lines[0] == "r0" and lines[-1] == "r0 · r1 · r2 · r3 · and 2 more"


def test_the_live_line_has_the_last_that_puppet_said(monkeypatch):
    shown, lines = Live(), []
    monkeypatch.setattr(shown._status, "update", lines.append)
    for kind, text in (("volume.begin", "config volume nova"), ("output", "Notice: [one]"), ("output", "x" * 100),
                       ("volume.end", "config volume nova"), ("output", "too late")):
        shown(Event(f"generate.{kind}", text, node="n", subject="nova"))
    shown.close()
    assert lines == ["config volume nova", "nova: Notice: \\[one]", f"nova: {'x' * 60}", "", ""]


def test_where_there_is_no_terminal_lines_are_plain():
    assert isinstance(renderer(), Plain)
