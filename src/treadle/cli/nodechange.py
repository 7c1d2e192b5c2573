"""``openstack overcloud node add|remove|replace``: deploys in which nodes come, go, or are other machines."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from treadle.cli.command import changing, stack_state
from treadle.cli.deploy import DeployOvercloud
from treadle.cli.prepared import keep, made_deploy
from treadle.errors import InputError, Unreachable

if TYPE_CHECKING:
    from treadle.events import Events
    from treadle.plan.nodes import Node
    from treadle.rollout.fleet import Leaving
    from treadle.rollout.state import StackState


class _Changing(DeployOvercloud):
    """A deploy with the templates and environments of the last one, unless others are given."""

    def prepare(self, args: argparse.Namespace, state: StackState) -> None:
        """Refuse what makes no sense here."""
        from treadle.cli.gather import as_before

        state.plans()  # what was never deployed has no nodes to change
        for name in ("nodes", "plan", "plan_out", "resume"):
            if getattr(args, name):
                raise InputError("is not for changes of nodes", key=f"--{name.replace('_', '-')}",
                                 hint="openstack overcloud deploy takes it")
        if not (args.environments or args.environment_directories or args.answers_file or args.plan_environment_file):
            as_before(args, state)


class AddNode(_Changing):
    """Add nodes to the stack and deploy to them; the others are touched as far as their data names all nodes."""

    verb = "overcloud node add"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("file", metavar="NODES_FILE", help="nodes file or Ansible inventory with the new nodes; "
                            "those that it has beside them must be as they are")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.cli.nodesfile import read_nodes
        from treadle.rollout import fleet

        self.prepare(args, stack_state(args))
        args.change_nodes = lambda known, roles: fleet.added(known, read_nodes(args.file, roles), roles)
        return super().take_action(args)


class _Leaving(_Changing):
    """What remove and replace share: a machine of which containers and files go."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("--force", action="store_true",
                            help="go on where a machine that goes does not answer: what it has stays there")
        parser.add_argument("--keep-data", action="store_true",
                            help="keep the services' data on a machine that goes")
        return parser

    def reached(self, args: argparse.Namespace, state: StackState, machines: Sequence[Leaving],
                events: Events) -> list[Leaving]:
        """Those that answer. Raises Unreachable for others, unless ``--force``."""
        from treadle.rollout.reach import reaching

        found = []
        with reaching(state, events, [machine.node for machine in machines]) as reach:
            for machine in machines:
                try:
                    reach.open([reach.agent(machine.plan)])
                    found.append(machine)
                except Unreachable as error:
                    if not args.force:
                        error.hint = f"{error.hint}; or, where it is gone for good: --force"
                        raise
                    print(f"warning: what {machine.node.name} ({machine.node.address}) has stays there: "
                          f"{error.message}", file=self.app.stderr)
        return found

    def clear(self, args: argparse.Namespace, state: StackState, machines: Sequence[Leaving], events: Events) -> None:
        """Remove from them what is the stack's."""
        from treadle.cli.delete import delete_from
        from treadle.rollout import fleet
        from treadle.rollout.reach import reaching

        left = list(machines)
        with reaching(state, events, [machine.node for machine in machines]) as reach:
            for machine in machines:
                with events.span("phase", f"Remove from {machine.node.name} ({machine.node.address})"):
                    delete_from(machine.plan, reach, events, [] if args.keep_data else machine.folders)
                left.remove(machine)
                fleet.remember_leaving(state, left)

    def machine(self, state: StackState, node: Node) -> Leaving | None:
        """``node`` as it is about to go; None where nothing was ever deployed to it."""
        from treadle.rollout.fleet import Leaving

        plan = next((plan for plan in state.plans() if plan.node == node.name), None)
        folders = (state.recall("folders") or {}).get(node.name, [])
        return Leaving(node, plan, folders) if plan else None

    def tell(self, args: argparse.Namespace, machines: Sequence[Leaving]) -> None:
        for machine in machines:
            print(f"{machine.node.name} ({machine.node.address}): containers and configuration go" + "".join(
                f"\n  {folder} and all that is in it" for folder in ([] if args.keep_data else machine.folders)),
                file=self.app.stdout)


class RemoveNode(_Leaving):
    """Take nodes out of the stack: the others are deployed without them, then their containers and files are removed.
    """

    verb = "overcloud node remove"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("names", nargs="+", metavar="NODE", help="name of a node")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.cli.clouds import write_entry
        from treadle.cli.command import confirm
        from treadle.rollout import fleet

        state = stack_state(args)
        self.prepare(args, state)
        before = fleet.leaving(state)
        half = [machine for machine in before if machine.node.name in args.names]  # of a run that was cut off
        names = [name for name in args.names if name not in {machine.node.name for machine in half}]
        known = state.nodes()
        gone = [found for node in fleet.require(known, names) if (found := self.machine(state, node))]
        args.change_nodes = lambda nodes, roles: fleet.removed(nodes, args.names, roles)
        if args.check:
            return super().take_action(args)
        with changing(self, args, self.verb) as events:
            going = self.reached(args, state, [*half, *gone], events)
            with made_deploy(args, self.app, events, repair=args.repair, batch=args.batch,
                             max_failures=args.max_failures) as (deploy, gathered):
                deploy.prepare()
                self._show(deploy, args)
                self.tell(args, going)
                confirm("Do this?", args, events)
                fleet.remember_leaving(state, [*(one for one in before if one not in half), *going])
                keep(deploy.state, gathered)
                self._run(deploy)
            self.clear(args, state, going, events)
            for name in args.names:
                fleet.forget_machine(state, name)
        write_entry(state)
        return 0


class ReplaceNode(_Leaving):
    """Give a node's name and role to another machine: what the old one has is removed, the new one is deployed.

    Where it was the first of its role, another one is the first from then on.
    """

    verb = "overcloud node replace"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("name", metavar="NODE", help="name of the node")
        parser.add_argument("file", metavar="NODES_FILE",
                            help="nodes file or Ansible inventory that has the node as it is to be")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.cli.clouds import write_entry
        from treadle.cli.command import confirm
        from treadle.rollout import fleet

        state = stack_state(args)
        self.prepare(args, state)
        known = state.nodes()
        old = fleet.require(known, [args.name])[0]
        args.change_nodes = lambda nodes, roles: fleet.replaced(nodes, self._new(args, old, roles), roles)
        if args.check:
            return super().take_action(args)
        machine = self.machine(state, old)
        with changing(self, args, self.verb) as events:
            going = self.reached(args, state, [machine] if machine else [], events)
            with made_deploy(args, self.app, events, repair=args.repair, batch=args.batch,
                             max_failures=args.max_failures) as (deploy, gathered):
                deploy.prepare()
                self._show(deploy, args)
                self.tell(args, going)
                confirm("Do this?", args, events)
                self.clear(args, state, going, events)
                fleet.forget_machine(state, args.name)
                if going:  # the plan was of a world in which the old machine was there
                    deploy.prepare()
                keep(deploy.state, gathered)
                self._run(deploy)
        write_entry(state)
        return 0

    @staticmethod
    def _new(args: argparse.Namespace, old: Node, roles: Sequence[str]) -> Node:
        from treadle.cli.nodesfile import read_nodes
        from treadle.rollout import fleet

        new = fleet.require(read_nodes(args.file, roles), [args.name])[0]
        if (new.address, new.ssh, new.connection, new.root) == (old.address, old.ssh, old.connection, old.root):
            raise InputError(f"{args.name} is the same machine there", key="NODES_FILE",
                             hint="give the new machine's address and how it is reached; what was cut off goes on "
                             "with: openstack overcloud deploy")
        return new
