"""Images that configuration is generated in are fetched ahead of an update: to generate, a node needs them."""

from __future__ import annotations

from collections.abc import Sequence

from treadle.errors import InputError
from treadle.events import Events
from treadle.plan.nodeplan import NodePlan
from treadle.rollout import tasks
from treadle.rollout.reach import Reach


def from_registry(image: str) -> bool:
    """Whether the name of an image says from which registry it comes: ``192.0.2.1:8787/treadle/keystone:2025.1``."""
    first, slash, _ = image.partition("/")
    return bool(slash) and (first == "localhost" or "." in first or ":" in first)


def fetch(plans: Sequence[NodePlan], reach: Reach, events: Events) -> None:
    """Have each node's engine pull the images of its puppet_configs that it lacks. Nothing that runs is touched.
    Raises InputError for an image that is nowhere to be had."""
    agents = [reach.agent(plan) for plan in plans]
    reach.open(agents)
    phases = []
    for agent in agents:
        there = agent.images()
        missing = sorted({config.image for config in agent.plan.puppet_configs} - set(there))
        for image in missing:
            if not from_registry(image):
                raise InputError(f"the engine of {agent.plan.node} has no image {image}, and its name says no registry",
                                 hint=f"build it, or copy it there: docker save {image} | ssh NODE docker load")
        pulls = [{"name": f"pull {image}", "command": {"argv": ["docker", "pull", image]}} for image in missing]
        phases.append(tasks.Phase("images", pulls, [agent.plan]))
    tasks.run(phases, reach.ansible, events, forks=reach.forks)
