"""How often a node that is another machine is spoken to: once a step, and not at all where nothing is to be done."""

from types import SimpleNamespace

import msgspec
import pytest

from tests.support import Heard, node_plan
from treadle.instantiate import Action, Kind
from treadle.node.held import Held
from treadle.node.wire import encode
from treadle.plan.nodeplan import PuppetConfig
from treadle.rollout.remote.agent import RemoteAgent
from treadle.rollout.walk import Walk

TASK = PuppetConfig("setup", "notice('x')", "i")


class Line:
    """Stands for the connection: what would go over it, message by message."""

    def __init__(self):
        self.asked = []

    def call(self, verb, _request, _recorded=None):
        self.asked.append(verb)
        answers = {"left": [], "held": Held("g"), "containers": 1}
        return msgspec.Raw(encode(answers.get(verb)))


@pytest.mark.parametrize(("fields", "steps"), [
    ({}, {1: ["containers"], 2: [], 3: ["containers"]}),
    ({"docker_puppet_tasks": {1: [], 2: [TASK], 3: [], 4: [], 5: []}},
     {1: ["containers"], 2: ["bootstrap"], 3: ["containers"]}),
    ({"step_config": "include hosts"},
     {1: ["host", "containers"], 2: ["host"], 3: ["host", "containers"], 4: ["host"], 5: ["host"]}),
])
def test_messages_of_a_deploy_step_by_step(fields, steps):
    plan = node_plan({1: {"a": {"image": "i"}}, 3: {"b": {"image": "i"}}}, **fields)
    line = Line()
    agent = RemoteAgent(plan, line, Held, lambda _: None)
    walk = Walk(None, SimpleNamespace(forks=1, ansible=lambda _: None), [agent], Heard().events())
    actions = (Action(Kind.CREATE, "a", 1), Action(Kind.CREATE, "b", 3))
    for step in range(1, 6):
        line.asked.clear()
        walk.step(step, {plan.node: actions})
        assert line.asked == steps.get(step, [])
    walk.verify()
    assert line.asked[-3:] == ["left", "instantiated", "held"]
