"""In which order an upgrade and a fast-forward upgrade run the tasks of role_data, and on which nodes. Pure.

Source: tripleo-heat-templates 8.4.1, common/deploy-steps.j2. A stage is one step of one section on nodes of one role:
inside a step, role after role, as Ansible takes TripleO's list of roles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from treadle.errors import InputError
from treadle.rollout.batches import batches

#: What a stage that has no tasks stands for: the nodes' containers are brought to the prepared generation.
DEPLOY = "deploy"
_PRE_ROLLING = (0,)
_UPGRADE = range(6)
_POST_UPGRADE = range(4)
_PREP = range(4)
_BOOTSTRAP = range(4, 10)

#: The nodes of each role that are meant, both in their order.
Members = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Stage:
    """One step (None where the section knows none) of ``section`` on ``nodes`` together; ``role`` is '' where they are
    of several. ``once``: the first node does it for its role."""

    section: str
    nodes: tuple[str, ...]
    role: str = ""
    step: int | None = None
    release: str = ""
    once: bool = False

    @property
    def variables(self) -> dict[str, str]:
        """``release`` and ``step`` as TripleO's tasks know them: both text."""
        return {**({"release": self.release} if self.release else {}),
                **({"step": str(self.step)} if self.step is not None else {})}

    def mark(self, node: str) -> str:
        """What is remembered once ``node`` has done it. What a role does once is not done again by another node."""
        who = f"role {self.role}" if self.once else node
        return "/".join((self.section, *(f"{name} {value}" for name, value in self.variables.items()), who))

    def marks(self) -> list[str]:
        return [self.mark(node) for node in self.nodes]


def upgrade(members: Members, batch: str = "100%") -> list[Stage]:
    """Batch by batch of the nodes: pre_upgrade_rolling_tasks on one node after the other, upgrade_tasks step by step,
    the deploy, post_upgrade_tasks step by step."""
    found: list[Stage] = []
    for names in batches([node for nodes in members.values() for node in nodes], batch):
        here = _among(members, names)
        found += [stage for node in names for stage in
                  _steps("pre_upgrade_rolling_tasks", _among(here, [node]), _PRE_ROLLING)]
        found += _steps("upgrade_tasks", here, _UPGRADE)
        found.append(Stage(DEPLOY, tuple(names)))
        found += _steps("post_upgrade_tasks", here, _POST_UPGRADE)
    return found


def fast_forward(members: Members, releases: Sequence[str]) -> list[Stage]:
    """For each release but the last: steps 0 to 3 on all nodes, then steps 4 to 9 on the first node of each role. Then
    the tasks that follow, for the last. Raises InputError where ``releases`` are not at least two different ones."""
    if len(releases) < 2 or len(set(releases)) < len(releases):
        raise InputError(f"expected at least two releases, each once, got {', '.join(releases) or 'none'}",
                         key="FastForwardUpgradeReleases",
                         hint="the releases that are gone through, the one that is deployed then being the last: "
                              "[ocata, pike, queens]")
    first = {role: nodes[:1] for role, nodes in members.items()}
    found = []
    for release in releases[:-1]:
        for who, steps, once in ((members, _PREP, False), (first, _BOOTSTRAP, True)):
            found += [replace(stage, release=release, once=once)
                      for stage in _steps("fast_forward_upgrade_tasks", who, steps)]
    return found + [Stage("fast_forward_post_upgrade_tasks", tuple(nodes), role, None, releases[-1])
                    for role, nodes in members.items() if nodes]


def left(stages: Iterable[Stage], done: Collection[str]) -> list[Stage]:
    """What of ``stages`` is still to do: each on the nodes that have not done it, none where all have."""
    narrowed = (replace(stage, nodes=tuple(node for node in stage.nodes if stage.mark(node) not in done))
                for stage in stages)
    return [stage for stage in narrowed if stage.nodes]


def by_role(role_of: Mapping[str, str], names: Collection[str], order: Iterable[str] = ()) -> dict[str, list[str]]:
    """Those of ``role_of`` (each node's role, in the order of the nodes) that are in ``names``; roles as ``order`` has
    them, others after them."""
    roles = dict.fromkeys([*order, *role_of.values()])
    found = {role: [node for node in role_of if role_of[node] == role and node in names] for role in roles}
    return {role: nodes for role, nodes in found.items() if nodes}


def _among(members: Members, names: Collection[str]) -> dict[str, list[str]]:
    return {role: found for role, nodes in members.items() if (found := [node for node in nodes if node in names])}


def _steps(section: str, members: Members, steps: Iterable[int]) -> list[Stage]:
    return [Stage(section, tuple(nodes), role, step) for step in steps for role, nodes in members.items() if nodes]
