"""``openstack overcloud upgrade prepare``, ``run``, ``converge``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from treadle.cli.update import of
from treadle.cli.upgrading import Converge, Prepare, Run, unfinished
from treadle.errors import InputError

if TYPE_CHECKING:
    from treadle.rollout.lifecycle import Lifecycle
    from treadle.rollout.stages import Members, Stage
    from treadle.rollout.state import StackState


class PrepareUpgrade(Prepare):
    """Prepare an upgrade: generate what new templates, images and environments say. Nothing on the nodes is
    touched."""

    kind = "upgrade"


class RunUpgrade(Run):
    """Upgrade nodes to what was prepared: pre_upgrade_rolling_tasks on one after the other, upgrade_tasks step by
    step, the deploy's steps, post_upgrade_tasks. The first failure stops everything; the same command goes on."""

    verb = "overcloud upgrade run"
    kind = "upgrade"
    kinds = ("upgrade", "ffwd-upgrade")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--nodes", metavar="NODE[,NODE…]", default="",
                           help="only these nodes or roles; `all` for all (default: all)")
        which.add_argument("--limit", metavar="PATTERN", default="",
                           help="only these, in Ansible's patterns: compute-*, 'Controller,!controller-1'")
        parser.add_argument("--roles", action="append", default=[], metavar="ROLE[,ROLE…]",
                            help="only nodes of these roles (repeatable)")
        parser.add_argument("--batch", metavar="SIZES", default="100%",
                            help="how many nodes are brought to the end before the next are begun, such as 1,10%%,50%% "
                                 "(default: all together)")
        return parser

    def stages(self, args: argparse.Namespace, lifecycle: Lifecycle, members: Members) -> list[Stage]:  # noqa: ARG002
        from treadle.rollout.limit import Member, narrowed
        from treadle.rollout.stages import by_role, upgrade

        known = [Member(node, role) for role, nodes in members.items() for node in nodes]
        names = narrowed(known, limit=args.nodes or args.limit, roles=args.roles)
        return upgrade(by_role({member.name: member.role for member in known}, names), args.batch)

    def require_ready(self, lifecycle: Lifecycle, args: argparse.Namespace) -> None:
        todo = lifecycle.kept.kind == "ffwd-upgrade" and unfinished(lifecycle.state, lifecycle, args.skip,
                                                                    tasks_only=True)
        if todo:
            raise InputError(f"the releases before are not gone through on {', '.join(todo)}",
                             hint=f"openstack overcloud ffwd-upgrade run{of(lifecycle.state)}")

    def following(self, state: StackState, lifecycle: Lifecycle) -> str:
        todo = unfinished(state, lifecycle)
        if todo:
            return f"openstack overcloud upgrade run{of(state)} --nodes {','.join(todo)}"
        return f"openstack overcloud {lifecycle.kept.kind} converge{of(state)} -e …"


class ConvergeUpgrade(Converge):
    """End an upgrade: deploy all nodes as templates and environments say now, without what was for its time only."""

    verb = "overcloud upgrade converge"
    kind = "upgrade"
