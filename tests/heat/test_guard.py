"""What runs away is refused, soon and with little memory; what is known to be cheap costs no other process."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from treadle.errors import TemplateError
from treadle.heat import evaluate
from treadle.heat.faults import Fault
from treadle.heat.functions.query import compiled
from treadle.heat.limits import guard
from treadle.heat.limits.runaway import SECONDS

HEAD = "heat_template_version: queens\n"
#: One evaluation in a process of its own: seconds by the clock, of the processor, memory of both processes, and what
#: was said.
PROGRAM = """
import resource, sys, time
from treadle.errors import TemplateError
from treadle.heat import evaluate
BOTH = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
def spent():
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, BOTH))
started, before = time.monotonic(), spent()
try:
    evaluate(sys.argv[1])
    said = "accepted"
except TemplateError as error:
    said = str(error)
# ru_maxrss of this process would begin with that of the one it was forked from.
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
peak += resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(time.monotonic() - started, spent() - before, peak / 1024)
print(said)
"""
MEGABYTES = 500
#: Of the processor: nothing waits, so that the clock of an idle machine says the same; that of a busy one may not.
SECONDS_IN_ALL = 1.0
CLOCK = 10.0

EXPRESSIONS = {
    "backtracking": "('a' + $.data.a).matches('^(a+)+$')",
    "backtracking in regex": "regex('^(a|a)*$').search($.data.a)",
    "backtracking in an operator": "$.data.a =~ '^(a*)*b'",
    "backtracking in split": "regex('(x+x+)+y').split($.data.x)",
    "backtracking in replace": "$.data.x.replace(regex('(x+x+)+y'), '')",
    "many repetitions": "$.data.a.matches('a*a*a*a*a*a*a*a*a*a*a*a*a*a*b')",
    "range": "range(1000000000000).where($ < 0).len()",
    "ranges in ranges": "range(9000).select(range(9000).select(range(9000).len()).sum()).sum()",
    "lists in lists": "let(x => $.data.n) -> $x.select($x.select($x.select($x.select($x.len()))))",
    "endless": "sequence().where($ < 0).first()",
    "endless generator": "generate(1, true, $ + 1).all()",
    "cycle": "[1].cycle().all()",
    "repeat": "'a'.repeat().all()",
    "copies of keys": "let(m => dict($.data.n.select([str($), 1]))) -> range(9000).select($m.keys().len())",
    "copies of copies": "let(m => dict($.data.n.select([str($), 1]))) -> range(9000).select($m.items().toList()).len()",
    "many patterns": "range(9000).select(regex('(a|b|c)+' + str($)).matches('x')).len()",
    "string times": "('a' * 800000) + ('b' * 800000) * 800000",
    "strings of strings": "$.data.n.reduce($1 + $1, 'aaaaaaaaaa')",
    "list times": "[1, 2, 3] * 1000000000",
    "lists of lists": "$.data.n.reduce([$1, $1, $1, $1, $1, $1, $1, $1], [])",
    "lists of lists compared": "$.data.n.reduce([$1, $1], []) = $.data.n.reduce([$1, $1], [])",
    "lists of lists, distinct": "[$.data.n.reduce([$1, $1], []), 1].distinct()",
    "power": "pow(9, pow(9, 9))",
    "shift": "shiftBitsLeft(1, 10000000000)",
    "product": "$.data.n.reduce($1 * $1, 1000000)",
    "replacement": r"('aaaaaaaaaa' * 5000).replace(regex('(?=(a*))'), '\\1\\1\\1\\1\\1\\1\\1\\1')",
    "parentheses": "(" * 100_000 + "1" + ")" * 100_000,
    "brackets": "[" * 1_900 + "]" * 1_900,
    "operators": "1" + " + 1" * 50_000,
    "digits": "1" * 60_000 + "a",
    "defined without end": "def(f, f($)) -> f(1)",
}
PATTERNS = {
    "nested": ("^(a+)+$", "a" * 40 + "!"),
    "alternatives": ("(a|aa)+$", "a" * 60 + "!"),
    "alike": ("(.*)*,(.*)*,x", "a" * 40),
    "sequence": ("a*a*a*a*a*a*a*a*a*a*a*a*b", "a" * 200),
    "back reference": (r"(a*)*\1b", "a" * 60),
    "in a look-ahead": ("(?=(a+)+b)a", "a" * 60),
    "parentheses": ("(" * 4000 + "a" + ")" * 4000, "a"),
    "long": ("a?" * 20_000, "a"),
    "huge count": ("((a{1,60000}){1,60000}){1,60000}b", "a" * 60),
}


def refused(folder: Path, text: str, place: str) -> None:
    template = folder / "t.yaml"
    template.write_text(text)
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(template)], capture_output=True, text=True, check=True)
    numbers, said = done.stdout.split("\n", 1)
    clock, processor, memory = map(float, numbers.split())
    assert place in said
    assert (processor < SECONDS_IN_ALL, clock < CLOCK, memory < MEGABYTES) == (True, True, True), numbers


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_expression_that_runs_away_is_refused(tmp_path, expression):
    quoted = expression.replace("'", "''")
    text = (HEAD + "outputs:\n  o:\n    value:\n      yaql:\n"
            f"        expression: '{quoted}'\n"
            f"        data: {{a: {'a' * 60}!, x: {'x' * 60}, n: {list(range(1000))}}}\n")
    refused(tmp_path, text, "t.yaml:6:9: outputs.o.value.yaql.expression: ")


@pytest.mark.parametrize(("pattern", "value"), PATTERNS.values(), ids=PATTERNS)
def test_a_pattern_that_runs_away_is_refused(tmp_path, pattern, value):
    text = (HEAD + f"parameters:\n  p:\n    type: string\n    default: '{value}'\n    constraints:\n"
            f"    - allowed_pattern: '{pattern}'\n")
    refused(tmp_path, text, "/t.yaml:")


def test_a_value_that_a_user_gives_is_guarded_too(tmp_path):
    template = tmp_path / "t.yaml"
    template.write_text(HEAD + "parameters:\n  p:\n    type: string\n    constraints:\n"
                        "    - allowed_pattern: '^(a+)+$'\n")
    with pytest.raises(TemplateError, match=f"more than {SECONDS} seconds") as caught:
        evaluate(template, parameters={"p": "a" * 60 + "!"})
    assert "p" in str(caught.value)


@pytest.mark.parametrize(("pattern", "text", "fits"), [
    ("[a-z]+", "abc", True), ("[a-z]+", "abc1", False), ("a|ab", "ab", False), ("^(a+)+$", "aaa", True), ("", "", True),
    ("(a*)*b", "a" * 10 + "b", True), ("(x+x+)+y", "x" * 8, False), (r"(?P<q>['\"]).*(?P=q)", "'a'", True),
    (r"\d{1,3}(\.\d{1,3}){3}", "192.168.24.1", True), ("(?i)A", "a", True), ("(?>a+)b", "aab", True),
])
def test_a_pattern_gives_what_pythons_re_gives(pattern, text, fits):
    match = re.match(pattern, text)
    assert guard.matches_whole(pattern, text) is (match is not None and match.end() == len(text)) is fits


@pytest.mark.parametrize(("pattern", "length", "cheap"), [
    ("[a-z]+", 5_000, True), ("[a-z]+", 100_000, False), (r"(\.|:)", 100_000, True), ("(?:https?://)?(.*?)/(.*)",
    120, True), ("([a-z0-9])([A-Z])", 200, True),
    (r"^(?:\d{1,3}\.){3}\d{1,3}/\d+$", 40, True), ("^(abc|def)$", 50_000, True), ("a{3}b", 50_000, True), ("", 0, True),
    ("(a+)+", 40, False), ("(a|a)*", 40, False), ("(a?){40}", 40, False), (".*.*.*.*.*x", 500, False), ("a{30000}b",
    50_000, False),
    ("((a{1,100}){1,100})b", 40, False), (r"(a*)*\1", 40, False), ("(?=(a*)*b)", 40, False), ("(a)?(?(1)b|c)",
    40, False),
])
def test_what_a_pattern_may_cost_is_known_before(pattern, length, cheap):
    assert (guard.cost(guard.compiled_pattern(pattern), length) <= guard.FREE) is cheap


@pytest.mark.parametrize(("text", "words"), [
    ("(", "not a regular expression"), ("a{99999999999}", "not a regular expression"), ("a" * 10_001, "longer than"),
    ("(" * 5000 + ")" * 5000, "nested too deep"), ("(?<=a+)b", "not a regular expression"),
])
def test_what_is_no_pattern_is_said_so(text, words):
    with pytest.raises(Fault, match=words):
        guard.compiled_pattern(text)


def test_after_a_refusal_the_next_question_is_answered():
    for _ in range(2):
        with pytest.raises(Fault, match="more than"):
            compiled(EXPRESSIONS["ranges in ranges"])(None)
        assert compiled("round(2.6)")(None) == 3.0


def test_much_data_gets_more_time():
    rows = [{"name": f"n{number % 7}", "text": "x" * 20} for number in range(3000)]
    groups = compiled("dict($.data.groupBy($.name, $.text, $.len()))")(rows)
    assert sum(groups.values()) == len(rows)


def test_an_answer_that_is_too_large_is_refused():
    with pytest.raises(Fault, match="too much memory"):
        compiled("let(x => 'a' * 700000) -> range(60).select($x + str(round($)))")(None)


def test_a_question_that_is_too_large_to_read_is_refused():
    with pytest.raises(Fault, match="too much memory"):
        guard.matches_whole("(a+)+", "a" * 200 * 2**20)
    assert guard.matches_whole("(a+)+", "aaa")


def test_an_interrupted_question_leaves_no_answer_for_the_next(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(guard, "_read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            compiled("round($.data)")(1)
    assert compiled("round($.data)")(2) == 2


def test_a_library_that_cannot_be_loaded_is_said_so(monkeypatch):
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if "site-packages" not in entry])
    monkeypatch.setattr(guard, "_helper", lambda _owner: guard._Helper())
    with pytest.raises(Fault, match="fails") as caught:
        compiled("round($.data)")(1)
    assert "is the yaql package installed?" in caught.value.hint


def test_many_threads_ask_at_once():
    found: dict[int, object] = {}

    def ask(number: int) -> None:
        try:
            found[number] = compiled("round($.data)" if number % 3 else EXPRESSIONS["ranges in ranges"])(number)
        except Fault as fault:
            found[number] = fault.message

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number for number in found if found[number] == number} == {1, 2, 4, 5, 7, 8}
    assert all("more than" in str(found[number]) for number in (0, 3, 6))


def test_a_forked_copy_of_the_process_has_a_helper_of_its_own():
    program = (
        "import os, threading\n"
        "from treadle.heat.functions.query import compiled\n"
        "threading.Thread(target=threading.Event().wait, args=(30,), daemon=True).start()\n"
        "ask = compiled('round($.data)')\n"
        "assert ask(1) == 1\n"
        "child = os.fork()\n"
        "assert [ask(n) for n in range(50)] == list(range(50))\n"
        "if child:\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "    assert ask(7) == 7\n"
        "    print('both')\n")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "both\n"


def test_the_helper_ends_with_its_owner():
    program = ("import os; from treadle.heat.functions.query import compiled; from treadle.heat.limits import guard\n"
               "compiled('round($.data)')(1)\n"
               "print(guard._helper(os.getpid())._process.pid, flush=True)\n"
               "os.kill(os.getpid(), 9)\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    helper = Path(f"/proc/{int(done.stdout)}/stat")
    for _ in range(100):
        if not helper.exists() or helper.read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("it is still there")
