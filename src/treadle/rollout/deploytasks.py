"""deploy_steps_tasks, and the external tasks: what Ansible does in a deploy beside the common part of each step.

Source: tripleo-heat-templates 8.4.1, common/deploy-steps.j2: in each step first external_deploy_tasks on the deployer,
then deploy_steps_tasks on the nodes; external_post_deploy_tasks on the deployer when all steps are through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from treadle.events import Events
from treadle.plan.nodeplan import NodePlan
from treadle.rollout import tasks
from treadle.rollout.reach import Reach

#: What TripleO's playbooks call the machine of the deployer.
DEPLOYER = "undercloud"
EXTERNAL = ("external_deploy_tasks", "external_post_deploy_tasks")
_AGAIN = "correct the task or the node, then run the same deploy again"


def on_nodes(plans: Sequence[NodePlan], step: int, reach: Reach, events: Events) -> int:
    """deploy_steps_tasks of ``step``, role by role; gives how many changed something. Raises TasksFailed."""
    roles: dict[str, list[NodePlan]] = {}
    for plan in plans:
        roles.setdefault(plan.role, []).append(plan)
    section = "deploy_steps_tasks"
    phases = [tasks.Phase(section, members[0].tasks.get(section, []), members, {"step": step})
              for members in roles.values()]
    return tasks.run(phases, reach.ansible, events, hint=_AGAIN, forks=reach.forks)


def on_deployer(section: str, plans: Sequence[NodePlan], events: Events, **variables: Any) -> int:
    """``section``, which the roles of ``plans`` have together, on this machine; a task that several of them have is run
    once. Gives how many changed something. Raises TasksFailed."""
    found = _distinct(task for plan in plans for task in plan.tasks.get(section, []))
    if not found:
        return 0
    here = msgspec.structs.replace(plans[0], node=DEPLOYER, role="Undercloud", root="", container_prefix="")
    return tasks.run([tasks.Phase(section, found, [here], variables)], lambda _: None, events, hint=_AGAIN)


def _distinct(found: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    kept: list[Mapping[str, Any]] = []
    for task in found:
        if task not in kept:
            kept.append(task)
    return kept
