"""Which runs are worth repeating, which refusals of the engine are worth asking again, and how an end is told."""

import docker
import pytest
import requests

from treadle.engine import Engine
from treadle.errors import EngineError
from treadle.generate.container import passing
from treadle.generate.job import Job
from treadle.generate.runner import LATE, LOST, Result
from treadle.plan.nodeplan import PuppetConfig

CONFIG = PuppetConfig("v", "m", "i")
GENERATE, TASK = Job(CONFIG), Job(CONFIG, 3, "host", archive=False)


@pytest.mark.parametrize(("job", "exit_code", "again"), [
    (GENERATE, 0, False), (GENERATE, 2, False), (TASK, 0, False), (TASK, 2, False),
    # The same input gives the same errors; a task talks to services that may not have been ready.
    (GENERATE, 1, False), (GENERATE, 4, False), (GENERATE, 6, False), (TASK, 1, True), (TASK, 4, True), (TASK, 6, True),
    (GENERATE, LATE, True), (GENERATE, LOST, True), (GENERATE, 137, True), (TASK, LATE, True),
])
def test_worth_repeating(job, exit_code, again):
    assert Result(job, exit_code, "", None, None).worth_repeating is again


@pytest.mark.parametrize(("exit_code", "words"), [
    (LATE, "it took too long"), (LOST, "the engine lost it"), (6, "puppet apply ended with 6")])
def test_how_it_ended(exit_code, words):
    assert Result(GENERATE, exit_code, "", None, None).ending == words


def refusal(status):
    response = requests.Response()
    response.status_code = status
    return docker.errors.APIError("refused", response)


@pytest.mark.parametrize(("cause", "again"), [
    (refusal(500), True), (refusal(503), True), (refusal(400), False), (refusal(404), False), (refusal(409), False),
    (requests.ConnectionError("gone"), True), (requests.ReadTimeout("slow"), True), (OSError("reset"), True),
    (docker.errors.InvalidVersion("no"), False),
])
def test_the_engine_is_asked_again_where_it_stumbled(cause, again):
    def refuse(_):
        raise cause

    engine = Engine("unix:///nowhere")
    engine._mine.client = object()
    with pytest.raises(EngineError) as caught:
        engine.call("create x", refuse)
    assert passing(caught.value) is again


def test_other_errors_are_not_the_engines():
    assert not passing(EngineError("no container engine answers")) and not passing(ValueError("x"))
