"""docs/containers.md is true: its example is accepted, and its table has each key once."""

import re
from pathlib import Path

import yaml

from treadle.plan.containers import KEYS, parse_container
from treadle.plan.references import check_references

TEXT = (Path(__file__).resolve().parents[2] / "docs/containers.md").read_text()


def test_the_example():
    given = yaml.safe_load(TEXT.split("```")[1].replace("{get_param: DockerMemcachedImage}", "memcached"))
    steps = {int(step.removeprefix("step_")): {name: parse_container(name, entry, step)
                                               for name, entry in found.items()}
             for step, found in given["docker_config"].items()}
    check_references(steps, lambda step, name: f"step_{step}.{name}")
    assert [len(found) for found in steps.values()] == [1, 2]


def test_the_table():
    table = TEXT.split("## Keys")[1].split("## ")[0]
    names = [name for line in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`(\w+)`", line)]
    assert sorted(names) == sorted(KEYS)
