"""Options and entries of tools/docker_puppet.py. What upstream's docker-puppet.py got wrong is told case by case."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from treadle.errors import InputError

PATH = Path(__file__).parents[2] / "tools/docker_puppet.py"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("docker_puppet", PATH)
    module = sys.modules["docker_puppet"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("environment", "option", "value"), [
    ({}, "debug", False),
    ({"DEBUG": "false"}, "debug", False),  # upstream: any text was true
    ({"DEBUG": ""}, "debug", False),
    ({"DEBUG": "True"}, "debug", True),
    ({"DEBUG": "1"}, "debug", True),
    ({"NO_ARCHIVE": "no"}, "no_archive", False),
    ({"NO_ARCHIVE": "yes"}, "no_archive", True),
    ({"PROCESS_COUNT": ""}, "retries", 1),
    ({"PROCESS_COUNT": "3"}, "processes", 3),
    ({"TIMEOUT": "90"}, "timeout", 90.0),
    ({}, "timeout", 600.0),
    ({"RETRIES": "0"}, "retries", 0),
    ({"NO_WARM": "1"}, "warm", False),
    ({}, "warm", True),
    ({"STEP": ""}, "step", 6),
])
def test_options_from_the_environment(tool, environment, option, value):
    assert getattr(tool.options(environment, []), option) == value


@pytest.mark.parametrize(("environment", "words"), [
    ({"TIMEOUT": "soon"}, "TIMEOUT: expected a number, got 'soon'"),
    ({"RETRIES": "-1"}, "RETRIES: expected 0 or more, got -1"),
    ({"PROCESS_COUNT": "0"}, "PROCESS_COUNT: expected 1 or more, got 0"),
    ({"TIMEOUT": "0"}, "TIMEOUT: expected 1 or more, got 0"),
])
def test_a_bad_number_names_its_variable(tool, environment, words):
    with pytest.raises(InputError) as caught:
        tool.options(environment, [])
    assert words in str(caught.value)


MOUNTED = {"config_volume": "v", "step_config": "two", "config_image": "i", "volumes": ["/a:/a"]}


@pytest.mark.parametrize(("first", "tags", "volumes"), [
    (["v", "a", "one", "i"], ("a",), ("/a:/a",)),  # upstream: IndexError
    (["v", None, "one", "i"], (), ("/a:/a",)),  # upstream: the tag "None"
    ({"config_volume": "v", "step_config": "one", "config_image": "i"}, (), ("/a:/a",)),  # later: KeyError
    ({"config_volume": "v", "step_config": "one", "config_image": "i", "puppet_tags": None, "volumes": None}, (),
     ("/a:/a",)),
])
def test_entries_of_one_volume_in_any_form(tool, tmp_path, first, tags, volumes):
    path = tmp_path / "docker-puppet.json"
    path.write_text(json.dumps([first, MOUNTED]))
    config, = tool.entries(path, "")
    assert (config.tags, config.volumes, config.manifest) == (tags, volumes, "one\n\ntwo")


@pytest.mark.parametrize(("made", "wanted", "gone"), [
    (["a", "b"], {"a"}, ["b"]),
    (["a", "b"], {"a", "b", "c"}, []),
    ([], {"a"}, []),
    (["a"], set(), ["a"]),
])
def test_only_volumes_that_the_tool_made_are_removed(tool, tmp_path, made, wanted, gone):
    record = tool.Made(tmp_path)
    for volume in [*made, "strangers"]:
        (record.folder / volume / "etc").mkdir(parents=True)
        (record.folder / volume / "etc/x").write_text("x")
        (record.folder / f"{volume}.md5sum").write_text("1")
    record.add(made)
    assert record.forget_others(wanted) == gone
    there = {path.name for path in record.folder.iterdir()}
    assert "strangers" in there and "strangers.md5sum" in there
    assert not {name for volume in gone for name in (volume, f"{volume}.md5sum")} & there
    assert tool.Made(tmp_path).forget_others(set(wanted)) == [], "it is remembered what was removed"
