"""Plans come back as they were; what they share is kept, and held in memory, once."""

import msgspec

from tests.plan.test_build import cloud
from tests.support import node, node_plan
from treadle.plan.build import build
from treadle.rollout.keptplans import decode, encode


def test_plans_of_a_cloud_come_back():
    plans = build(cloud())
    back = decode(encode(plans))
    assert back == plans and back[0].hieradata["all_nodes"] is back[2].hieradata["all_nodes"]
    assert list(back[0].hieradata) == list(plans[0].hieradata)


def test_plans_that_share_nothing_come_back():
    plans = [node_plan(node="a", hieradata={"x": {"k": 1}}), node_plan(node="b", hieradata={"x": {"k": 2}, "y": {}})]
    assert decode(encode(plans)) == plans and decode(encode([])) == []


def test_a_file_of_a_version_that_kept_each_whole_is_read():
    plans = build(cloud())
    assert decode(msgspec.json.encode(plans)) == plans


def test_the_file_grows_with_the_nodes_and_not_with_their_square():
    sizes = []
    for count in (50, 100, 200):
        nodes = [node(f"ctl-{at}", address=f"192.0.{at // 250}.{at % 250 + 1}") for at in range(count)]
        sizes.append(len(encode(build(cloud(nodes=nodes)))))
    assert sizes[2] - sizes[1] < 2.2 * (sizes[1] - sizes[0])
