"""``openstack overcloud update prepare``, ``run``, ``converge``, ``status``: a rolling update."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from treadle.cli.command import Command, Lister, add_stack, as_json, changing, confirm, stack_state
from treadle.cli.heat import add_heat
from treadle.cli.inputs import add_inputs
from treadle.cli.prepared import keep, made_deploy
from treadle.cli.walking import Walking
from treadle.errors import InputError, TreadleError

if TYPE_CHECKING:
    from treadle.plan.nodeplan import NodePlan
    from treadle.rollout.rolling import Rolling
    from treadle.rollout.state import StackState
    from treadle.rollout.update import Update

COLUMNS = ("Node", "Role", "State", "Generation", "Why")


class PrepareUpdate(Command):
    """Make a generation of new images, templates and environments, to be rolled out by `update run`. Nothing that runs
    on the nodes is touched."""

    verb = "overcloud update prepare"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_prepare(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.rollout import ahead, update
        from treadle.rollout.lifecycle import require_startable

        state = stack_state(args)
        state.plans()  # what was never deployed cannot be updated
        require_startable(state, "update")
        with changing(self, args, self.verb) as events, made_deploy(args, self.app, events) as (deploy, gathered):
            new = update.prepared("", gathered.roles, args.message)
            ahead.fetch([plan for plan in deploy.plans if plan.node not in deploy.skip], deploy.reach, events)
            keep(state, gathered)
            made = deploy.generate()
            update.write(state, new.changed(generation=made.id))
        what = "is to be rolled out" if made.new else "is as it was; its images and packages are to be rolled out"
        print(f"generation {made.short} {what}. See it: openstack overcloud config diff{of(state)}\n"
              f"  roll it out: openstack overcloud update run{of(state)}", file=self.app.stderr)
        return 0


class RunUpdate(Walking):
    """Bring nodes to what was prepared: one after the other, role by role, each well before the next begins. The first
    failure stops everything; the same command goes on."""

    verb = "overcloud update run"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("--nodes", default="", metavar="NAME[,NAME]",
                            help="only these nodes, or the nodes of these roles; 'all' is the default")
        parser.add_argument("--roles", action="append", default=[], metavar="ROLE[,ROLE]",
                            help="only nodes of these roles (repeatable)")
        parser.add_argument("--limit", default="", metavar="PATTERN",
                            help="only these nodes, as in Ansible: 'compute-*', 'Controller,!controller-1'")
        add_skip(parser)
        parser.add_argument("--batch", metavar="SIZES", default="",
                            help="how many nodes of a role at a time, such as 1,10%%,50%% (default: the role's "
                                 "update_serial, or 1)")
        parser.add_argument("--max-failures", metavar="N", type=int, default=0,
                            help="go on to the next batch with up to this many nodes failed (default: %(default)s)")
        parser.add_argument("--resume", action="store_true",
                            help="go on with an update that stopped; an error where there is none")
        parser.add_argument("--rollback", action="store_true",
                            help="a node that fails goes back to the generation that it ran before")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.rollout import rolling, update
        from treadle.rollout.reach import reaching

        state = stack_state(args)
        with self.begun(args, state) as events, reaching(state, events) as reach:
            found = rolling.look(state, current(state, resume=args.resume))
            recorded = state.generations().at(found.generation)
            plans = recorded.plans()
            batches = update.order(found, plans, meant(args, state, plans), args.batch)
            if not batches:
                print("Nothing to do: these nodes are updated. When all are: openstack overcloud update "
                      f"converge{of(state)}", file=self.app.stdout)
                return 0
            print(*(f"{number}: {', '.join(names)}" for number, names in enumerate(batches, 1)), sep="\n",
                  file=self.app.stderr)
            work = rolling.Rolling(state, found, recorded, reach, events, batches, args.max_failures, args.rollback)
            work.prepare()
            confirm(f"Update these nodes to generation {found.generation[:12]}, in this order?", args, events)
            self._run(work, plans, args)
        return 0

    def _run(self, work: Rolling, plans: list[NodePlan], args: argparse.Namespace) -> None:
        """Do it; say how each node was left, and what comes next."""
        state = work.state
        try:
            work.run()
        except TreadleError as error:
            self._say(work.update, plans, args)
            go_on = f"openstack overcloud update run --resume{of(state)}"
            error.hint = "; ".join(filter(None, (error.hint, f"go on: {go_on}")))
            raise
        self._say(work.update, plans, args)
        left = work.update.phase != "updated"
        print(f"{'go on' if left else 'every node is updated'}: openstack overcloud update "
              f"{'run' if left else 'converge'}{of(state)}", file=self.app.stderr)

    def _say(self, done: Update, plans: list[NodePlan], args: argparse.Namespace) -> None:
        from treadle.rollout.update import progress

        found = progress(done, plans, running=False)
        if args.format == "json":
            print(as_json([{"node": one.node, "role": one.role, "state": one.state, "why": one.why} for one in found]),
                  file=self.app.stdout)
            return
        for one in found:
            print(f"{one.node}: {one.state}" + (f": {one.why}" if one.why else ""), file=self.app.stdout)


class ConvergeUpdate(Walking):
    """End the update: everything is seen to be as the generation says on every node, and that one is the stack's."""

    verb = "overcloud update converge"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_skip(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.cli.clouds import write_entry
        from treadle.rollout import rolling, update
        from treadle.rollout.deploy import Deploy
        from treadle.rollout.reach import reaching

        state = stack_state(args)
        with self.begun(args, state) as events, reaching(state, events) as reach:
            found = rolling.look(state, current(state))
            deploy = Deploy.of(state, found.generation, reach, events, args.message)
            meant(args, state, deploy.plans)
            left = [plan.node for plan in deploy.plans if plan.node not in (*found.done, *args.skip)]
            if left:
                raise InputError(f"not every node is updated: {', '.join(left)}",
                                 hint=f"openstack overcloud update run{of(state)}; or leave them out by --skip")
            deploy.skip = frozenset(args.skip)
            self.ask(deploy.prepare(), args, events)
            deploy.run()
            update.write(state, found.changed(phase="converged"))
        write_entry(state)
        return 0


class StatusUpdate(Lister):
    """Show how far a rolling update has come, node by node."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle.rollout import lock, rolling, update
        from treadle.rollout.pipeline import where

        state = stack_state(args)
        state.plans()
        found = update.read(state)
        if found is None:
            raise InputError("no update was ever prepared", hint=f"openstack overcloud update prepare{of(state)}")
        holder = lock.read(state.lock)
        plans, held = state.generations().at(found.generation).plans(), where(state)
        if found.open:
            found = rolling.look(state, found)
        self.app.stderr.write(f"{update.summary(found, plans)}\n")
        rows = update.progress(found, plans, running=holder is not None and not holder.gone)
        return COLUMNS, [(one.node, one.role, one.state, held[one.node].runs[:12] if one.node in held else "", one.why)
                         for one in rows]


def add_prepare(parser: argparse.ArgumentParser) -> None:
    """Options of every ``prepare``, which makes a generation and asks only where a Heat service is changed by that."""
    add_stack(parser)
    add_inputs(parser)
    add_heat(parser)
    add_skip(parser)
    parser.add_argument("--message", metavar="WHY", default="", help="why; it is kept with the generation")
    parser.add_argument("--yes", action="store_true", help="with --heat remote: do not ask before Heat's stack changes")
    parser.set_defaults(check=False)


def add_skip(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--skip", action="append", default=[], metavar="NODE",
                        help="leave this node as it is; it keeps its place in the others' data (repeatable)")


def of(state: StackState) -> str:
    """How a hint names the stack."""
    from treadle.cli.command import DEFAULT_STACK

    return "" if state.stack == DEFAULT_STACK else f" --stack {state.stack}"


def current(state: StackState, *, resume: bool = False) -> Update:
    """The update that is under way. Raises InputError where there is none, and where the stack was changed since."""
    from treadle.rollout.update import read

    prepare = f"openstack overcloud update prepare{of(state)}"
    found = read(state)
    if found is None or not found.open:
        raise InputError("no update is prepared", hint=prepare)
    if resume and not found.begun:
        verb = "converge" if found.phase == "updated" else "run"
        raise InputError(f"the update did not stop: it is {found.phase}", key="--resume",
                         hint=f"openstack overcloud update {verb}{of(state)}")
    newest = state.generations().find()
    if newest.id != found.generation:
        raise InputError(f"generation {found.generation[:12]} was prepared, but the stack has a newer one: "
                         f"{newest.short}", hint=f"prepare anew: {prepare}")
    return found


def meant(args: argparse.Namespace, state: StackState, plans: Sequence[NodePlan]) -> list[str]:
    """The nodes that the options name. Raises InputError for what names none."""
    from treadle.rollout.limit import limited, members, narrowed

    known = members(plans, {node.name: node for node in state.nodes()})
    names = narrowed(known, limit=getattr(args, "limit", ""), roles=getattr(args, "roles", ()), skip=args.skip)
    asked = limited(known, args.nodes) if getattr(args, "nodes", "") else set(names)
    left = [name for name in names if name in asked]
    if not left:
        raise InputError("no node is left", key="--nodes")
    return left
