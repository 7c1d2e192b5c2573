"""``openstack overcloud roles list|show|generate``: roles files put together from a folder of roles."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cliff.columns import FormattableColumn

from treadle.cli.command import Command, Lister, ShowOne

COLUMNS = ("Role", "Count", "Tags", "Services", "Description")


class Lines(FormattableColumn[list[Any]]):
    """A list: one line an element for people, a list for programs."""

    def human_readable(self) -> str:
        return "\n".join(str(item) for item in self._value)


def _add_path(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--roles-path", metavar="DIR",
                        help="folder with one YAML file a role (default: roles/ of the templates)")


def _roles(args: argparse.Namespace) -> Any:
    from treadle.cli.inputs import templates_folder
    from treadle.heat.role_files import RoleFiles

    return RoleFiles(Path(args.roles_path) if args.roles_path else templates_folder(None) / "roles")


class ListRoles(Lister):
    """Show the roles that a roles file can be put together from."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        _add_path(parser)
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        files = _roles(args)
        roles = [files.role(name) for name in files.names()]
        return COLUMNS, [(role["name"], role.get("CountDefault", 0), Lines(role.get("tags") or []),
                          len(role.get("ServicesDefault") or []), " ".join(role.get("description", "").split()))
                         for role in roles]


class ShowRole(ShowOne):
    """Show one role: every key of its file."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        _add_path(parser)
        parser.add_argument("role", metavar="ROLE", help="name of the role")
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], tuple[Any, ...]]:
        role = _roles(args).role(args.role)
        return tuple(role), tuple(Lines(value) if isinstance(value, list) else value for value in role.values())


class GenerateRoles(Command):
    """Put a roles file together for `deploy -r`."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        _add_path(parser)
        parser.add_argument("-o", "--output-file", metavar="FILE", help="write here, not to standard output")
        parser.add_argument("--skip-validate", action="store_true",
                            help="take roles whose keys or kinds of values deploy would refuse")
        parser.add_argument("roles", nargs="+", metavar="ROLE",
                            help="a role, or ROLE:NAME for a copy under another name; the first role is the primary "
                                 "one unless a role has the tags primary and controller")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.errors import InputError
        from treadle.files import write_atomic
        from treadle.heat.role_files import Asked

        text = _roles(args).generate([Asked.parse(role) for role in args.roles], checked=not args.skip_validate)
        if not args.output_file:
            self.app.stdout.write(text)
            return
        try:
            write_atomic(Path(args.output_file), text)
        except OSError as error:
            raise InputError(f"cannot be written: {error.strerror}", source=args.output_file,
                             key="--output-file") from None
