"""``openstack overcloud ffwd-upgrade prepare``, ``run``, ``converge``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from treadle.cli.update import of
from treadle.cli.upgrading import Converge, Prepare, Run

if TYPE_CHECKING:
    from treadle.rollout.lifecycle import Lifecycle
    from treadle.rollout.stages import Members, Stage
    from treadle.rollout.state import StackState

#: TripleO's, for templates that do not tell.
_RELEASES = ["ocata", "pike", "queens"]


class PrepareFastForward(Prepare):
    """Prepare a fast-forward upgrade through FastForwardUpgradeReleases: generate what the last release's templates,
    images and environments say. Nothing on the nodes is touched."""

    kind = "ffwd-upgrade"

    def releases(self, outputs: Any) -> list[str]:
        from treadle.rollout.stages import fast_forward

        found = [str(each) for each in outputs.get("FastForwardUpgradeReleases") or _RELEASES]
        fast_forward({}, found)
        return found


class RunFastForward(Run):
    """Go through the releases: for each but the last, fast_forward_upgrade_tasks of steps 0 to 3 on all nodes and of 4
    to 9 on the bootstrap node of each role; fast_forward_post_upgrade_tasks for the last. `upgrade run` follows."""

    verb = "overcloud ffwd-upgrade run"
    kind = "ffwd-upgrade"
    kinds = ("ffwd-upgrade",)

    def stages(self, args: argparse.Namespace, lifecycle: Lifecycle, members: Members) -> list[Stage]:  # noqa: ARG002
        from treadle.rollout.stages import fast_forward

        return fast_forward(members, lifecycle.kept.releases)

    def following(self, state: StackState, lifecycle: Lifecycle) -> str:  # noqa: ARG002
        return f"openstack overcloud upgrade run{of(state)}"


class ConvergeFastForward(Converge):
    """End a fast-forward upgrade: deploy all nodes as templates and environments say now, without what was for its time
    only."""

    verb = "overcloud ffwd-upgrade converge"
    kind = "ffwd-upgrade"
