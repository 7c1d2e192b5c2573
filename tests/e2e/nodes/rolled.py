"""A rolling update of three controllers by hand, to another image of Keystone, while tokens are asked for at the VIP.

    python -m tests.e2e.nodes.rolled FOLDER [--number N] [--keep]

Needs the images of the core and of environments/ha.yaml in the machine's engine. It is no test of every run.
"""

from __future__ import annotations

import re
import time

from tests.e2e.cloud import PROJECT
from tests.e2e.nodes import byhand
from tests.e2e.nodes.byhand import gives_tokens, soon, whole
from tests.e2e.nodes.cloud import containers
from tests.e2e.nodes.engine import docker
from tests.e2e.nodes.ha import CONTROLLERS, IMAGES, HaCloud
from tests.e2e.nodes.tokens import Tokens, one_after_another, version
from tests.e2e.nodes.turns import one_at_a_time
from treadle.images import catalogue

TWO = "treadle-tests/keystone-api:two"
NEW = "2030-01-01T00:00:00Z"
RECIPE = """FROM {image}
USER root
RUN sed --in-place "s/'updated': '20[0-9T:Z-]*'/'updated': '{new}'/" \\
        /usr/lib/python3/dist-packages/keystone/api/discovery.py \\
 && grep --quiet '{new}' /usr/lib/python3/dist-packages/keystone/api/discovery.py
"""


def new_image() -> None:
    """Keystone as it is, but that it says to have another version."""
    image = catalogue.load(PROJECT / "images").reference("keystone-api")
    docker("build", "--quiet", "--tag", TWO, "-", given=RECIPE.format(image=image, new=NEW))


def three_controllers_are_one_cloud(cloud: HaCloud) -> None:
    cloud.deploy().ok()
    soon(lambda: whole(cloud) and gives_tokens(cloud))


def nothing_runs_that_was_only_prepared(cloud: HaCloud) -> None:
    before = [containers(machine) for machine in cloud.controllers]
    cloud.prepare_update("-e", cloud.environment("two", DockerKeystoneImage=TWO, DockerKeystoneConfigImage=TWO)).ok()
    assert [containers(machine) for machine in cloud.controllers] == before


def one_node_after_the_other_while_tokens_are_given(cloud: HaCloud) -> None:
    old = version(cloud.controllers[0])
    with Tokens(cloud) as tokens:
        time.sleep(20)
        began = time.time()
        done = cloud.update("run", "--yes")
        ended = time.time()
        time.sleep(20)
    done.ok()
    hidden = len(re.findall(r'/\+[1-9]\d* \d+/\d+ "POST /v3/auth/tokens',
                            cloud.controllers[0].inside("sh", "-c", "docker logs haproxy 2>&1")))
    took = sorted(answer.took for answer in tokens.answers if began <= answer.when <= ended)
    print(f"  {len(tokens.answers)} tokens asked for, {len(took)} of them in the {ended - began:.0f} s of the update; "
          f"{len(tokens.failed)} failed, {hidden} went to a second node by HAProxy; "
          f"median {took[len(took) // 2]:.2f} s, slowest {took[-1]:.2f} s")
    for answer in tokens.failed:
        print(f"  at {answer.when - began:.1f} s, after {answer.took:.1f} s: {answer.wrong}")
    taken = one_at_a_time(cloud.journal())
    for node, begin, end in taken:
        print(f"  {node}: {begin - began:.1f} s to {end - began:.1f} s")
    seen = list(dict.fromkeys(each for _, each in tokens.versions))
    print("  what the three controllers said:", *("".join({old: "o", NEW: "n", "": "-"}[one] for one in each)
                                                 for each in seen))
    assert [node for node, _, _ in taken] == list(CONTROLLERS)
    assert one_after_another([each for _, each in tokens.versions], old, NEW) and tokens.versions[-1][1] == (NEW,) * 3
    assert tokens.failed == []


def converge_ends_it(cloud: HaCloud) -> None:
    cloud.update("converge", "--yes").ok()
    assert "converged, 3 of 3" in cloud.update("status").ok().err
    assert whole(cloud) and cloud.holder() == CONTROLLERS[0]


PROMISES = (three_controllers_are_one_cloud, nothing_runs_that_was_only_prepared,
            one_node_after_the_other_while_tokens_are_given, converge_ends_it)


if __name__ == "__main__":
    new_image()
    try:
        byhand.main(__doc__, HaCloud, CONTROLLERS, IMAGES, PROMISES, also=[TWO])
    finally:
        docker("rmi", TWO)
