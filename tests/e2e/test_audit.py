"""Who did what to a real cloud, and how it ended; a stack that a person locked is left alone."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.engine import PrivateEngine
from tests.e2e.small import SmallCloud, lives, options


def run(cloud: SmallCloud, *words: str) -> Any:
    return cloud.run("openstack", "overcloud", *words, "--stack", cloud.name)


def audit(cloud: SmallCloud) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(run(cloud, "audit", "-f", "json").ok().out)
    return found


def test_a_locked_stack_is_left_alone_until_it_is_unlocked(small: SmallCloud, light_engine: PrivateEngine) -> None:
    words = small.values("locked", ReloaderOptions=options(listen_backlog="20"))
    run(small, "lock", "--message", "new switches until noon").ok()
    before = lives(light_engine, small)
    for refused in (small.deploy(*words), run(small, "service", "restart", "reloader", "--yes"),
                    run(small, "delete", "--yes"), run(small, "setting", "set", "a", "b"), run(small, "lock")):
        assert refused.code == 1 and "new switches until noon" in refused.err, refused.text
        assert "openstack overcloud unlock" in refused.err
    assert lives(light_engine, small) == before
    assert json.loads(run(small, "status", "-f", "json").ok().out)
    small.check(*words)
    run(small, "unlock").ok()
    small.deploy(*words).ok()
    assert {name for name, held in lives(light_engine, small).items() if before[name] != held} == {"reloader"}


def test_the_audit_says_who_did_what_and_a_killed_deploy_was_cut_off(small: SmallCloud) -> None:
    words = small.deploy_words("--yes", "--message", "for bug 7",
                               *small.values("audited", ReaderOptions=options(listen_backlog="30")))
    with small.killed_when(*words, says="▶ Step 1"):
        *_, killed = audit(small)
    assert (killed["Outcome"], killed["Why"]) == ("cut off", "for bug 7")
    run(small, "service", "restart", "reader", "--yes", "--message", "it leaks").ok()
    small.run(*words).ok()
    assert small.deploy("--environment-file", "/nowhere.yaml").code == 1
    *_, killed, restarted, again, failed = audit(small)
    assert killed["Outcome"] == "cut off", "also when others ran later"
    assert restarted["What"] == "overcloud service restart reader" + f" --stack {small.name}"
    assert restarted["Why"] == "it leaks" and restarted["Outcome"].startswith("done in ")
    assert again["Generation"] == killed["Generation"] != "" and again["Outcome"].startswith("done in ")
    assert failed["Outcome"].startswith("failed: ") and "/nowhere.yaml" in failed["Outcome"]
    assert "audited.yaml" in again["What"] and len({entry["Who"] for entry in audit(small)}) == 1


def test_a_line_that_was_changed_is_found(small: SmallCloud) -> None:
    run(small, "audit", "verify").ok()
    path = small.state / small.name / "journal.jsonl"
    text = path.read_text()
    number = next(n for n, line in enumerate(text.splitlines(), 1) if "for bug 7" in line)
    path.write_text(text.replace("for bug 7", "for bug 8", 1))
    done = run(small, "audit", "verify")
    assert done.code == 1 and f"line {number + 1} does not continue the one before" in done.err
    path.write_text(text)
    run(small, "audit", "verify").ok()
