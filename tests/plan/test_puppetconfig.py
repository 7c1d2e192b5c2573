"""Entries of puppet_config and docker-puppet.json: map and list form, one volume named twice, two images."""

import pytest

from treadle.errors import PlanError
from treadle.plan.nodeplan import PuppetConfig
from treadle.plan.puppetconfig import merge_same_volume, parse_entry

FULL = PuppetConfig("keystone", "include keystone", "i:1", ("keystone_config", "cron"), ("/a:/a:ro",))


@pytest.mark.parametrize(("entry", "expected"), [
    ({"config_volume": "keystone", "puppet_tags": "keystone_config, cron", "step_config": "include keystone",
      "config_image": "i:1", "volumes": ["/a:/a:ro"]}, FULL),
    (["keystone", "keystone_config,cron", "include keystone", "i:1", ["/a:/a:ro"]], FULL),
    (["keystone", "", "include keystone", "i:1"], PuppetConfig("keystone", "include keystone", "i:1")),
    (["keystone", None, None, None], PuppetConfig("keystone", "", "")),
    ({"config_volume": "k", "step_config": ["include a", ["include b"]], "config_image": "i", "volumes": ["", "/v:/v"]},
     PuppetConfig("k", "include a\ninclude b", "i", (), ("/v:/v",))),
    ({"config_volume": "k", "step_config": "x", "config_image": "i", "puppet_tags": ",a,,b,", "volumes": None},
     PuppetConfig("k", "x", "i", ("a", "b"))),
])
def test_both_forms(entry, expected):
    assert parse_entry(entry, "puppet_config") == expected


@pytest.mark.parametrize(("entry", "said"), [
    (["a", "b", "c"], "file: expected \\[config_volume"),
    ("keystone", "file: expected a map or a list, got str"),
    ({"config_volume": "k", "puppet_tag": "x"}, r"file\.puppet_tag: .*did you mean puppet_tags\?"),
    ({"step_config": "x"}, r"file\.config_volume: expected the name of a config volume, got None"),
    ({"config_volume": "../x"}, r"file\.config_volume"),
    ({"config_volume": "k", "step_config": {"a": 1}}, r"file\[k\]\.step_config: expected a Puppet manifest, got dict"),
    ({"config_volume": "k", "puppet_tags": ["a"]}, r"file\[k\]\.puppet_tags"),
    ({"config_volume": "k", "config_image": 3}, r"file\[k\]\.config_image"),
    ({"config_volume": "k", "volumes": "/a:/a"}, r"file\[k\]\.volumes: expected a list of mounts"),
])
def test_what_may_not_be_is_named(entry, said):
    with pytest.raises(PlanError, match=said):
        parse_entry(entry, "file")


def test_entries_of_one_volume_become_one():
    merged = merge_same_volume([
        PuppetConfig("nova", "include a", "i", ("x",), ("/v:/v",)),
        PuppetConfig("other", "include o", "j"),
        PuppetConfig("nova", "include b", "i", ("y", "x"), ("/v:/v", "/w:/w")),
    ])
    assert merged == [PuppetConfig("nova", "include a\n\ninclude b", "i", ("x", "y"), ("/v:/v", "/w:/w")),
                      PuppetConfig("other", "include o", "j")]


@pytest.mark.parametrize("manifest", ["include a", "include a\n", "include a\n\nclass { 'b': }\n"])
def test_the_same_manifest_twice_stands_there_once(manifest):
    """A resource that is declared twice would fail the catalog."""
    [merged] = merge_same_volume([PuppetConfig("v", manifest, "i", (tag,)) for tag in ("x", "y", "z")])
    assert merged.manifest.strip() == manifest.strip()
    assert merged.tags == ("x", "y", "z")


def test_entries_that_make_nothing_are_left_out():
    assert merge_same_volume([PuppetConfig("a", "", "i"), PuppetConfig("b", "include b", "")]) == []


def test_two_images_for_one_volume_are_an_error():
    with pytest.raises(PlanError, match=r"puppet_config\[v\]\.config_image: .*two images, i:1 and i:2"):
        merge_same_volume([PuppetConfig("v", "a", "i:1"), PuppetConfig("v", "b", "i:2")])
