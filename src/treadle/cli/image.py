"""``openstack overcloud image build``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treadle.cli.command import Lister, add_state, rendered, words
from treadle.errors import InputError
from treadle.rollout.state import shared_journal

WHAT = "overcloud image build"
COLUMNS = ("Image", "Reference", "State", "Purpose")


class BuildImage(Lister):
    """Build the container images with kolla-build, where they are missing or out of date: all but the extra ones of the
    list, those named, or those that a cloud uses.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_state(parser)
        parser.add_argument("images", nargs="*", metavar="IMAGE",
                            help="kolla's names (default: all but the extra ones)")
        parser.add_argument("-e", "--environment-file", dest="environments", action="append", default=[],
                            metavar="FILE", help="build what the cloud of the templates and these environment files "
                            "uses, extra images too, and nothing else but the images named (repeatable)")
        parser.add_argument("--templates", metavar="DIR", help="of that cloud: folder of the templates (default: "
                            "Treadle's own)")
        parser.add_argument("-r", "--roles-file", metavar="FILE", help="of that cloud: roles")
        parser.add_argument("-n", "--networks-file", metavar="FILE", help="of that cloud: networks")
        parser.add_argument("--list", action="store_true", help="show the images and their state; build nothing")
        parser.add_argument("--template-override", action="append", default=[], metavar="FILE",
                            help="a kolla template override of your own, after Treadle's (repeatable)")
        parser.add_argument("--rebuild", action="store_true", help="build even what is up to date")
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle import images

        names = [*args.images, *of_cloud(args)]
        overrides = [Path(path).absolute() for path in args.template_override]
        if args.list:
            found = images.list_images(overrides=overrides)
        else:
            with rendered(journal=shared_journal(Path(args.state).absolute())) as events, \
                    events.span("command", WHAT, words=words(self, args, WHAT)):
                found = images.build(names, events=events, overrides=overrides, rebuild=args.rebuild).images
        return COLUMNS, [(i.name, i.reference, i.state, f"{i.purpose} (extra)" if i.extra else i.purpose)
                         for i in found if not names or i.name in names]


def of_cloud(args: argparse.Namespace) -> tuple[str, ...]:
    """Names of the images that the cloud of the given files uses; none where no files are given."""
    from treadle.cli.authoring import authored
    from treadle.cli.inputs import templates_folder

    if not (args.environments or args.templates or args.roles_file or args.networks_file):
        return ()
    cloud = argparse.Namespace(template=str(templates_folder(args.templates)), environments=args.environments,
                               roles_file=args.roles_file, networks_file=args.networks_file, parameters=[],
                               parameter_files=[])
    return used_by(authored(cloud).stack().outputs())


def used_by(outputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the images that an overcloud with these outputs uses. Raises InputError where it uses none."""
    from treadle.images import catalogue

    project = catalogue.load(catalogue.project_folder())
    names = project.used_by(outputs.get("RoleData"))
    if not names:
        raise InputError("the cloud of these files uses none of the images", source=project.folder / "images.yaml",
                         key="images", hint="its images come from elsewhere, or its roles have no services")
    return names
