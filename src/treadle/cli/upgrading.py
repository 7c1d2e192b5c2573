"""What the commands of upgrades and fast-forward upgrades share: prepare, run, converge."""

from __future__ import annotations

import argparse
from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from treadle.cli.command import Command, as_json, changing, confirm, stack_state
from treadle.cli.deploy import DeployOvercloud
from treadle.cli.prepared import keep, made_deploy
from treadle.cli.update import add_prepare, add_skip, of
from treadle.cli.walking import Walking
from treadle.errors import InputError, TreadleError

if TYPE_CHECKING:
    from treadle.events import Events
    from treadle.plan.nodeplan import NodePlan
    from treadle.rollout.lifecycle import Lifecycle
    from treadle.rollout.stages import Members, Stage
    from treadle.rollout.state import StackState
    from treadle.rollout.upgrade import Upgrade


def add_lifecycle(args: argparse.Namespace, name: str) -> None:
    """The templates' own environment for this part of an upgrade comes before those of -e, as in TripleO's client."""
    from treadle.cli.inputs import read_inputs
    from treadle.heat import Files

    file = read_inputs(args, Files()).templates / "environments/lifecycle" / f"{name}.yaml"
    if file.exists():
        args.environments = [str(file), *args.environments]


class Prepare(Command):
    """Base of ``prepare``: a generation of the new templates, images and environments is recorded, and becomes what
    ``run`` brings to the nodes."""

    kind = ""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_prepare(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.rollout import ahead
        from treadle.rollout.lifecycle import begin, require_startable

        state = stack_state(args)
        state.plans()  # what was never deployed cannot be upgraded
        require_startable(state, self.kind)
        add_lifecycle(args, f"{self.kind}-prepare")
        with changing(self, args, f"overcloud {self.kind} prepare") as events, \
                made_deploy(args, self.app, events) as (deploy, gathered):
            releases = self.releases(gathered.outputs)
            ahead.fetch([plan for plan in deploy.plans if plan.node not in deploy.skip], deploy.reach, events)
            keep(state, gathered)
            made = deploy.generate()
            begin(state, self.kind, made.id, [str(role["name"]) for role in gathered.roles], releases)
        print(f"generation {made.short}{'' if made.new else ' (nothing new)'} is prepared; nothing on the nodes is "
              f"touched\n  what it changes: openstack overcloud config diff\n"
              f"  go on: openstack overcloud {self.kind} run{of(state)}", file=self.app.stdout)

    def releases(self, outputs: Any) -> list[str]:  # noqa: ARG002
        """Those that are gone through."""
        return []


class Run(Walking):
    """Base of ``run``: what is left of the prepared upgrade is done, on the nodes that are meant."""

    kind = ""
    kinds: tuple[str, ...] = ()
    offers_rollback = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        add_skip(parser)
        parser.add_argument("--skip-tags", default="", metavar="TAG[,TAG…]", help="leave tasks with these tags out")
        parser.add_argument("--check", action="store_true",
                            help="say what would be done, in which order; change nothing")
        parser.add_argument("--resume", action="store_true",
                            help="go on with what was interrupted; refuse where nothing was. Without it the same is "
                                 "done, or what was not begun is begun")
        return parser

    @abstractmethod
    def stages(self, args: argparse.Namespace, lifecycle: Lifecycle, members: Members) -> list[Stage]:
        """In their order, on those of ``members`` (no skipped ones are among them) that are meant."""

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.rollout.lifecycle import require_newest, required
        from treadle.rollout.reach import reaching
        from treadle.rollout.upgrade import Upgrade

        state = stack_state(args)
        state.plans()
        with self.begun(args, state) as events, reaching(state, events) as reach:
            lifecycle = required(state, *self.kinds)
            require_newest(lifecycle)
            self.require_ready(lifecycle, args)
            recorded = state.generations().at(lifecycle.kept.generation)
            there = members(lifecycle, recorded.plans(), args.skip)
            work = Upgrade(state, lifecycle, recorded, self.stages(args, lifecycle, there),
                           {role: nodes[0] for role, nodes in there.items()}, reach, events,
                           [tag for tag in args.skip_tags.split(",") if tag])
            if args.resume and not work.begun:
                raise InputError("nothing was interrupted on these nodes", key="--resume",
                                 hint=f"begin it: openstack {self._again(args, resume=False)}" if work.left else
                                 f"they are done; go on: {self.following(state, lifecycle)}")
            if work.left:
                self._show(work, args, events)
            else:
                print("Nothing to do: this was done on these nodes.", file=self.app.stdout)
            if args.check:
                return 0
            self._carry_out(work, args)
        print(f"  go on: {self.following(state, lifecycle)}", file=self.app.stderr)
        return 0

    def require_ready(self, lifecycle: Lifecycle, args: argparse.Namespace) -> None:
        """Raise InputError where something else has to be done before."""

    @abstractmethod
    def following(self, state: StackState, lifecycle: Lifecycle) -> str:
        """The command that comes next."""

    def _show(self, work: Upgrade, args: argparse.Namespace, events: Events) -> None:
        """What would be done, in its order; then ask."""
        from treadle.cli.deploy import document, show

        previews, order = work.prepare(), work.order()
        if args.format == "json":
            print(as_json({"order": order, "nodes": [document(one) for one in previews]}), file=self.app.stdout)
        else:
            print("In this order:", *(f"  {line}" for line in order), sep="\n", file=self.app.stdout)
            show([one for one in previews if not one.nothing], "text", self.app.stdout)
        if not args.check:
            confirm("Do this?", args, events)

    def _carry_out(self, work: Upgrade, args: argparse.Namespace) -> None:
        try:
            work.run()
        except TreadleError as error:
            self._left(work, args)
            error.hint = "; ".join(filter(None, (error.hint, f"go on: openstack {self._again(args)}")))
            raise
        self._left(work, args)

    def _left(self, work: Upgrade, args: argparse.Namespace) -> None:
        found = work.standings()
        if args.format == "json":
            print(as_json([vars(one) for one in found]), file=self.app.stdout)
        else:
            print(*found, sep="\n", file=self.app.stdout)

    def _again(self, args: argparse.Namespace, *, resume: bool = True) -> str:
        """The same command, to go on with."""
        from treadle.cli.command import words

        given = [word for word in words(self, args, self.verb).split(" ") if word and word != "--resume"]
        return " ".join([self.verb, *given, *(["--resume"] if resume else [])])


class Converge(DeployOvercloud):
    """Base of ``converge``: a deploy of all nodes; after it the upgrade is over."""

    kind = ""
    #: A deploy's options that make no sense here: all is done at once.
    without = ("plan", "plan_out", "resume")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        for action in parser._actions:
            action.help = argparse.SUPPRESS if action.dest in self.without else action.help
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.rollout.lifecycle import required

        given = [name for name in self.without if getattr(args, name, None)]
        if given:
            raise InputError("not with this command", key=f"--{given[0].replace('_', '-')}",
                             hint="run it again where it was interrupted: it goes on")
        state = stack_state(args)
        lifecycle = required(state, self.kind)
        require_done(state, lifecycle, args.skip)
        add_lifecycle(args, f"{self.kind}-converge")
        code = super().take_action(args)
        if not args.check:
            lifecycle.over()
            print(f"{lifecycle.words} is over", file=self.app.stderr)
        return code


def members(lifecycle: Lifecycle, plans: Iterable[NodePlan], skip: Iterable[str]) -> Members:
    """The nodes of each role without the skipped ones, in the order of the roles file. Raises InputError for a skipped
    one that there is not."""
    from treadle.rollout.limit import members as known
    from treadle.rollout.limit import narrowed
    from treadle.rollout.stages import by_role

    listed = list(plans)
    names = narrowed(known(listed, {}), skip=skip)
    return by_role({plan.node: plan.role for plan in listed}, names, lifecycle.kept.roles)


def unfinished(state: StackState, lifecycle: Lifecycle, skip: Iterable[str] = (), *, tasks_only: bool = False,
               ) -> list[str]:
    """The nodes where something is left; ``tasks_only``: of the part before the upgrade itself."""
    from treadle.rollout.stages import fast_forward, left, upgrade

    there = members(lifecycle, state.generations().at(lifecycle.kept.generation).plans(), skip)
    stages = fast_forward(there, lifecycle.kept.releases) if lifecycle.kept.kind == "ffwd-upgrade" else []
    stages += [] if tasks_only else upgrade(there)
    found = {node for stage in left(stages, lifecycle.done) for node in stage.nodes}
    return [node for nodes in there.values() for node in nodes if node in found]


def require_done(state: StackState, lifecycle: Lifecycle, skip: Iterable[str]) -> None:
    """Raise InputError while nodes are not upgraded."""
    todo = unfinished(state, lifecycle, skip)
    if todo:
        first = lifecycle.kept.kind if unfinished(state, lifecycle, skip, tasks_only=True) else "upgrade"
        raise InputError(f"{lifecycle.words} is under way, and not done on {', '.join(todo)}",
                         hint=f"openstack overcloud {first} run{of(state)}; or leave them out: --skip NODE")
