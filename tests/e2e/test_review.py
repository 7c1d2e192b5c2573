"""What a change would do is shown before it is done, and what was done can be traced to its author and file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.engine import PrivateEngine
from tests.e2e.several import SeveralNodes
from tests.e2e.small import lives, options


@pytest.fixture(scope="module")
def two(folder: Path, light_engine: PrivateEngine, number: int) -> Iterator[SeveralNodes]:
    made = SeveralNodes.on(number, "two", folder / "two", light_engine.url)
    made.count = 2
    made.write_files()
    made.deploy().ok()
    yield made
    made.run("openstack", "overcloud", "delete", "--stack", made.name, "--yes").ok()


def test_a_generation_is_reviewed_before_it_is_propagated(two: SeveralNodes, light_engine: PrivateEngine) -> None:
    before, files = lives(light_engine, two), two.bytes()
    assert "No configuration differs." in two.overcloud("config", "diff").ok().out
    made = two.generated(*two.values("more", ReaderOptions=options(listen_backlog="11"),
                                     ReloaderOptions=options(log_debug="true")), "--message", "more backlog")
    said = two.overcloud("config", "diff").ok().out
    assert f"  reader.conf [listen] backlog 10 → 11 on {', '.join(two.names)}" in said
    assert "-backlog = 10\n+backlog = 11" in said and "\033" not in said
    tail = said[said.index("What instantiating it would do"):]
    assert tail.index("step 1: restart reader") < tail.index("step 3: reload reloader")
    assert tail.count("restart reader") == 1 and f"{', '.join(two.names)}: 1 to reload, 1 to restart" in tail
    one = json.loads(two.overcloud("config", "diff", "--node", two.names[1], "--service", "reader", "--format",
                                   "json").ok().out)
    [option] = one["options"]
    assert (option["old"], option["new"], option["nodes"]) == ("10", "11", [two.names[1]]) and one["to"] == made
    [consequence] = one["consequences"]
    assert [(a["action"], a["container"]) for a in consequence["actions"]] == [("restart", "reader")]
    stat = two.overcloud("config", "diff", "--stat").ok().out
    assert "reader: 1 file on 2 nodes" in stat and "What" not in stat
    assert lives(light_engine, two) == before and two.bytes() == files
    for words, hint in ((["--node", "two"], f"did you mean {two.name}-"), (["--service", "readr"], "mean reader?"),
                        (["--role", "Smal"], "mean Small?"), (["newst"], "did you mean newest?")):
        done = two.overcloud("config", "diff", *words)
        assert done.code == 1 and hint in done.err and "Traceback" not in done.err, done.text


def test_a_changed_password_shows_as_changed(two: SeveralNodes) -> None:
    """And neither what it was nor what it is."""
    first = two.generated()
    passwords = (two.state / two.name / "passwords.yaml").read_text()
    second = two.generated("-e", two.environment("password", RabbitPassword="another+secret/value"))
    said = two.overcloud("config", "diff", first[:12], second).ok().out
    assert "reader.conf [database] password @secret:RabbitPassword@ (changed)" in said
    [old] = [line.split(": ")[1] for line in passwords.splitlines() if line.startswith("RabbitPassword")]
    assert old not in said and "another" not in said


def test_an_option_is_traced_to_author_and_line(two: SeveralNodes) -> None:
    file = Path(two.environment("blamed", ReaderOptions=options(listen_backlog="14")))
    made = two.generated("-e", str(file), "--message", "bug 14")
    two.generated("-e", str(file), *two.values("after", ReloaderOptions=options(log_debug="true")))
    ask = ("config", "blame", two.names[0], "reader", "etc/small/reader.conf")
    said = two.overcloud(*ask, "listen/backlog").ok().out
    assert f"generation {made[:12]}" in said and ": bug 14" in said and " → 14" in said
    assert "from hiera data service_configs small::reader.listen.backlog" in said
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "backlog" in text)
    assert f"blamed.yaml:{line}:" in said
    known = json.loads(two.overcloud(*ask, "backlog", "--format", "json").ok().out)
    assert (known["generation"], known["value"], known["message"]) == (made, "14", "bug 14")
    file.write_text(file.read_text() + "# edited\n")
    moved = two.overcloud(*ask, "backlog").ok().out
    assert "environments are not any more what this generation was made from" in moved
    first = two.names[0]
    for words, hint in ((["two", "reader", "x", "y"], "did you mean"), ([first, "readr", "x", "y"], "mean reader?"),
                        ([first, "reader", "reader.conf", "y"], "mean etc/small/reader.conf?"),
                        ([first, "reader", "etc/small/reader.conf", "backlg"], "mean backlog?")):
        done = two.overcloud("config", "blame", *words)
        assert done.code == 1 and hint in done.err and "Traceback" not in done.err, done.text
