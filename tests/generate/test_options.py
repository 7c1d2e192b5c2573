"""Which options are mutable: what the service's own code in its image says, asked once an image."""

import pytest

from tests.support import Heard
from treadle.engine import STACK, Engine
from treadle.generate import MutableOptions
from treadle.images import catalogue

pytestmark = pytest.mark.engine
PROJECT = catalogue.load(catalogue.project_folder())


@pytest.fixture
def heard():
    return Heard()


def lists(folder, heard):
    return MutableOptions(Engine(), heard.events(), folder, f"options-{folder.name}")


def image(name):
    reference = PROJECT.reference(name)
    return reference, Engine().image_ids([reference])[reference]


def test_keystones_code_says_that_debug_is_mutable_and_token_expiration_is_not(tmp_path, heard):
    found = lists(tmp_path, heard).of(*image("keystone-api"))
    assert ("DEFAULT", "debug") in found
    assert ("token", "expiration") not in found
    assert not Engine().containers({STACK: f"options-{tmp_path.name}"})
    assert heard == []


@pytest.mark.parametrize("name", ["cinder-volume", "glance-api", "heat-engine", "neutron-server", "nova-compute"])
def test_every_image_whose_service_takes_options_while_it_runs_can_be_asked(tmp_path, heard, name):
    assert ("DEFAULT", "debug") in lists(tmp_path, heard).of(*image(name))
    assert heard == []


def test_an_image_is_asked_once(tmp_path, heard):
    reference, identity = image("keystone-api")
    first = lists(tmp_path, heard).of(reference, identity)
    assert lists(tmp_path, heard).of("an-image-that-is-not-there", identity) == first


def test_an_image_that_cannot_tell_is_said_and_asked_again(tmp_path, heard):
    assert lists(tmp_path, heard).of(*image("memcached")) == frozenset()
    assert heard.kinds() == ["options.unknown"] and "oslo-config-generator" in heard[0].text
    assert list(tmp_path.iterdir()) == []
