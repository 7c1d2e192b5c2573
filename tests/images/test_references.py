"""How images are called before and after they are pushed."""

import pytest

from treadle.errors import InputError
from treadle.images.references import Naming, pushes, renamed
from treadle.registry import registry_of

OURS = "treadle/keystone-api:2025.1"
REGISTRY = "192.0.2.1:5000"


@pytest.mark.parametrize(("image", "naming", "source", "wanted"), [
    (OURS, Naming(), OURS, OURS),
    (OURS, Naming(tag="monday"), "treadle/keystone-api:monday", "treadle/keystone-api:monday"),
    (OURS, Naming(f"{REGISTRY}/mine/", "t", "a-", "-z"), *2 * [f"{REGISTRY}/mine/a-keystone-api-z:t"]),
    (OURS, Naming(destination=REGISTRY), OURS, f"{REGISTRY}/{OURS}"),
    (OURS, Naming(destination=f"{REGISTRY}/cloud/"), OURS, f"{REGISTRY}/cloud/{OURS}"),
    (OURS, Naming("docker.io/kolla", destination=REGISTRY), "docker.io/kolla/keystone-api:2025.1",
     f"{REGISTRY}/kolla/keystone-api:2025.1"),
    (OURS, Naming("", "t"), "keystone-api:t", "keystone-api:t"),
    (f"{REGISTRY}/{OURS}", Naming(), *2 * [f"{REGISTRY}/{OURS}"]),
    ("single", Naming(destination=REGISTRY), "single:latest", f"{REGISTRY}/single:latest"),
    ("localhost/x:1", Naming(destination=REGISTRY), "localhost/x:1", f"{REGISTRY}/x:1"),
])
def test_names(image, naming, source, wanted):
    assert (naming.source(image), naming.wanted(image)) == (source, wanted)
    assert pushes([image, image], naming) == ({source: wanted} if naming.destination else {})


def test_parameters_keep_their_images():
    parameters = {"DockerKeystoneImage": OURS, "DockerKeystoneConfigImage": OURS, "DockerCronImage": "treadle/cron:1"}
    assert renamed(parameters, Naming(destination=REGISTRY)) == {
        "DockerCronImage": f"{REGISTRY}/treadle/cron:1", "DockerKeystoneConfigImage": f"{REGISTRY}/{OURS}",
        "DockerKeystoneImage": f"{REGISTRY}/{OURS}"}


@pytest.mark.parametrize(("parameters", "naming", "said"), [
    ({"DockerAImage": "one/x:1", "DockerBImage": "two/x:1"}, Naming("three"), "one/x:1 and two/x:1 would both be"),
    ({"DockerAImage": "x@sha256:00"}, Naming(), "named by its digest"),
])
def test_what_cannot_be_named_is_refused(parameters, naming, said):
    with pytest.raises(InputError, match=said):
        renamed(parameters, naming)


@pytest.mark.parametrize(("image", "registry"), [
    (OURS, ""), ("keystone:5000", ""), (f"{REGISTRY}/a:1", REGISTRY), ("quay.io/a", "quay.io"),
    ("localhost/a", "localhost"), ("[2001:db8::1]:5000/a", "[2001:db8::1]:5000"),
])
def test_only_a_name_that_says_a_registry_is_pulled(image, registry):
    assert registry_of(image) == registry
