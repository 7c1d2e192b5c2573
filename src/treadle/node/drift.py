"""Looks at a node for what somebody changed by hand since it was deployed. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from treadle.engine import Engine, Observed
from treadle.events import silent
from treadle.generate import ConfigTree
from treadle.instantiate import shown, tree_deltas
from treadle.instantiate.drift import Seen
from treadle.node.agent import NodeAgent
from treadle.node.aside import Volumes
from treadle.node.configuration import pieces
from treadle.node.deployed import deployed_plan, deployed_trees
from treadle.node.hands import inspected, listed
from treadle.plan.nodeplan import NodePlan


class Remembering(Engine):
    """The engine, with the ids of images that it has no more where a container that runs still tells them."""

    def __init__(self, engine: Engine, plan: NodePlan, there: Mapping[str, Observed]) -> None:
        super().__init__(engine.url)
        wanted = {name: c.image for step in plan.docker_config.values() for name, c in step.items() if c.image}
        self._known = {image: there[name].image_id for name, image in wanted.items() if name in there}
        self.missing: set[str] = set()

    def image_ids(self, names: Iterable[str]) -> dict[str, str]:
        wanted = set(names)
        found = super().image_ids(wanted)
        self.missing |= wanted - found.keys()
        return {name: found.get(name) or self._known.get(name) or "(removed)" for name in wanted}


def tolerant(plan: NodePlan, engine: Engine) -> tuple[NodeAgent, Remembering]:
    """An agent for looking, which bears that images are gone, and the engine that it looks at."""
    remembering = Remembering(engine, plan, NodeAgent(plan, engine, silent()).observed())
    return NodeAgent(plan, remembering, silent()), remembering


def look(given: NodePlan, engine: Engine, volumes: Volumes) -> Seen:
    """What is known of the node of ``given``. ``volumes(generation, node)`` gives what was recorded."""
    plan = deployed_plan(given)
    agent, remembering = tolerant(plan, engine)
    agent.thorough = True
    trees = deployed_trees(plan, agent.paths, volumes)
    preview = agent.preview(trees)
    wanted = {name: plan.container_prefix + name for step in plan.docker_config.values() for name, c in step.items()
              if c.action == "run"}
    mine = {container.id for container in agent.observed().values()}
    others = {container.engine_name for container in engine.containers({}) if container.id not in mine}
    strangers = {name: engine_name for name, engine_name in wanted.items() if engine_name in others}
    return Seen(plan.node, preview.actions, listed(preview.actions, plan), inspected(preview.actions, plan, engine),
                strangers, changed_files(plan, trees, agent.mask), sorted(remembering.missing))


def changed_files(plan: NodePlan, trees: Mapping[str, ConfigTree], mask: Callable[[str], str]) -> dict[str, list[str]]:
    """``{key: words}`` of the configuration whose files are not any more what was deployed, as deploys compare it."""
    key = bytes.fromhex(plan.fingerprint_key)
    found: dict[str, list[str]] = {}
    for piece in pieces(plan, trees):
        held = piece.held()
        if not piece.part and held.fingerprint(key) != piece.tree.fingerprint(key):
            deltas = tree_deltas(piece.tree, held, mask) if held.files else []
            found[piece.key] = shown([delta.words for delta in deltas]) or ["removed"]
    return found
