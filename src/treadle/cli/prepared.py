"""From what the user typed to a deploy whose plans are made, for all commands that evaluate templates."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from treadle.cli.command import stack_state
from treadle.cli.heat import evaluator


@contextmanager
def made_deploy(args: argparse.Namespace, app: Any, events: Any, **options: Any) -> Iterator[Any]:
    """(the deploy, what was gathered). From now on ``events`` masks its secrets. Nothing is generated yet."""
    from treadle.cli.gather import gather
    from treadle.rollout.deploy import Deploy
    from treadle.rollout.reach import FORKS, reaching
    from treadle.secrets import Secrets

    state = stack_state(args)
    with events.span("phase", "Evaluate templates"):
        gathered = gather(args, state, evaluator(args, state, app, events))
    secrets = Secrets({k: v for plan in gathered.plans for k, v in plan.secrets.items()})
    events.masked_by(secrets.mask)
    if secrets.too_short:
        print(f"warning: too short to be told from other text, so they are not masked: "
              f"{', '.join(secrets.too_short)}", file=app.stderr)
    with reaching(state, events, gathered.nodes, forks=getattr(args, "forks", FORKS)) as reach:
        yield Deploy(state, gathered.plans, reach, events, args.message, gathered.inputs, gathered.sources,
                     skip=gathered.skipped, **options), gathered


def keep(state: Any, gathered: Any) -> None:
    """What a generation is made of and must not be made anew: passwords, random strings, nodes; how its cloud is
    reached."""
    from treadle.cli.clouds import keep_entry
    from treadle.cli.gather import vars_of

    keep_entry(state, gathered.outputs, gathered.hidden)
    state.save_passwords(gathered.passwords)
    state.save_random_strings(gathered.random)
    state.remember("nodes", [vars_of(node) for node in gathered.nodes])
