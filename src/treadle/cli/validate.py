"""``openstack overcloud config validate``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from treadle.cli.command import Command, add_stack, as_json, rendered, stack_state
from treadle.cli.nodes import add_nodes, chosen_plans
from treadle.cli.propagate import add_generation

if TYPE_CHECKING:
    from treadle.generate import ConfigTree
    from treadle.node.validate import Finding
    from treadle.plan.nodeplan import NodePlan
    from treadle.rollout.state import StackState

Nodes = Sequence[tuple["NodePlan", Mapping[str, "ConfigTree"]]]


class ValidateConfig(Command):
    """Have the services' own checkers look at a generation, before it is anywhere: unknown and deprecated options,
    wrong values, broken files. Exit status 1 when there are errors; nothing is changed."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        add_generation(parser)
        add_nodes(parser)
        parser.add_argument("--service", action="append", default=[], metavar="NAME",
                            help="only this service, or a container of one; may be given again")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="how the findings are printed")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.engine import Engine
        from treadle.node.validate import validate
        from treadle.rollout.partial import require_services
        from treadle.secrets import Secrets

        state = stack_state(args)
        nodes = generation_of(args, state)
        require_services([plan for plan, _ in nodes], args.service)
        found: list[Finding] = []
        with rendered() as events:
            for plan, trees in nodes:
                events.masked_by(Secrets(plan.secrets).mask)
                found += validate(plan, trees, Engine(), events, state.path / "validate", services=args.service)
        if args.format == "json":
            import dataclasses

            print(as_json([dataclasses.asdict(finding) for finding in found]), file=self.app.stdout)
        else:
            self._print(found, nodes, args.service)
        return int(any(finding.level == "error" for finding in found))

    def _print(self, found: Sequence[Finding], nodes: Nodes, services: Sequence[str]) -> None:
        from treadle.node.validate import declaring

        for line in shown(found):
            print(line, file=self.app.stdout)
        if not any(declaring(plan, services) for plan, _ in nodes):
            print("nothing was validated: no container here declares a check", file=self.app.stderr)
            return
        counts = {level: sum(finding.level == level for finding in found) for level in ("error", "warning")}
        said = ", ".join(f"{number} {level}{'s' * (number > 1)}" for level, number in counts.items() if number)
        print(said or "nothing is wrong", file=self.app.stderr)


def generation_of(args: argparse.Namespace, state: StackState) -> Nodes:
    """The chosen nodes' plans and config volumes of the generation that the options name. Raises HistoryError or
    InputError for what there is not."""
    recorded = state.generations().at(args.generation or "newest")
    plans = chosen_plans(args, state, recorded.plans())
    return [(plan, recorded.volumes(plan.node)) for plan in plans]


def shown(found: Sequence[Finding]) -> list[str]:
    """One line each, ``LEVEL: FILE:LINE [section] option: message``; the same on several nodes or of several containers
    once, with where it is in brackets."""
    where: dict[tuple[str, str], dict[Any, None]] = {}
    for finding in found:
        where.setdefault((finding.level, str(finding)), {})[(finding.node, finding.container)] = None
    return [f"{level}: {text}  ({_places(list(places))})" for (level, text), places in where.items()]


def _places(places: Sequence[tuple[str, str]]) -> str:
    """``keystone on node-0, node-1``."""
    nodes = {container: [node for node, other in places if other == container] for _, container in places}
    same: dict[tuple[str, ...], list[str]] = {}
    for container, names in nodes.items():
        same.setdefault(tuple(names), []).append(container)
    return "; ".join(f"{', '.join(containers)} on {', '.join(names)}" for names, containers in same.items())
