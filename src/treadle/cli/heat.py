"""``--heat``: which engine makes a stack of the templates, and how a Heat service is reached."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from treadle.cli.command import confirm
from treadle.errors import InputError
from treadle.rollout.state import StackState

if TYPE_CHECKING:
    from treadle.heat import OvercloudResult
    from treadle.heat.remote import Heat
    from treadle.rollout.random_strings import RandomStrings

#: Arguments as ``treadle.heat.evaluate_overcloud`` has them, and a call that keeps the stack's passwords.
Evaluate = Callable[..., "OvercloudResult"]
_MINUTES = 240
#: What the state folder remembers of a stack that a Heat service holds.
REMEMBERED = "heat"


def add_heat(parser: argparse.ArgumentParser) -> None:
    """The options of the engine."""
    parser.add_argument("--heat", choices=("local", "remote"), default="local",
                        help="evaluate the templates in process, or have a Heat service create or update the stack: "
                             "that of the cloud in OS_CLOUD (--os-cloud), or of --heat-endpoint (default: %(default)s)")
    parser.add_argument("--heat-endpoint", metavar="URL", default="",
                        help="with --heat remote: a Heat without Keystone, such as http://127.0.0.1:8004/v1/admin")
    parser.add_argument("-t", "--timeout", metavar="MINUTES", type=_minutes, default=_MINUTES,
                        help="with --heat remote: how long Heat may take (default: %(default)s)")


def _minutes(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes")
    return int(text)


def evaluator(args: argparse.Namespace, state: StackState, app: Any, events: Any) -> Evaluate:
    """What turns templates into outputs, as the options say. A check asks Heat, but changes nothing there."""
    if args.heat == "local":
        if args.heat_endpoint:
            raise InputError("a Heat service is named, but not used", key="--heat-endpoint", hint="add --heat remote")
        return _local
    from treadle.heat.remote import RemoteOvercloud

    heat = connect(args.heat_endpoint, "", app)

    def remote(*given: Any, keep: Callable[[], None], random: RandomStrings, **named: Any) -> OvercloudResult:
        def before_change(action: str) -> None:
            confirm(f"{action.capitalize()} the stack {state.stack} in Heat at {heat.where}?", args, events)
            keep()
            state.remember(REMEMBERED, {"endpoint": args.heat_endpoint, "cloud": _cloud(app)})

        overcloud = RemoteOvercloud(heat, state.stack, events, args.timeout, before_change, random.note)
        return (overcloud.preview if args.check else overcloud.deploy)(*given, **named)
    return remote


def _local(*given: Any, keep: Callable[[], None], **named: Any) -> OvercloudResult:  # noqa: ARG001
    from treadle.heat import evaluate_overcloud

    return evaluate_overcloud(*given, **named)


def remembered(state: StackState, app: Any) -> Heat | None:
    """The Heat service that holds this stack, or None where none does."""
    known = state.recall(REMEMBERED)
    return connect(known["endpoint"], known["cloud"], app) if known else None


def connect(endpoint: str, cloud: str, app: Any) -> Heat:
    """Heat at ``endpoint``; else of ``cloud``; else of the cloud that the command line and the environment name."""
    from treadle.heat.remote import connect_cloud, connect_endpoint

    if endpoint:
        return connect_endpoint(endpoint, os.environ.get("OS_TOKEN", ""))
    config = getattr(app, "cloud_config", None)  # OpenStackClient's; by itself Treadle has none
    if cloud or config is None:
        return connect_cloud(cloud)
    return connect_cloud(_cloud(app), config, app.options)


def _cloud(app: Any) -> str:
    return str(getattr(getattr(app, "options", None), "cloud", None) or os.environ.get("OS_CLOUD", ""))
