"""``openstack overcloud image build``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from treadle.cli.command import Lister, add_state, rendered, words
from treadle.rollout.state import shared_journal

WHAT = "overcloud image build"
COLUMNS = ("Image", "Reference", "State", "Purpose")


class BuildImage(Lister):
    """Build the container images with kolla-build: those that are missing or out of date, or those named."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_state(parser)
        parser.add_argument("images", nargs="*", metavar="IMAGE", help="kolla's names (default: all of the list)")
        parser.add_argument("--list", action="store_true", help="show the images and their state; build nothing")
        parser.add_argument("--template-override", action="append", default=[], metavar="FILE",
                            help="a kolla template override of your own, after Treadle's (repeatable)")
        parser.add_argument("--rebuild", action="store_true", help="build even what is up to date")
        return parser

    def take_action(self, args: argparse.Namespace) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        from treadle import images

        overrides = [Path(path).absolute() for path in args.template_override]
        if not args.list:
            with rendered(journal=shared_journal(Path(args.state).absolute())) as events, \
                    events.span("command", WHAT, words=words(self, args, WHAT)):
                images.build(args.images, events=events, overrides=overrides, rebuild=args.rebuild)
        found = images.list_images(overrides=overrides)
        return COLUMNS, [(i.name, i.reference, i.state, i.purpose) for i in found
                         if not args.images or i.name in args.images]
