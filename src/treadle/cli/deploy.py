"""``openstack overcloud deploy``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from treadle.cli.command import Command, add_stack, as_json, changing, confirm, positive, rendered, stack_state
from treadle.cli.heat import add_heat
from treadle.cli.inputs import add_inputs
from treadle.cli.nodes import add_limit
from treadle.cli.prepared import keep, made_deploy
from treadle.cli.walking import add_batches
from treadle.errors import InputError, TreadleError


class DeployOvercloud(Command):
    """Deploy the stack, or bring it to what templates and environments say now.

    The same command deploys for the first time, changes, and goes on after a failure: what is as it should be
    is not touched.
    """

    verb = "overcloud deploy"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        add_inputs(parser)
        add_heat(parser)
        parser.add_argument("--check", action="store_true", help="say what would be done, and why; change nothing")
        parser.add_argument("--detailed-exitcode", action="store_true",
                            help="with --check: exit status 0 when there is nothing to do, 2 when there is")
        parser.add_argument("--forks", type=positive, default=25, metavar="N",
                            help="how many nodes are worked on at a time (default: %(default)s)")
        add_limit(parser)
        add_batches(parser, default="100%", each="in each phase")
        parser.add_argument("--build-images", action="store_true",
                            help="first build the images that the cloud uses, where they are missing or out of date, "
                            "as overcloud image build does")
        parser.add_argument("--repair", action="store_true",
                            help="look into each container for what a hand changed in it (docker update), and undo it")
        parser.add_argument("--plan-out", metavar="FILE", default="",
                            help="generate and plan, keep both, change nothing that runs; --plan FILE does it later")
        parser.add_argument("--plan", metavar="FILE", default="",
                            help="do exactly what that file of --plan-out says, or refuse because the world moved")
        parser.add_argument("--resume", action="store_true",
                            help="go on with the deploy that was cut off or failed, with what was generated then")
        parser.add_argument("--message", metavar="WHY", default="", help="why; it is kept with the generation")
        parser.add_argument("--yes", action="store_true", help="do not ask before changing anything")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="how the plan is printed")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        require_one_way(args)
        if args.check:
            with rendered() as events:
                return self._check(args, events)
        with changing(self, args, self.verb) as events:
            if args.resume:
                return self._resume(args, events)
            return self._saved(args, events) if args.plan else self._deploy(args, events)

    def _check(self, args: argparse.Namespace, events: Any) -> int:
        with made_deploy(args, self.app, events, check_only=True, repair=args.repair) as (deploy, _):
            deploy.prepare()
        show(deploy.previews, args.format, self.app.stdout)
        something = any(not preview.nothing for preview in deploy.previews)
        return 2 if something and args.detailed_exitcode else 0

    def _deploy(self, args: argparse.Namespace, events: Any) -> int:
        from treadle.cli.clouds import write_entry

        with made_deploy(args, self.app, events, repair=args.repair, batch=args.batch,
                         max_failures=args.max_failures) as (deploy, gathered):
            if args.build_images:
                build_images(gathered, events)
            deploy.prepare()
            self._show(deploy, args)
            if args.plan_out:
                keep(deploy.state, gathered)
                return self._save(deploy, args.plan_out)
            self._ask(deploy, args, events)
            keep(deploy.state, gathered)
            self._run(deploy)
        write_entry(deploy.state)
        return 0

    def _run(self, deploy: Any) -> None:
        """Do it. Of several nodes it is said how a failure left each, and by what command it goes on."""
        from treadle.rollout import resume

        try:
            deploy.run()
        except TreadleError as error:
            if len(deploy.plans) > 1:
                print(*deploy.left(), sep="\n", file=self.app.stdout)
            if resume.interrupted(deploy.state):
                error.hint = f"{error.hint}\n  go on: {resume.command(deploy.state)}".lstrip()
            raise

    def _show(self, deploy: Any, args: argparse.Namespace) -> None:
        if any(not preview.nothing for preview in deploy.previews):
            show(deploy.previews, args.format, self.app.stdout)
        else:
            print("Nothing to do: everything is as it should be.", file=self.app.stdout)
            show_held(deploy.previews, self.app.stderr)

    def _save(self, deploy: Any, file: str) -> int:
        from treadle.rollout.saved import saved

        deploy.record()
        saved(deploy).write(Path(file).absolute())
        print(f"The plan of generation {deploy.generation.short} is in {file}. Do it: openstack overcloud deploy "
              f"--plan {file}", file=self.app.stderr)
        return 0

    def _saved(self, args: argparse.Namespace, events: Any) -> int:
        """Do what was planned before, with what was generated then: neither templates nor environments are read."""
        from treadle.rollout.saved import SavedPlan, require_same, saved

        state = stack_state(args)
        plan = SavedPlan.read(Path(args.plan).absolute(), state.stack)
        nodes = state.generations().at(plan.generation).nodes
        skip = frozenset(nodes) - plan.nodes.keys()

        def agreed(deploy: Any) -> None:
            require_same(plan, saved(deploy))
            self._show(deploy, args)

        return self._again(args, events, plan.generation, args.message or plan.message, skip, agreed)

    def _resume(self, args: argparse.Namespace, events: Any) -> int:
        """Go on with the deploy that was cut off: templates, environments and nodes file are not read."""
        from treadle.rollout.resume import require_interrupted

        begun = require_interrupted(stack_state(args))

        def agreed(deploy: Any) -> None:
            self._show(deploy, args)
            self._ask(deploy, args, events)

        return self._again(args, events, begun.generation, args.message, frozenset(begun.skipped), agreed)

    def _again(self, args: argparse.Namespace, events: Any, generation: str, message: str, skip: frozenset[str],
               agreed: Callable[[Any], None]) -> int:
        """Deploy a generation that was made before, where ``agreed`` raises nothing once it is planned."""
        from treadle.cli.clouds import write_entry
        from treadle.rollout.deploy import Deploy
        from treadle.rollout.reach import reaching

        state = stack_state(args)
        events.masked_by(state.generations().vault.mask())
        with reaching(state, events, forks=args.forks) as reach:
            deploy = Deploy.of(state, generation, reach, events, message, skip=skip, batch=args.batch,
                               max_failures=args.max_failures)
            deploy.prepare()
            agreed(deploy)
            self._run(deploy)
        write_entry(state)
        return 0

    def _ask(self, deploy: Any, args: argparse.Namespace, events: Any) -> None:
        if any(not preview.nothing for preview in deploy.previews):
            confirm("Do this?", args, events)


def require_one_way(args: argparse.Namespace) -> None:
    """Raise InputError for options of which one makes another senseless."""
    ways = [name for name, given in (("--check", args.check), ("--plan", args.plan), ("--plan-out", args.plan_out),
                                     ("--resume", args.resume)) if given]
    if len(ways) > 1:
        raise InputError(f"not together with {ways[1]}", key=ways[0], hint="give one of them")
    given = args.environments or args.nodes or args.templates or args.limit or args.roles or args.skip
    if args.plan and given:
        raise InputError("the plan has its templates, environments and nodes already", key="--plan",
                         hint="leave them away, or make a plan anew: --plan-out")
    if args.resume and given:
        raise InputError("the deploy that is gone on with has its templates, environments and nodes already",
                         key="--resume", hint="leave them away, or run the deploy itself: what is done is not repeated")
    if args.build_images and (args.check or args.plan or args.resume):
        raise InputError(f"not together with {ways[0]}", key="--build-images",
                         hint="images by themselves: openstack overcloud image build")


def build_images(gathered: Any, events: Any) -> None:
    """The images that the cloud uses, where they are missing or out of date."""
    from treadle import images
    from treadle.cli.image import used_by

    with events.span("phase", "Build images"):
        images.build(used_by(gathered.outputs), events=events)


def show(previews: Any, form: str, out: Any) -> None:
    """What would be done, each with its reason; in the order in which it would be done."""
    if form == "json":
        print(as_json([document(preview) for preview in previews]), file=out)
        return
    for preview in previews:
        print(f"{preview.node}: {summary(preview)}", file=out)
        new = [key for key, words in preview.configuration.items() if words and words[0].startswith("new, ")]
        if new:
            print(f"  new configuration: {', '.join(sorted(new))}", file=out)
        for key, words in sorted(preview.configuration.items()):
            if key not in new:
                print(f"  configuration {key}", *(f"      {word}" for word in words), sep="\n", file=out)
        for line in steps(preview):
            print(line, file=out)
    show_held(previews, out)


def document(preview: Any) -> dict[str, Any]:
    """A preview as JSON has it."""
    return {"node": preview.node, "puppet": list(preview.puppet), "configuration": dict(preview.configuration),
            "actions": [{"action": a.kind.value, "container": a.name, "step": a.step, "reasons": list(a.reasons)}
                        for a in preview.changes],
            "held": {a.name: a.held for a in preview.actions if a.held}}


def steps(preview: Any) -> list[str]:
    """What a preview would have done, in its order: a line an action, its reasons below it."""
    lines = [f"  {line}" for line in preview.puppet]
    for action in preview.changes:
        lines += [f"  step {action.step}: {action.kind} {action.name}", *(f"      {each}" for each in action.reasons)]
    return lines


def show_held(previews: Any, out: Any) -> None:
    """What is left alone because somebody stopped it on purpose."""
    for preview in previews:
        for action in preview.actions:
            if action.held and action.kind.value == "none":
                print(f"warning: {preview.node}: {action.name} is left as it is: {action.held}", file=out)


def summary(preview: Any) -> str:
    """``2 to restart, 1 to create; 14 containers stay as they are``."""
    counts: dict[str, int] = {}
    for action in preview.changes:
        counts[action.kind.value] = counts.get(action.kind.value, 0) + 1
    parts = [f"{number} to {kind}" for kind, number in sorted(counts.items())]
    stay = len(preview.actions) - len(preview.changes)
    return f"{', '.join(parts) or 'no container to touch'}; {stay} stay as they are"
