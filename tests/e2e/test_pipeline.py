"""A change of a cloud of three nodes as a pipeline: generated, looked at, propagated, instantiated, taken back."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.engine import PrivateEngine
from tests.e2e.several import SeveralNodes
from tests.e2e.small import lives, options


@pytest.fixture(scope="module")
def three(folder: Path, light_engine: PrivateEngine, number: int) -> Iterator[SeveralNodes]:
    made = SeveralNodes.on(number, "three", folder / "three", light_engine.url)
    made.write_files()
    made.deploy().ok()
    yield made
    made.run("openstack", "overcloud", "delete", "--stack", made.name, "--yes").ok()


def git(cloud: SeveralNodes, *words: str, folder: Path | None = None) -> str:
    where = ["-C", str(folder)] if folder else ["--git-dir", str(cloud.state / cloud.name / "history.git")]
    done = subprocess.run(["git", *where, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_one_command_generates_propagates_and_instantiates(three: SeveralNodes, light_engine: PrivateEngine) -> None:
    """Out of the box."""
    before = lives(light_engine, three)
    words = three.values("one", ReaderOptions=options(listen_backlog="11"), ReloaderOptions=options(log_debug="true"))
    done = three.overcloud("reconfigure", *three.inputs(*words), "--yes", "--batch", "1,100%",
                     "--message", "more backlog").ok()
    assert "▶ Batch 1 of 2: " in done.err and "▶ Batch 2 of 2: " in done.err
    after = lives(light_engine, three)
    assert {name for name in before if before[name] != after[name]} == {"0-reader", "1-reader", "2-reader"}
    for node in range(3):
        assert three.works_with(node)["listen_backlog"] == "11"
        assert three.works_with(node, "reloader")["log_debug"] == "true"
    newest = git(three, "rev-parse", "generated")
    assert three.held() == [newest] * 3 and git(three, "log", "-1", "--format=%s") == "more backlog"
    again = three.overcloud("reconfigure", *three.inputs(*words), "--yes").ok()
    assert "Nothing to do" in again.out and git(three, "rev-parse", "generated") == newest
    assert "Nothing to do" in three.deploy(*words).ok().out


def test_a_labelled_generation_goes_to_the_nodes_in_pieces(three: SeveralNodes, light_engine: PrivateEngine) -> None:
    """Version controlled: edit, generate, label, propagate by label, instantiate."""
    before, files = lives(light_engine, three), three.bytes()
    made = three.generated(*three.values("label", ReaderOptions=options(listen_backlog="12"),
                                         ReloaderOptions=options(listen_backlog="12")))
    git(three, "tag", "spring", made)
    assert three.bytes() == files and lives(light_engine, three) == before
    # One service of one node first, by hand changed there meanwhile.
    three.conf(0).write_text(three.conf(0).read_text() + "# by hand\n")
    done = three.overcloud("config", "propagate", "spring", "--node", three.names[0], "--service", "reader",
                           "--yes").ok()
    kept = list((three.place(0) / f"var/lib/treadle/{three.name}/node/kept").rglob("reader.conf"))
    assert "volume:reader was changed by hand" in done.err and kept[0].read_text().endswith("# by hand\n")
    assert "backlog = 12" in three.conf(0).read_text() and "backlog = 12" not in three.conf(0, "reloader").read_text()
    assert lives(light_engine, three) == before and three.held()[0] == ""
    refused = three.overcloud("config", "instantiate", "spring", "--yes")
    assert refused.code == 1 and f"{three.names[1]} holds generation" in refused.err, refused.text
    three.overcloud("config", "instantiate", "reader", "--node", three.names[0], "--yes").ok()
    after = lives(light_engine, three)
    assert {name for name in before if before[name] != after[name]} == {"0-reader"}
    # Then all.
    three.overcloud("config", "propagate", "spring", "--yes").ok()
    three.overcloud("config", "instantiate", "spring", "--yes", "--batch", "2").ok()
    assert three.held() == [made] * 3
    assert [three.works_with(node, name)["listen_backlog"] for node in range(3) for name in ("reader", "reloader")] == [
        "12"] * 6


def test_what_a_colleague_merged_is_taken_from_the_review_server(three: SeveralNodes, tmp_path: Path) -> None:
    """Git review: pushed to a bare repository, merged there by another author, nodes served from its URL and ref."""
    made = three.generated(*three.values("review", ReaderOptions=options(listen_backlog="13")))
    server, desk = tmp_path / "review.git", tmp_path / "desk"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "production", str(server)], check=True)
    git(three, "push", "-q", str(server), f"{made}~:refs/heads/production", f"{made}:refs/heads/changes/1")
    subprocess.run(["git", "clone", "-q", str(server), str(desk)], check=True)
    colleague = ["-c", "user.name=Colleague", "-c", "user.email=colleague@example.org"]
    git(three, *colleague, "merge", "-q", "--no-ff", "-m", "Reviewed", "origin/changes/1", folder=desk)
    git(three, "push", "-q", "origin", "production", folder=desk)
    merged = git(three, "rev-parse", "HEAD", folder=desk)
    source = ["--source", server.as_uri(), "--ref", "production"]
    three.overcloud("config", "propagate", *source, "--yes").ok()
    three.overcloud("config", "instantiate", "--yes", "--batch", "100%").ok()
    assert three.held() == [merged] * 3
    assert [three.works_with(node)["listen_backlog"] for node in range(3)] == ["13"] * 3
    # The branch is taken back: refused. A file is edited there by hand: refused.
    git(three, "push", "-q", "-f", "origin", f"{made}~:refs/heads/production", folder=desk)
    files = three.bytes()
    refused = three.overcloud("config", "propagate", *source, "--yes")
    assert refused.code == 1 and "production moved: it was" in refused.err and three.bytes() == files, refused.text
    edited = desk / f"nodes/{three.names[0]}/reader/etc/small/reader.conf"
    edited.write_text(edited.read_text() + "x = 1\n")
    git(three, *colleague, "commit", "-qam", "by hand", folder=desk)
    git(three, "push", "-q", "origin", "HEAD:refs/heads/production", "-f", folder=desk)
    refused = three.overcloud("config", "propagate", *source, "--moved", "--yes")
    assert refused.code == 1 and "reader.conf is not what was generated" in refused.err and three.bytes() == files
    gone = three.overcloud("config", "propagate", "--source", (tmp_path / "gone.git").as_uri(), "--ref", "x", "--yes")
    assert gone.code == 1 and "check the address" in gone.err and "Traceback" not in gone.err, gone.text


def test_a_node_that_fails_stops_all_and_the_way_back_restores_every_byte(
        three: SeveralNodes, light_engine: PrivateEngine) -> None:
    good, files = three.held()[0], three.bytes()
    bad = three.generated(*three.values("bad", ReaderOptions=options(log_prefix="bad")))
    three.overcloud("config", "propagate", "--yes").ok()
    before = lives(light_engine, three)
    with three.sick(1):
        done = three.overcloud("config", "instantiate", bad, "--yes")
    assert done.code == 1 and "config rollback --to-last-good" in done.err, done.text
    assert [line.partition(";")[0] for line in done.out.splitlines() if line.startswith(three.name)][-3:] == [
        f"{three.names[0]}: done", f"{three.names[1]}: failed", f"{three.names[2]}: untouched"]
    after = lives(light_engine, three)
    assert {name for name in before if before[name] != after[name]} <= {"0-reader", "1-reader"}
    assert three.works_with(2)["log_prefix"] == "one"
    three.overcloud("config", "rollback", "--to-last-good", "--yes", "--message", "it does not bear it").ok()
    assert three.bytes() == files
    assert [three.works_with(node)["log_prefix"] for node in range(3)] == ["one"] * 3
    assert git(three, "rev-parse", "generated^{tree}") == git(three, "rev-parse", f"{good}^{{tree}}")
    assert git(three, "log", "-1", "--format=%s") == f"Roll back to {good[:12]}: it does not bear it"
    assert set(three.held()) == {git(three, "rev-parse", "generated")}


def test_a_failure_takes_itself_back_where_that_was_asked_for(three: SeveralNodes) -> None:
    files = three.bytes()
    words = three.values("bad", ReaderOptions=options(log_prefix="bad"))
    with three.sick(1):
        done = three.overcloud("reconfigure", *three.inputs(*words), "--yes", "--auto-rollback")
    assert done.code == 1 and "all nodes went back" in done.err, done.text
    assert three.bytes() == files and [three.works_with(node)["log_prefix"] for node in range(3)] == ["one"] * 3


def test_a_saved_plan_is_done_to_the_letter_or_refused(three: SeveralNodes, light_engine: PrivateEngine) -> None:
    words = three.values("plan", ReaderOptions=options(listen_backlog="14"))
    file, before = str(three.folder / "plan.json"), lives(light_engine, three)
    three.run(*three.deploy_words(*words, "--plan-out", file)).ok()
    assert lives(light_engine, three) == before
    light_engine.docker("restart", "-t", "0", f"{three.names[1]}-reader")
    light_engine.docker("stop", "-t", "0", f"{three.names[2]}-reloader")
    moved = three.overcloud("deploy", "--plan", file)
    assert moved.code == 1 and "the world moved" in moved.err and "reloader was" in moved.err, moved.text
    assert "backlog = 14" not in three.conf(0).read_text()
    light_engine.docker("start", f"{three.names[2]}-reloader")
    three.overcloud("deploy", "--plan", file).ok()
    assert [three.works_with(node)["listen_backlog"] for node in range(3)] == ["14"] * 3
    again = three.overcloud("deploy", "--plan", file)
    assert again.code == 1 and "held generation" in again.err, again.text


@pytest.mark.parametrize(("words", "said"), [
    (["propagate", "nonsense"], "no generation is called nonsense"),
    (["propagate", "--node", "three-9"], "--node: no node is called three-9"),
    (["propagate", "--service", "raeder"], "did you mean reader?"),
    (["propagate", "--ref", "x"], "--source URL"),
    (["propagate", "--source", "https://me:word@example.org/x", "--ref", "x"], "credential helper"),
    (["instantiate", "raeder"], "did you mean reader?"),
    (["instantiate", "--batch", "0"], "--batch: 0 is no size of a batch"),
    (["rollback", "nonsense"], "no generation is called nonsense"),
])
def test_what_cannot_be_is_refused(three: SeveralNodes, words: list[str], said: str) -> None:
    files = three.bytes()
    done = three.overcloud("config", *words, "--yes")
    assert done.code == 1 and said in done.err and "Traceback" not in done.err, done.text
    assert three.bytes() == files


def test_a_push_of_the_repository_leaks_nothing(three: SeveralNodes, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "copy.git")], check=True)
    git(three, "push", "-q", "--mirror", str(tmp_path / "copy.git"))
    objects = subprocess.run(["git", "cat-file", "--batch-all-objects", "--batch"], check=True, capture_output=True,
                             env={**os.environ, "GIT_DIR": str(tmp_path / "copy.git")}).stdout
    vault = json.loads((three.state / three.name / "vault.json").read_text())
    values = [value for known in vault.values() for value in known.values() if len(value) > 5]
    assert len(values) > 5 and not [value for value in values if value.encode() in objects]


def test_each_verb_killed_at_a_random_moment_is_finished_by_itself(three: SeveralNodes) -> None:
    dice = random.Random(seed := os.environ.get("TREADLE_KILL_SEED") or str(random.SystemRandom().randrange(10**9)))
    print(f"TREADLE_KILL_SEED={seed}")

    def killed_then(*words: str) -> str:
        """The command killed, then run to its end; gives what that printed."""
        whole = ["treadle", *words, "--stack", three.name]
        with three.killed_when(*whole, says="▶", after=dice.uniform(0, 3)):
            return three.run(*whole).ok().out

    for backlog in ("21", "22"):
        before = three.bytes()
        values = three.values("killed", ReaderOptions=options(listen_backlog=backlog))
        killed_then("config", "generate", *three.inputs(*values))
        assert three.bytes() == before
        made = git(three, "rev-parse", "generated")
        killed_then("config", "propagate", made, "--yes")
        assert all(f"backlog = {backlog}" in three.conf(node).read_text() for node in range(3))
        after = three.bytes()
        killed_then("config", "instantiate", made, "--yes", "--batch", "2")
        assert three.held() == [made] * 3
        assert [three.works_with(node)["listen_backlog"] for node in range(3)] == [backlog] * 3
        killed_then("config", "rollback", "--yes", "--batch", "2")
        assert three.bytes() == before != after
        assert set(three.held()) == {git(three, "rev-parse", "generated")}
        killed_then("reconfigure", *three.inputs(*values), "--yes", "--batch", "2")
        assert three.bytes() == after
        assert [three.works_with(node)["listen_backlog"] for node in range(3)] == [backlog] * 3
    git(three, "fsck", "--strict")
