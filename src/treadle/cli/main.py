"""``treadle VERB``: the same commands as ``openstack overcloud VERB``, without OpenStackClient's start-up time."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

from cliff.app import App
from cliff.commandmanager import CommandManager

from treadle import __version__

GROUP = "openstack.overcloud.v1"


class Commands(CommandManager):
    """The plugin's commands with their first word, ``overcloud``, left out."""

    def load_commands(self, namespace: str) -> None:
        for point in entry_points(group=namespace):
            name = point.name.removeprefix("overcloud_").replace("_", " ")
            self.commands[name] = point


class Treadle(App):
    """The application object."""

    NAME = "treadle"

    def __init__(self) -> None:
        super().__init__("deploys and changes an OpenStack cloud of containers, step by step", __version__,
                         Commands(GROUP), deferred_help=True)


def main(argv: list[str] | None = None) -> int:
    """Entry point of the ``treadle`` script; gives the exit status."""
    return int(Treadle().run(sys.argv[1:] if argv is None else argv))
