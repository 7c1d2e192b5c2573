"""``openstack overcloud service list|show|reload|restart|stop|start``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from treadle.cli.command import Command, Looking, ShowOne, add_stack, as_json, changing, confirm, stack_state
from treadle.cli.nodes import add_nodes, chosen_plans

if TYPE_CHECKING:
    from treadle.node.service import Outcome, Verb
    from treadle.plan.nodeplan import NodePlan


def _add_nodes(parser: argparse.ArgumentParser) -> None:
    add_stack(parser)
    add_nodes(parser, "all that have the service")


def _plans(args: argparse.Namespace) -> list[NodePlan]:
    """The plans that the chosen nodes were deployed with."""
    from treadle.events import silent
    from treadle.rollout.reach import reaching

    state = stack_state(args)
    with reaching(state, silent()) as reach:
        return [reach.deployed(plan) for plan in chosen_plans(args, state, state.plans())]


class ListServices(Looking):
    """Show the services of each node and whether they run."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        _add_nodes(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle.events import silent
        from treadle.node.service import services
        from treadle.rollout.look import look
        from treadle.rollout.reach import Reach, reaching

        def ask(reach: Reach, plan: NodePlan) -> tuple[NodePlan, dict[str, Any]]:
            deployed = reach.deployed(plan)
            return deployed, {one.name: one for one in reach.agent(deployed).tolerated().preview.actions}

        state = stack_state(args)
        rows = []
        with reaching(state, silent()) as reach:
            seen = look(reach, chosen_plans(args, state, state.plans()), lambda plan: ask(reach, plan))
        self.tell(seen.lines())
        for _, (plan, actions) in seen.found:
            for service, names in sorted(services(plan).items()):
                mine = [actions[name] for name in names]
                running = sum(1 for action in mine if action.observed and action.observed.running)
                health = sorted({action.observed.health for action in mine if action.observed} - {""})
                held = sorted({action.held for action in mine if action.held})
                rows.append((plan.node, service, ", ".join(names), f"{running}/{len(mine)}", ", ".join(health),
                             "; ".join(held)))
        return ("Node", "Service", "Containers", "Running", "Health", "Note"), rows


def _actions(args: argparse.Namespace, plan: NodePlan) -> dict[str, Any]:
    from treadle.events import silent
    from treadle.rollout.reach import reaching

    with reaching(stack_state(args), silent()) as reach:
        return {action.name: action for action in reach.agent(plan).tolerated().preview.actions}


class ShowService(ShowOne):
    """Show one service: its containers on each node, and how it is reloaded, drained and stopped."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        _add_nodes(parser)
        parser.add_argument("service", metavar="SERVICE", help="a service, or a container of one")
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        from treadle.rollout.service import targets

        found = targets(_plans(args), args.service, named=bool(args.node))
        shown: dict[str, Any] = {"service": args.service, "nodes": [target.plan.node for target in found]}
        containers = {}
        for target in found:
            actions = _actions(args, target.plan)
            containers[target.plan.node] = {name: _described(actions[name]) for name in target.names}
        shown["containers"] = containers
        return tuple(shown), tuple(shown.values())


def _described(action: Any) -> dict[str, Any]:
    """A container as a script wants it; what it does not declare is left out."""
    import msgspec

    entry = action.desired.container
    there = action.observed
    found = {"step": action.step, "image": entry.image, "state": there.state if there else "absent",
             "health": there.health if there else "", "stopped": action.held,
             "configuration": [held.key for held in action.desired.sources], "stop_signal": entry.stop_signal,
             "stop_grace_period": entry.stop_grace_period,
             "reload": msgspec.to_builtins(entry.reload), "drain": msgspec.to_builtins(entry.drain)}
    return {key: value for key, value in found.items() if value not in ("", None, [])}


class _Verb(Command):
    """What the four verbs share: nodes one by one, under the stack's lock, audited."""

    verb: Verb
    asks = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        _add_nodes(parser)
        parser.add_argument("service", metavar="SERVICE", help="a service, or a container of one (service list)")
        parser.add_argument("--message", metavar="WHY", default="", help="why; kept in the journal")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="how the result is printed")
        if self.asks:
            parser.add_argument("--no-drain", action="store_true", help="do not keep work away first")
            parser.add_argument("--yes", action="store_true", help="do not ask")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.rollout.reach import reaching
        from treadle.rollout.service import ServiceRun, targets
        from treadle.secrets import Secrets

        plans = _plans(args)
        found = targets(plans, args.service, named=bool(args.node))
        with changing(self, args, f"overcloud service {self.verb} {args.service}") as events, \
                reaching(stack_state(args), events) as reach:
            events.masked_by(Secrets({name: value for plan in plans for name, value in plan.secrets.items()}).mask)
            run = ServiceRun(reach, events, self.verb, args.service, args.message,
                             drains=not getattr(args, "no_drain", False))
            run.check(found)
            if self.asks:
                self._confirm(args, found, events)
            done = run.run(found)
        self._print(done, args.format)

    def _confirm(self, args: argparse.Namespace, found: Any, events: Any) -> None:
        for target in found:
            print(f"{target.plan.node}: {self.verb} {', '.join(target.names)}", file=self.app.stderr)
        confirm("Do this?", args, events)

    def _print(self, done: list[Outcome], form: str) -> None:
        if form == "json":
            import dataclasses

            print(as_json([dataclasses.asdict(outcome) for outcome in done]), file=self.app.stdout)
            return
        for outcome in done:
            health = f", {outcome.health}" if outcome.health else ""
            note = f" ({outcome.note})" if outcome.note else ""
            print(f"{outcome.node}: {outcome.container}: {outcome.action or 'nothing to do'}{note}: "
                  f"{outcome.state}{health}", file=self.app.stdout)


class ReloadService(_Verb):
    """Have a service take its configuration while it runs, as it declares; one that does not take it is restarted."""

    verb: Verb = "reload"


class RestartService(_Verb):
    """Restart a service, node by node: work is kept away first, and the next node waits until this one is healthy."""

    verb: Verb = "restart"
    asks = True


class StopService(_Verb):
    """Stop a service, node by node, without work in progress. It stays stopped, whatever is deployed, until `start`."""

    verb: Verb = "stop"
    asks = True


class StartService(_Verb):
    """Start a service that was stopped, with what was deployed meanwhile."""

    verb: Verb = "start"
