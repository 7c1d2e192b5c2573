"""``openstack overcloud deploy``."""

from __future__ import annotations

import argparse
from typing import Any

from treadle.cli.command import Command, add_stack, as_json, confirm, rendered, stack_state
from treadle.cli.heat import add_heat, evaluator
from treadle.cli.inputs import add_inputs
from treadle.errors import TreadleError


class DeployOvercloud(Command):
    """Deploy the stack, or bring it to what templates and environments say now.

    The same command deploys for the first time, changes, and goes on after a failure: what is as it should be
    is not touched.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        add_inputs(parser)
        add_heat(parser)
        parser.add_argument("--check", action="store_true", help="say what would be done, and why; change nothing")
        parser.add_argument("--detailed-exitcode", action="store_true",
                            help="with --check: exit status 0 when there is nothing to do, 2 when there is")
        parser.add_argument("--repair", action="store_true",
                            help="look into each container for what a hand changed in it (docker update), and undo it")
        parser.add_argument("--message", metavar="WHY", default="", help="why; it is kept with the generation")
        parser.add_argument("--yes", action="store_true", help="do not ask before changing anything")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="how the plan is printed")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.rollout.lock import held

        state = stack_state(args)
        with rendered(None if args.check else state) as events:
            if args.check:
                return self._check(args, events)
            with held(state.lock, f"overcloud deploy {args.message}".strip(), events), \
                    events.span("command", "overcloud deploy", message=args.message):
                return self._deploy(args, events)

    def _prepared(self, args: argparse.Namespace, events: Any) -> Any:
        """(the deploy with its plan made, what was gathered)."""
        from treadle.cli.gather import gather
        from treadle.engine import Engine
        from treadle.rollout import Deploy
        from treadle.secrets import Secrets

        state = stack_state(args)
        with events.span("phase", "Evaluate templates"):
            gathered = gather(args, state, evaluator(args, state, self.app, events))
        secrets = Secrets({k: v for plan in gathered.plans for k, v in plan.secrets.items()})
        events.masked_by(secrets.mask)
        if secrets.too_short:
            print(f"warning: too short to be told from other text, so they are not masked: "
                  f"{', '.join(secrets.too_short)}", file=self.app.stderr)
        deploy = Deploy(state, gathered.plans, Engine(), events, args.message, gathered.inputs, check_only=args.check,
                        repair=args.repair)
        try:
            deploy.prepare()
        except TreadleError as error:
            raise masked(error, secrets.mask) from None
        return deploy, gathered, secrets

    def _check(self, args: argparse.Namespace, events: Any) -> int:
        deploy, _, _ = self._prepared(args, events)
        show(deploy.previews, args.format, self.app.stdout)
        something = any(not preview.nothing for preview in deploy.previews)
        return 2 if something and args.detailed_exitcode else 0

    def _deploy(self, args: argparse.Namespace, events: Any) -> int:
        from treadle.cli.clouds import write_entry
        from treadle.cli.gather import vars_of

        deploy, gathered, secrets = self._prepared(args, events)
        if any(not preview.nothing for preview in deploy.previews):
            show(deploy.previews, args.format, self.app.stdout)
            confirm("Do this?", args, events)
        else:
            print("Nothing to do: everything is as it should be.", file=self.app.stdout)
            show_held(deploy.previews, self.app.stderr)
        state = stack_state(args)
        state.save_passwords(gathered.passwords)
        state.save_random_strings(gathered.random)
        state.remember("nodes", [vars_of(node) for node in gathered.nodes])
        try:
            deploy.run()
        except TreadleError as error:
            raise masked(error, secrets.mask) from None
        write_entry(state.stack, gathered.outputs, gathered.hidden)
        return 0


def masked(error: TreadleError, mask: Any) -> TreadleError:
    """The same error without secrets: commands and containers quote what they were given."""
    error.message, error.hint = mask(error.message), mask(error.hint)
    return error


def show(previews: Any, form: str, out: Any) -> None:
    """What would be done, each with its reason; in the order in which it would be done."""
    if form == "json":
        document = [{"node": p.node, "puppet": list(p.puppet), "configuration": dict(p.configuration),
                     "actions": [{"action": a.kind.value, "container": a.name, "step": a.step,
                                  "reasons": list(a.reasons)} for a in p.changes],
                     "held": {a.name: a.held for a in p.actions if a.held}} for p in previews]
        print(as_json(document), file=out)
        return
    for preview in previews:
        print(f"{preview.node}: {summary(preview)}", file=out)
        new = [key for key, words in preview.configuration.items() if words and words[0].startswith("new, ")]
        if new:
            print(f"  new configuration: {', '.join(sorted(new))}", file=out)
        for key, words in sorted(preview.configuration.items()):
            if key not in new:
                print(f"  configuration {key}", *(f"      {word}" for word in words), sep="\n", file=out)
        for line in preview.puppet:
            print(f"  {line}", file=out)
        for action in preview.changes:
            print(f"  step {action.step}: {action.kind} {action.name}",
                  *(f"      {reason}" for reason in action.reasons), sep="\n", file=out)
    show_held(previews, out)


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
