"""A cloud whose stack a Heat service holds is the same cloud."""

from __future__ import annotations

from tests.e2e.cloud import Cloud
from tests.e2e.engine import PrivateEngine
from tests.e2e.test_cloud import containers
from tests.heat.heat_server import HeatServer
from treadle.heat.remote import connect_endpoint


def test_a_cloud_made_through_heat_is_the_one_made_in_process(
        another: Cloud, engine: PrivateEngine, heat_service: HeatServer) -> None:
    done = another.deploy("--heat", "remote", "--heat-endpoint", heat_service.endpoint).ok()
    assert f"{another.name}.StandaloneServiceChain CREATE_COMPLETE" in done.text
    assert "differs" not in done.text
    assert another.token()["id"]
    made = containers(engine, another)
    assert another.planned() == {}
    assert "Nothing to do" in another.deploy().ok().out
    assert containers(engine, another) == made
    another.run("openstack", "overcloud", "delete", "--stack", another.name, "--yes").ok()
    assert connect_endpoint(heat_service.endpoint).stack(another.name) is None
    assert containers(engine, another) == {}
