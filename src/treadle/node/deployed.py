"""What a node was deployed with last, as it tells itself."""

from __future__ import annotations

import msgspec

from treadle.errors import InputError
from treadle.generate import ConfigTree
from treadle.node.aside import Volumes
from treadle.paths import NodePaths
from treadle.plan.nodeplan import NodePlan
from treadle.propagate import VolumeStates


def deployed_plan(plan: NodePlan) -> NodePlan:
    """The plan that the node was deployed with last: the deployer's own may be one that came no further."""
    path = NodePaths(plan.stack, plan.root).plan
    try:
        return msgspec.json.decode(path.read_bytes(), type=NodePlan)
    except FileNotFoundError:
        raise InputError(f"nothing was deployed to {plan.node} yet", source=path,
                         hint="run the deploy again: it goes on from where it was") from None
    except msgspec.DecodeError as error:
        raise InputError(f"is damaged: {error}", source=path, hint="run the deploy again: it writes it anew") from None


def deployed_trees(plan: NodePlan, paths: NodePaths, volumes: Volumes) -> dict[str, ConfigTree]:
    """Each config volume as the generation has it that the node got it from."""
    states = VolumeStates.read(paths.volume_states).volumes
    generations = {key.removeprefix("volume:"): state.generation for key, state in states.items()
                   if key.startswith("volume:") and "/" not in key}
    recorded = {generation: volumes(generation, plan.node) for generation in set(generations.values())}
    return {name: recorded[generation][name] for name, generation in generations.items()
            if name in recorded[generation]}
