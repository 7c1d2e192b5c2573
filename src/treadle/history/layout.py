"""How a node plan lies in a generation: in parts that people can read, without secrets; and back again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import msgspec

from treadle.errors import HistoryError
from treadle.plan.nodeplan import NodePlan
from treadle.secrets import Secrets

#: Fields of the plan that stand in documents of their own, or are the stack's and not the node's.
_APART = ("hieradata", "kolla_config", "docker_config", "scripts", "puppet_modules", "secrets", "fingerprint_key",
          "tasks")
PLAN, IMAGES, TASKS = "plan.json", "images.json", "tasks.json"


def text(value: Any) -> bytes:
    """JSON as people read it in a diff; same value, same bytes."""
    try:
        return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1) + b"\n"
    except (TypeError, UnicodeEncodeError):  # keys may be numbers, and the name of a file need not be UTF-8
        return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


def parsed(data: bytes) -> Any:
    """The inverse of ``text``."""
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        return json.loads(data)


class Texts:
    """``text`` of each object once: what all nodes are told is one object in all their plans."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, bytes]] = {}  # with the object, whose id is another's once it is gone

    def __call__(self, value: Any) -> bytes:
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = (value, text(value))
        return known[1]


def documents(plan: NodePlan, images: Mapping[str, str], layer: Callable[[Any], bytes] = text) -> dict[str, bytes]:
    """``{name: content}`` of all that a node is to have beside its config volumes, secrets in clear.

    ``images`` are the ids of the images that its containers are made of; ``layer`` writes hiera's layers.
    """
    plain = msgspec.to_builtins(msgspec.structs.replace(plan, hieradata={}), str_keys=True)
    kolla = {PurePosixPath(path).name: path for path in plan.kolla_config}
    if len(kolla) < len(plan.kolla_config):
        raise HistoryError(f"two files of kolla_config have one name: {', '.join(sorted(plan.kolla_config))}",
                           key=f"node {plan.node}.kolla_config")
    head = {key: value for key, value in plain.items() if key not in _APART}
    found = {PLAN: text({**head, "kolla_config": kolla, "hieradata": sorted(plan.hieradata),
                         "scripts": {name: script.mode for name, script in plan.scripts.items()}}),
             IMAGES: text({image: images.get(image, "") for image in plan.images()})}
    if plan.tasks:
        found[TASKS] = text(plan.tasks)
    found.update({f"containers/step_{step}.json": text(containers)
                  for step, containers in plain["docker_config"].items()})
    found.update({f"kolla_config/{name}": text(plan.kolla_config[path]) for name, path in kolla.items()})
    found.update({f"scripts/{name}": script.content.encode() for name, script in plan.scripts.items()})
    found.update({f"hieradata/{name}.json": layer(data) for name, data in plan.hieradata.items()})
    return found


def plan_of(found: Mapping[str, bytes], modules: Mapping[str, str], secrets: Secrets, key: bytes) -> NodePlan:
    """The inverse of ``documents``; ``modules`` are the stack's own Puppet modules."""
    head = msgspec.json.decode(found[PLAN])
    kolla = {path: msgspec.json.decode(found[f"kolla_config/{name}"]) for name, path in head["kolla_config"].items()}
    scripts = {name: {"content": found[f"scripts/{name}"].decode(), "mode": mode}
               for name, mode in head["scripts"].items()}
    steps = {name.removeprefix("containers/step_").removesuffix(".json"): msgspec.json.decode(content)
             for name, content in found.items() if name.startswith("containers/step_")}
    hieradata = {name: msgspec.json.decode(found[f"hieradata/{name}.json"]) for name in head["hieradata"]}
    tasks = msgspec.json.decode(found[TASKS]) if TASKS in found else {}
    return msgspec.convert({**head, "tasks": tasks, "kolla_config": kolla, "scripts": scripts, "docker_config": steps,
                            "hieradata": hieradata, "puppet_modules": modules, "secrets": secrets.values,
                            "fingerprint_key": key.hex()}, NodePlan, strict=False, str_keys=True)


def shared(plans: Iterable[NodePlan], inputs: Mapping[str, Any]) -> dict[str, bytes]:
    """What all nodes have in common: inputs, their order, the stack's own Puppet modules."""
    listed = list(plans)
    found = {"inputs.json": text(inputs), "nodes.json": text([plan.node for plan in listed])}
    for plan in listed[:1]:
        found.update({f"puppet-modules/{name}": module.encode() for name, module in plan.puppet_modules.items()})
    return found
