"""A deploy that is killed at any moment is finished by the next one, as if nothing had happened.

50 deploys, each killed at a moment that is drawn uniformly over the time that the same change takes undisturbed,
and each followed by a plain deploy. TREADLE_KILL_SEED repeats the moments of an earlier run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.engine import PrivateEngine
from tests.e2e.killing import Change, Killed, Round
from tests.e2e.small import SERVICES, SmallCloud, options

ROUNDS = 50
WITHOUT_MOUNTED = {"SmallServices": [service.type for service in SERVICES if service.name != "mounted"]}
#: The one-shot works for a while, so that some deploys are killed meanwhile.
WORKING = [replace(service, options={**options(), "faults": {"seconds": "0.3"}}) if service.name == "setup" else service
           for service in SERVICES]
#: Of each cloud, none of which concerns a container that another one does.
CHANGES = (
    (Change("reload", "reload back", {"ReloaderOptions": options(log_debug="true")}),
     Change("recreate", "recreate back",
            {"OnceEntry": {"environment": ["KOLLA_CONFIG_STRATEGY=COPY_ONCE", "COLOUR=blue"]}}),
     Change("removed service", "new service", WITHOUT_MOUNTED)),
    (Change("restart", "restart back", {"ReaderOptions": options(listen_backlog="20")}),
     Change("COPY_ONCE", "COPY_ONCE back", {"OnceKolla": {"permissions": [{"path": "/opt", "owner": "root:root"}]}}),
     Change("one-shot", "one-shot back", {"SetupEntry": {"environment": ["COLOUR=blue"]}})),
)


@pytest.fixture(scope="module")
def rounds(folder: Path, light_engine: PrivateEngine, number: int) -> Iterator[list[Round]]:
    """All rounds, on two clouds at a time."""
    seed = os.environ.get("TREADLE_KILL_SEED") or str(random.SystemRandom().randrange(10**9))
    print(f"TREADLE_KILL_SEED={seed}")
    clouds = [Killed(SmallCloud.on(number + i, "killed", folder / f"killed-{i}", light_engine.url), light_engine,
                     changes, random.Random(f"{seed}-{i}")) for i, changes in enumerate(CHANGES)]

    def work(killed: Killed) -> list[Round]:
        killed.cloud.services = WORKING
        killed.undisturbed()
        killed.kill(ROUNDS // len(clouds))
        return killed.rounds

    with ThreadPoolExecutor(len(clouds)) as pool:
        found = [done for rounds in pool.map(work, clouds) for done in rounds]
    yield found
    for killed in clouds:
        killed.cloud.run("openstack", "overcloud", "delete", "--stack", killed.cloud.name, "--yes").ok()


def test_a_deploy_killed_at_any_of_50_moments_is_finished_by_the_next(rounds: list[Round]) -> None:
    assert len(rounds) == ROUNDS
    assert len({done.name for done in rounds}) == 12, "every change was killed, in both directions"
    wrong = "\n".join(str(done) for done in rounds if done.wrong)
    assert not wrong, wrong
