"""``openstack overcloud password list|rotate``."""

from __future__ import annotations

import argparse
from typing import Any

from treadle.cli.command import Lister, add_stack, stack_state
from treadle.cli.deploy import DeployOvercloud
from treadle.errors import InputError, nearest

#: Secrets that data of the cloud depends on, and what changes them instead.
KEPT = {
    "BarbicanSimpleCryptoKek": "what Barbican keeps is encrypted with it",
    "CorosyncAuthkey": "nodes of a Pacemaker cluster that have different ones lose each other",
    "HeatAuthEncryptionKey": "what Heat keeps of users is encrypted with it",
    "KeystoneCredential0": "credentials in Keystone are encrypted with it",
    "KeystoneCredential1": "credentials in Keystone are encrypted with it",
    "KeystoneFernetKeys": "tokens are encrypted with them; cron rotates them on the nodes",
    "SwiftHashSuffix": "where Swift keeps each object is found by it",
    "TreadleFingerprintKey": "all generations are compared by it",
}


class ListPasswords(Lister):
    """Show the names of the stack's passwords and keys, and which of them `password rotate` takes. No values."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        state = stack_state(args)
        state.plans()  # there is a stack of this name
        return ("Name", "Rotates", "Note"), [(name, name not in KEPT, KEPT.get(name, ""))
                                             for name in sorted(state.passwords(()))]


class RotatePassword(DeployOvercloud):
    """Generate passwords anew and deploy: the database, the message queue, Keystone and every service that uses them
    take the new ones, and the old ones are refused.

    Templates, environments and nodes are those of the last deploy unless others are given.
    """

    verb = "overcloud password rotate"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("rotated", nargs="+", metavar="NAME", help="parameter, such as NovaPassword; see "
                            "`overcloud password list`")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.cli.gather import as_before

        state = stack_state(args)
        state.plans()  # what was never deployed has nothing to rotate
        known = set(state.passwords(()))
        for name in args.rotated:
            if name not in known:
                raise InputError(f"no generated password is called {name}{nearest(name, known)}", key="NAME",
                                 hint="a password of an environment file is changed there, by a deploy")
            if name in KEPT:
                raise InputError(f"{name} cannot be rotated: {KEPT[name]}", key="NAME")
        if not (args.environments or args.environment_directories or args.answers_file or args.plan_environment_file):
            as_before(args, state)
        self._require_generated(args)
        return super().take_action(args)

    @staticmethod
    def _require_generated(args: argparse.Namespace) -> None:
        """Raise TemplateError for a password that an environment sets: a generated one would not come into force."""
        from treadle.cli.inputs import read_inputs
        from treadle.heat import Files
        from treadle.heat.environment import load_environments

        files = Files()
        environment = load_environments(read_inputs(args, files).environments, files)
        for section, given in (("parameter_defaults", environment.parameter_defaults),
                               ("parameters", environment.parameters)):
            for name in args.rotated:
                if name in given:
                    origin = environment.origin(section, name)
                    raise files.error(f"{name} has its value here, and a generated one would change nothing",
                                      origin.file, origin.path, hint="change it here, and deploy")
