"""Our driver among Neutron's: found by its name, every ordinary port bound, and what no agent tells of told."""

import pytest

from tests.images import inside

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def said():
    return inside.said("neutron-server", "neutron_driver.py")


def test_ordinary_ports_are_bound_without_an_agent_and_others_are_left_alone(said):
    assert said["bound"] == {"normal": ["one", "tap", "ACTIVE"], "direct": [None, "unbound", None],
                             "no segment": [None, "unbound", None]}


def test_floating_ips_and_ports_of_routers_work_at_once_where_no_agent_would_tell(said):
    assert said["no agent"] == said["DHCP agent"] == [
        ["made for a port", "ACTIVE"], ["associated", "ACTIVE"], ["dissociated", "DOWN"],
        ["interface", "ACTIVE"], ["gateway", "ACTIVE"]]
    assert said["L3 agent"] == []
