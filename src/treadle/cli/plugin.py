"""Registers the commands of ``openstack overcloud …`` (python-openstackclient's ``openstack.cli.extension``)."""

from __future__ import annotations

import argparse
from typing import Any

API_NAME = "overcloud"
DEFAULT_API_VERSION = "1"
API_VERSION_OPTION = "os_overcloud_api_version"
API_VERSIONS = {"1": "treadle.cli.plugin"}


def make_client(instance: Any) -> None:
    """The commands need no client: they act on nodes, and the cloud that they make does not exist yet."""


def build_option_parser(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """No global options of our own."""
    return parser
