"""What a Puppet run is made of, and what its outcome can depend on."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treadle.generate.job import DEFAULT_TAGS, Job, PuppetEtc, from_layers, modules_digest
from treadle.plan.nodeplan import PuppetConfig

CONFIG = PuppetConfig("keystone", "include keystone", "i", ("keystone_config",), ("/a:/a",))


@pytest.mark.parametrize(("tags", "expected"), [
    ((), "file,file_line,concat,augeas,cron"),
    (("keystone_config", "cron", "file"), "file,file_line,concat,augeas,cron,keystone_config"),
])
def test_default_tags_come_first_and_none_twice(tags, expected):
    assert Job(PuppetConfig("v", "m", "i", tags)).tags == expected
    assert Job(PuppetConfig("v", "m", "i", tags)).tags.split(",")[:5] == list(DEFAULT_TAGS)


@pytest.mark.parametrize(("tags", "kept_out"), [
    ((), ["Package", "Service", "Exec"]), (("exec",), ["Package", "Service"]),
])
def test_what_belongs_to_images_and_containers_is_kept_out(tags, kept_out):
    manifest = Job(PuppetConfig("v", "include x", "i", tags)).manifest
    assert manifest == "".join(f"noop_resource('{name}')\n" for name in kept_out) + "include x\n"


BASE = {"image_id": "sha256:1", "modules": "m", "hostname": "h"}


@pytest.mark.parametrize(("job", "given"), [
    (Job(PuppetConfig("keystone", "include other", "i", CONFIG.tags, CONFIG.volumes)), BASE),
    (Job(PuppetConfig("keystone", CONFIG.manifest, "i", ("x",), CONFIG.volumes)), BASE),
    (Job(PuppetConfig("keystone", CONFIG.manifest, "i", CONFIG.tags, ())), BASE),
    (Job(CONFIG, step=3), BASE),
    (Job(CONFIG, network="host"), BASE),
    (Job(CONFIG), {**BASE, "image_id": "sha256:2"}),
    (Job(CONFIG), {**BASE, "modules": "n"}),
    (Job(CONFIG), {**BASE, "hostname": "g"}),
])
def test_each_input_counts(job, given):
    assert Job(CONFIG).fixed_inputs(**BASE) == Job(CONFIG).fixed_inputs(**BASE)
    assert job.fixed_inputs(**given) != Job(CONFIG).fixed_inputs(**BASE)


def test_the_images_name_does_not_count_its_id_does():
    other = Job(PuppetConfig("keystone", CONFIG.manifest, "i:2", CONFIG.tags, CONFIG.volumes))
    assert other.fixed_inputs(**BASE) == Job(CONFIG).fixed_inputs(**BASE)


def test_layers_become_hiera():
    etc = from_layers({"low": {"a": 1}, "high": {"a": 2}, "unused": {}}, ["high", "missing", "low"])
    assert json.loads(etc.files["hieradata/low.json"]) == {"a": 1}
    assert json.loads(etc.files["hiera.yaml"])["hierarchy"][0]["paths"] == ["high.json", "missing.json", "low.json"]
    assert list(etc.layers) == [{"a": 2}, {"a": 1}]


def test_layers_that_have_no_key_in_common_are_one_file_in_the_container():
    layers = {"a": {"x": 1}, "b": {"y": 1}, "c": {"y": 2, "z": 1}, "d": {}, "e": {"x": 3}, "f": {"e": 1}}
    etc = from_layers(layers, ["a", "b", "c", "d", "e", "elsewhere", "f"])
    assert json.loads(etc.inside["hiera.yaml"])["hierarchy"][0]["paths"] == [
        "a--b.json", "c--e.json", "elsewhere.json", "f.json"]
    assert {name: json.loads(text) for name, text in etc.inside.items() if name != "hiera.yaml"} == {
        "hieradata/a--b.json": {"x": 1, "y": 1}, "hieradata/c--e.json": {"y": 2, "z": 1, "x": 3},
        "hieradata/f.json": {"e": 1}}
    assert json.loads(etc.files["hieradata/b.json"]) == {"y": 1}


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers()), max_size=6))
def test_every_lookup_finds_in_joined_layers_what_it_finds_in_all(layers):
    names = [f"l{number}" for number in range(len(layers))]
    etc = from_layers(dict(zip(names, layers, strict=True)), names)
    paths = json.loads(etc.inside["hiera.yaml"])["hierarchy"][0]["paths"]
    read = [json.loads(etc.inside[f"hieradata/{path}"]) for path in paths]
    for key in "abcd":
        assert [layer[key] for layer in read if key in layer] == [layer[key] for layer in layers if key in layer]


@pytest.mark.parametrize(("one", "other", "same"), [
    ([{"k": 1}], [{"k": 1, "other": 2}], True),
    ([{"k": 1}], [{"k": 2}], False),
    ([{"k": None}], [{}], False),
    ([{}, {"k": 1}], [{"k": 1}, {}], False),
    ([{"k": 1}, {"k": 2}], [{"k": 1}, {"k": 3}], False),
    ([{"k": {"a": 1, "b": 2}}], [{"k": {"b": 2, "a": 1}}], True),
])
def test_what_a_lookup_could_have_used(one, other, same):
    """All layers count: a lookup may merge them."""
    assert (PuppetEtc({}, one).asked("k") == PuppetEtc({}, other).asked("k")) is same


@pytest.mark.parametrize(("layers", "count"), [
    ([], 0), ([{"nova::debug": 1, "keystone::debug": 2}], 1), ([{"nova::a": 1}, {"nova::b": 2, "innova::c": 3}], 2),
    ([{"treadle::profile::nova::x": 1, "nova": 2}], 1),
])
def test_how_much_is_set_for_a_service(layers, count):
    assert PuppetEtc({}, layers).settings_of("nova") == count


def test_modules_digest_of_texts_and_of_folders(tmp_path):
    assert modules_digest({"a": "1"}) != modules_digest({"a": "2"})
    for name in ("one", "two"):
        (tmp_path / name / "m").mkdir(parents=True)
        (tmp_path / name / "m/init.pp").write_text("class m {}")
    assert modules_digest([tmp_path / "one"]) == modules_digest([tmp_path / "two"])
    (tmp_path / "two/m/init.pp").write_text("class m { }")
    assert modules_digest([tmp_path / "one"]) != modules_digest([tmp_path / "two"])
