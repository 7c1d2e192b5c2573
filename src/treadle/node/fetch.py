"""Images that a registry has, brought to the node."""

from __future__ import annotations

from treadle.engine import Engine
from treadle.events import Events
from treadle.plan.nodeplan import NodePlan
from treadle.registry import pull, registry_of


def fetch(plan: NodePlan, engine: Engine, events: Events) -> list[str]:
    """Pull what the engine lacks of the plan's images whose names say a registry; gives their names. Other images are
    never pulled. Raises EngineError."""
    named = [image for image in plan.images() if registry_of(image)]
    there = engine.image_ids(named) if named else {}
    missing = [image for image in named if image not in there]
    for image in missing:
        with events.span("image.pull", f"pull {image}", node=plan.node):
            pull(engine, image)
    return missing
