"""Some services of a new plan on a node whose plan is old."""

import msgspec
import pytest

from tests.support import node_plan, tree
from treadle.errors import InputError
from treadle.plan.nodeplan import Script
from treadle.rollout.partial import containers_of, part, require_services

CONFIG = "/var/lib/config-data/puppet-generated"


def plan(version):
    def entry(name, *volumes):
        return {"image": f"{name}:{version}", "volumes": [f"{CONFIG}/{name}/:/src:ro", *volumes]}

    made = node_plan({1: {"a": entry("a", "/var/lib/kolla/config_files/a.json:/x:ro",
                                     "/var/lib/docker-config-scripts/a.sh:/y:ro"), "b": entry("b")},
                      2: {"a_setup": entry("a"), **({"a_more": entry("a")} if version == 2 else {})}})
    return msgspec.structs.replace(
        made, owners={"container a": "svc", "container a_setup": "svc", "container a_more": "svc", "container b": "b"},
        kolla_config={f"/var/lib/kolla/config_files/{n}.json": {"command": f"{n} {version}"} for n in "ab"},
        scripts={f"{n}.sh": Script(f"{n} {version}") for n in "ab"}, step_config=f"step {version}",
        secrets={f"P{version}": "secret", "Q": f"value {version}"})


def trees(version):
    return {name: tree(**{"f": f"{name} {version}"}) for name in ("a", "b")}


@pytest.mark.parametrize("services", [{"svc"}, {"a", "a_setup", "a_more"}])
def test_only_what_the_service_uses_is_new(services):
    made, volumes = part(plan(2), plan(1), trees(2), trees(1), services)
    images = {name: c.image for step in made.docker_config.values() for name, c in step.items()}
    assert images == {"a": "a:2", "b": "b:1", "a_setup": "a:2", "a_more": "a:2"}
    assert volumes == {"a": trees(2)["a"], "b": trees(1)["b"]}
    assert [found["command"] for found in made.kolla_config.values()] == ["a 2", "b 1"]
    assert [script.content for script in made.scripts.values()] == ["a 2", "b 1"]
    assert made.step_config == "step 1" and made.secrets == {"P1": "secret", "P2": "secret", "Q": "value 2"}


def test_what_the_new_plan_does_not_have_goes():
    made, _ = part(plan(1), plan(2), trees(1), trees(2), {"svc"})
    assert set(made.docker_config[2]) == {"a_setup"} and made.docker_config[1]["b"].image == "b:2"


def test_all_services_at_once_are_all_containers():
    made, volumes = part(plan(2), plan(1), trees(2), trees(1), {"svc", "b"})
    assert made.docker_config == plan(2).docker_config and volumes == trees(2)


def test_a_service_that_is_not_there():
    with pytest.raises(InputError, match=r"no service is called svd \(did you mean svc\?\)"):
        require_services([plan(1)], ["b", "svd"])
    assert set(containers_of(plan(1), {"svc"})) == {"a", "a_setup"}
