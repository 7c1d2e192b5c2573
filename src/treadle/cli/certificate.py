"""``openstack overcloud certificate generate``."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treadle.cli.command import Command, add_stack, positive, stack_state
from treadle.cli.inputs import add_inputs
from treadle.errors import InputError

if TYPE_CHECKING:
    from treadle.certificates.renewal import Holding
    from treadle.plan.nodes import Node
    from treadle.rollout.state import StackState

_PARTS = {"ca": "CA", "public": "certificate of the public endpoints", "internal": "certificate between services"}


class GenerateCertificate(Command):
    """Make a CA of the cloud's own and certificates for its VIPs, names and nodes, as an environment file; run again,
    renew what is due.

    Which hosts there are is said by templates, environments and nodes: those of the last deploy unless others are
    given. Nothing is deployed.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        add_inputs(parser)
        parser.add_argument("--output", metavar="FILE", default="certificates.yaml",
                            help="the environment file; the CA with its key is put beside it, as FILE-ca.pem "
                            "(default: %(default)s)")
        parser.add_argument("--days", metavar="N", type=positive, default=365,
                            help="how long a certificate is valid (default: %(default)s)")
        parser.add_argument("--name", dest="names", metavar="NAME", action="append", default=[],
                            help="further name or address of the public endpoints, kept by later runs (repeatable)")
        parser.add_argument("--renew", choices=sorted(_PARTS), action="append", default=[],
                            help="make this one anew although it is not due, with no names kept; with the CA all that "
                            "it signed (repeatable)")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from datetime import UTC, datetime

        from treadle.certificates import files
        from treadle.certificates.renewal import Wanted, renewed

        state, file = stack_state(args), Path(args.output).absolute()
        _require_hosts(args.names)
        known = files.read(file)
        outputs, nodes = _evaluated(args, state)
        hosts = wanted_hosts(outputs, nodes, args.names)
        holding, said = renewed(known, Wanted(hosts, _cloud(outputs, args.stack), args.days), datetime.now(UTC),
                                args.renew)
        if any(said.values()):
            files.write(file, holding)
        self._tell(holding, said, file)
        if not nodes:
            print("warning: no nodes are known, so TLS between services would be refused: give --nodes FILE",
                  file=self.app.stderr)
        return 0

    def _tell(self, holding: Holding, said: Mapping[str, str], file: Path) -> None:
        assert holding.authority is not None
        for name, title in _PARTS.items():
            pair = holding.authority if name == "ca" else holding.certificates[name]
            what = f"new, because {said[name]}" if said[name] else "as it was"
            print(f"{title}: {what}; valid until {pair.parsed.not_valid_after_utc:%Y-%m-%d}", file=self.app.stdout)
            if name != "ca":
                print(f"  for {', '.join(sorted(pair.hosts))}", file=self.app.stdout)
        print(f"{file} is {'written' if any(said.values()) else 'as it was'}: give it to a deploy by -e",
              file=self.app.stdout)


def wanted_hosts(outputs: Mapping[str, Any], nodes: Iterable[Node], names: Iterable[str]) -> dict[str, frozenset[str]]:
    """Names and addresses that each certificate has to be valid for."""
    vips: Mapping[str, str] = outputs.get("VipMap") or {}
    cloud: Mapping[str, str] = outputs.get("CloudNames") or {}
    endpoints: Mapping[str, Mapping[str, Any]] = outputs.get("EndpointMap") or {}
    reached: dict[bool, set[str]] = {True: set(), False: set()}
    for name, endpoint in endpoints.items():
        reached[name.endswith("Public")].add(str(endpoint["host_nobrackets"]))
    outside = vips.get("external") or vips.get("ctlplane") or ""
    public = {outside, cloud.get("external") or cloud.get("ctlplane") or "", *reached[True], *names}
    internal = {*vips.values(), *cloud.values(), *reached[False]}
    for node in nodes:
        internal |= {node.name, node.address, *node.networks.values()}
    return {"public": frozenset(public - {""}), "internal": frozenset(internal - {""})}


def _evaluated(args: argparse.Namespace, state: StackState) -> tuple[Mapping[str, Any], list[Node]]:
    """The overcloud's outputs, and the nodes; none where none are known."""
    from treadle.cli.gather import as_before, generated_names, known_nodes
    from treadle.cli.inputs import read_inputs
    from treadle.heat import Files, evaluate_overcloud
    from treadle.heat.roles import render_tree

    if state.planned and not (args.environments or args.environment_directories or args.answers_file
                              or args.plan_environment_file):
        as_before(args, state)
    files = Files()
    given = read_inputs(args, files)
    rendered = render_tree(given.templates, given.roles_file, given.networks_file, files).texts
    stand_ins = state.passwords(generated_names(given.templates, rendered))
    result = evaluate_overcloud(given.templates, given.roles_file, given.environments,
                                networks_file=given.networks_file, files=files, random=state.random_strings(),
                                base_parameter_defaults=stand_ins)
    return result.outputs, known_nodes(args, state, [role["name"] for role in result.roles])


def _cloud(outputs: Mapping[str, Any], stack: str) -> str:
    return str((outputs.get("CloudNames") or {}).get("external") or stack)


def _require_hosts(names: Iterable[str]) -> None:
    import ipaddress
    import re

    label = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
    for name in names:
        try:
            ipaddress.ip_address(name)
        except ValueError:
            if not re.fullmatch(rf"(\*\.)?{label}(\.{label})*", name):
                raise InputError(f"{name!r} is neither a DNS name nor an address", key="--name",
                                 hint="such as cloud.example.com or 192.0.2.10") from None
