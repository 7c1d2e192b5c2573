"""The small cloud that other tests change: all its services run what Puppet wrote."""

from __future__ import annotations

from tests.e2e.engine import PrivateEngine
from tests.e2e.small import LONG_RUNNING, OPTIONS, SmallCloud, inspected, lives, options


def test_every_service_runs_with_what_puppet_wrote(small: SmallCloud, light_engine: PrivateEngine) -> None:
    there = inspected(light_engine, small)
    assert set(there) == {*LONG_RUNNING, "setup"}
    assert all(there[name]["State"]["Status"] == "running" for name in LONG_RUNNING)
    assert all(small.taken(name)["options"] == OPTIONS for name in LONG_RUNNING if name != "cache")
    assert {name: small.ran(name) for name in ("setup", "cleanup")} == {"setup": 1, "cleanup": 1}
    assert small.ran("reader") == 1, "the exec, which runs in reader"


def test_a_second_deploy_does_nothing(small: SmallCloud, light_engine: PrivateEngine) -> None:
    before = lives(light_engine, small)
    assert "Nothing to do" in small.deploy().ok().out
    assert lives(light_engine, small) == before


def test_parameters_change_one_service(small: SmallCloud, light_engine: PrivateEngine) -> None:
    before = lives(light_engine, small)
    changed = small.values("changed", ReaderOptions=options(listen_backlog="20"))
    small.deploy(*changed).ok()
    after = lives(light_engine, small)
    assert {name for name in after if after[name] != before[name]} == {"reader"}
    assert small.taken("reader")["options"]["listen"] == {"backlog": "20"}
