"""Hostile input is refused with an error that has a place, within a second and 500 MB."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.heat.reference import PROJECT

#: Of the processor, which a busy machine does not lengthen; and of the clock, for what would wait.
SECONDS = 1.0
WAITED = 5.0
MEBIBYTES = 500
HEAD = "heat_template_version: queens\n"
ROLE = "- name: A\n"
NONE = "{type: OS::Heat::None}"


def laughs(indent: str, first: str = "[lol]", each: Callable[[int], str] | None = None) -> str:
    """Nine aliases of nine: a billion, at the indentation of a mapping's keys."""
    lines = [f"x0: &a0 {first}"]
    made = each or (lambda n: f"[{', '.join([f'*a{n - 1}'] * 9)}]")
    lines += [f"x{n}: &a{n} {made(n)}" for n in range(1, 10)]
    return "".join(f"{indent}{line}\n" for line in lines)


def doubled(first: Any, again: Callable[[Any], Any], times: int = 40, last: Callable[[Any], Any] | None = None) -> str:
    """Resources of which each has the value of the one before it, several times."""
    values = [first, *(again({"get_attr": [f"v{n}", "value"]}) for n in range(times))]
    end = {"get_attr": [f"v{times}", "value"]}
    return json.dumps({
        "heat_template_version": "queens",
        "resources": {f"v{n}": {"type": "OS::Heat::Value", "properties": {"value": value}}
                      for n, value in enumerate(values)},
        "outputs": {"o": {"value": last(end) if last else end}}})


def output(snippet: Any) -> str:
    return json.dumps({"heat_template_version": "queens", "outputs": {"o": {"value": snippet}}})


def groups(depth: int, count: int) -> dict[str, Any]:
    inner: dict[str, Any] = {"type": "OS::Heat::None"}
    for _ in range(depth):
        inner = {"type": "OS::Heat::ResourceGroup", "properties": {"count": count, "resource_def": inner}}
    return {"heat_template_version": "queens", "resources": {"g": inner}}


OUTPUT = HEAD + "outputs:\n  o:\n    value:\n"
TEXTS: dict[str, str] = {
    "aliases of lists": OUTPUT + laughs("      "),
    "aliases of maps": OUTPUT + laughs("      ", "{a: b}", lambda n: "{" + ", ".join(
        f"k{i}: *a{n - 1}" for i in range(9)) + "}"),
    "aliases that merge": OUTPUT + laughs("      ", "{a: b}", lambda n: f"{{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}"),
    "merges of merges": OUTPUT + "      x0: &a0 {k0: 1}\n" + "".join(
        f"      x{n}: &a{n} {{<<: *a{n - 1}, k{n}: 1}}\n" for n in range(1, 3000)),
    "aliases in a default": HEAD + "parameters:\n  p:\n    type: json\n    default:\n" + laughs("      "),
    "aliases in a list's default": HEAD + "parameters:\n  p:\n    type: comma_delimited_list\n    default:\n"
                                          "     -\n" + laughs("      "),
    "aliases in metadata": HEAD + "resources:\n  r:\n    type: OS::Heat::None\n    metadata:\n" + laughs("      "),
    "an alias of what holds it": HEAD + "outputs: &a {o: {value: *a}}\n",
    "deep flow lists": HEAD + "outputs: " + "[" * 10**5 + "]" * 10**5,
    "deep flow lists left open": HEAD + "outputs: " + "[" * 10**6,
    "deep flow maps": HEAD + "outputs: " + "{a: " * 10**5,
    "deep block maps": HEAD + "outputs:\n" + "".join(f"{' ' * n}a:\n" for n in range(1, 3000)),
    "deep lists on one line": HEAD + "outputs:\n" + "- " * 10**5,
    "deep lists on lines": HEAD + "outputs:\n" + "".join(f"{'  ' * n}-\n" for n in range(1, 3000)),
    "deep keys": HEAD + "? " * 50_000,
    "deep keys and lists": HEAD + "? - " * 50_000,
    "a map for a key": HEAD + "? {a: b}\n: c\n",
    "a giant text": HEAD + 'description: "' + "x" * 10**8 + '"\n',
    "a giant key": HEAD + '"' + "x" * 10**7 + '": 1\n',
    "many keys": HEAD + "outputs:\n" + "".join(f"  k{n}: {{value: 1}}\n" for n in range(600_000)),
    "a key again and again": HEAD + "outputs:\n" + "  k: {value: 1}\n" * 600_000,
    "many small values": HEAD + "outputs:\n  o: {value: [" + "1," * 5_000_000 + "]}\n",
    "many anchors": HEAD + "outputs:\n  o: {value: [" + ",".join(f"&a{n} 1" for n in range(600_000)) + "]}\n",
    "a Python object": HEAD + "outputs: {o: {value: !!python/object/apply:os.system [id]}}\n",
    "a Python name": HEAD + "outputs: {o: {value: !!python/name:os.system }}\n",
    "a Python module": HEAD + "outputs: {o: {value: !!python/module:os }}\n",
    "a tag on a key": HEAD + "!!python/name:os.system x: 1\n",
    "bytes": HEAD + "outputs: {o: {value: !!binary aGVsbG8=}}\n",
    "an own tag": HEAD + "outputs: {o: {value: !vault x}}\n",
    "a long number": HEAD + f"outputs: {{o: {{value: {'9' * 10**5}}}}}\n",
    "a long hexadecimal number": HEAD + f"outputs: {{o: {{value: 0x{'f' * 10**6}}}}}\n",
    "a long number of base 60": HEAD + f"outputs: {{o: {{value: 1{':59' * 50_000}}}}}\n",
    "two documents": HEAD + "---\n" + HEAD,
    "a null character": HEAD + 'description: "\0"\n',
    "lists joined to themselves": doubled(["x"], lambda v: {"list_concat": [v, v]}),
    "lists that hold a list twice": doubled(["x"], lambda v: [v, v]),
    "lists that hold a list twice, as JSON": doubled(["x"], lambda v: [v, v],
                                                     last=lambda v: {"list_join": [",", [v]]}),
    "lists that hold a list twice, for yaql": doubled(["x"], lambda v: [v, v], last=lambda v: {
        "yaql": {"expression": "$.data", "data": v}}),
    "lists that hold a list twice, in a text": doubled(["x"], lambda v: [v, v], last=lambda v: {
        "str_replace": {"template": "a", "params": {"a": v}}}),
    "lists that hold a list twice, for a string": doubled(["x"], lambda v: [v, v], last=lambda v: {
        "str_split": [",", v]}),
    "maps that hold a map twice": doubled({"a": "x"}, lambda v: {"map_merge": [{"a": v}, {"b": v}]}),
    "texts joined to themselves": doubled("x", lambda v: {"list_join": ["", [v, v]]}),
    "texts put into themselves": doubled("x", lambda v: {"str_replace": {"template": "aa", "params": {"a": v}}}),
    "texts for every letter": doubled("x" * 1000, lambda v: {"str_replace": {"template": v, "params": {
        "x": "x" * 1000}}}),
    "texts split": doubled("x,", lambda v: {"list_join": ["", [v, v]]}, 22, lambda v: {"str_split": [",", v]}),
    "every combination": output({"repeat": {"template": "%a%", "for_each": {
        f"%{letter}%": [str(n) for n in range(10)] for letter in "abcdefghij"}}}),
    "copies of copies": doubled("x", lambda v: {"list_join": ["", {"repeat": {
        "template": "%a%", "for_each": {"%a%": [v, v]}}}]}),
    "a group of a billion": json.dumps(groups(1, 10**9)),
    "a group of groups of groups": json.dumps(groups(3, 1000)),
    "a long chain of values": doubled(1, lambda v: v, 3000),
    "a long chain of conditions": HEAD + "conditions:\n" + "".join(
        f"  c{n}: {{and: [c{n + 1}, c{n + 1}]}}\n" for n in range(3000)) + "  c3000: true\n"
                                                                         "outputs: {o: {value: {if: [c0, 1, 2]}}}\n",
    "itself": HEAD + "resources: {a: {type: root.yaml}, b: {type: root.yaml}}\n",
    "itself in groups": HEAD + "resources: {g: {type: OS::Heat::ResourceGroup, properties: {count: 9, "
                               "resource_def: {type: root.yaml}}}}\n",
    "a long random string": HEAD + "resources: {g: {type: OS::Heat::RandomString, properties: {length: 1000000000}}}\n",
    "a misspelt name among many": HEAD + "resources:\n" + "".join(
        f"  resource_name_{n}: {NONE}\n" for n in range(3_000))
        + "outputs: {o: {value: {get_attr: [resource_n, x]}}}\n",
    "get_file of the system": output({"get_file": "/etc/passwd"}),
    "get_file of the system by URL": output({"get_file": "file:///etc/passwd"}),
    "get_file of the system by dots": output({"get_file": "../" * 40 + "etc/passwd"}),
    "get_file beside the tree": output({"get_file": "../secret.txt"}),
    "get_file by a link": output({"get_file": "link.txt"}),
    "get_file by a linked folder": output({"get_file": "linked/secret.txt"}),
    "get_file of a device": output({"get_file": "/dev/zero"}),
    "get_file of a pipe": output({"get_file": "pipe"}),
    "get_file over the network": output({"get_file": "http://127.0.0.1:1/x"}),
    "get_file of a folder": output({"get_file": "."}),
    "get_file with a null character": output({"get_file": "a\0b"}),
    "get_file of something large": output({"get_file": "large.txt"}),
}
#: By name of the hostile file: its text. Everything else of the small tree is as it should be.
TREES: dict[str, tuple[str, str]] = {
    "roles: aliases": ("roles_data.yaml", "- name: A\n  x:\n" + laughs("    ")),
    "roles: a Python object": ("roles_data.yaml", "- !!python/object/apply:os.system [id]\n"),
    "roles: deep": ("roles_data.yaml", "[" * 10**5),
    "networks: aliases": ("network_data.yaml", "- name: A\n  x:\n" + laughs("    ")),
    "jinja2: a long range": ("overcloud.j2.yaml", "{% for i in range(10**9) %}x{% endfor %}"),
    "jinja2: ranges in ranges": ("overcloud.j2.yaml", "{% for i in range(99999) %}{% for j in range(99999) %}"
                                                      "{% endfor %}{% endfor %}"),
    "jinja2: a long text": ("overcloud.j2.yaml", "{{ 'x' * 10000000000 }}"),
    "jinja2: a large number": ("overcloud.j2.yaml", "{{ 10 ** 10 ** 10 }}"),
    "jinja2: much text": ("overcloud.j2.yaml", "{% for i in range(99999) %}" + "x" * 1000 + "{% endfor %}"),
    "jinja2: Python's insides": ("overcloud.j2.yaml", "{{ ''.__class__.__mro__[1].__subclasses__() }}"),
    "jinja2: a macro without end": ("overcloud.j2.yaml", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"),
    "jinja2: includes without end": ("overcloud.j2.yaml", "{% include 'overcloud.j2.yaml' %}"),
    "jinja2: a file of the system": ("overcloud.j2.yaml", "{% include '/etc/passwd' %}"),
    "jinja2: a file outside": ("overcloud.j2.yaml", "{% include '../secret.txt' %}"),
}
ENVIRONMENTS: dict[str, str] = {
    "aliases": "parameter_defaults:\n  p:\n" + laughs("    "),
    "a Python object": "parameter_defaults: {p: !!python/object/apply:os.system [id]}\n",
    "deep": "parameter_defaults: " + "{a: " * 10**5,
    "many keys": "parameter_defaults:\n" + "".join(f"  k{n}: 1\n" for n in range(600_000)),
    "a registry without end": "resource_registry: {'X::A': 'X::B', 'X::B': 'X::A'}\n",
    "a template of the system": "resource_registry: {'X::A': /etc/passwd}\n",
    "itself": "resource_registry: {'X::A': root.yaml}\n",
    "a template over the network": "resource_registry: {'X::A': 'http://127.0.0.1:1/x.yaml'}\n",
    "a pattern without end": "resource_registry: {'X::*': 'X::A*'}\n",
}


class Confined:
    """The process that evaluates, measured (``confined.py``)."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "tests.heat.confined"], cwd=PROJECT, text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, folder: Path, *environments: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"folder": str(folder), "environments": environments}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture(scope="module")
def confined() -> Iterator[Confined]:
    process = Confined()
    yield process
    process.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for templates, with something beside it that they may not read."""
    found = tmp_path / "templates"
    found.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (found / "link.txt").symlink_to(tmp_path / "secret.txt")
    (found / "linked").symlink_to(tmp_path)
    return found


def refused(answer: dict[str, Any], file: str) -> None:
    assert "died" not in answer
    assert answer.get("kind") == "TemplateError", answer
    assert file in answer["place"]
    assert "secret" not in answer["error"].replace("secret.txt", "")
    assert answer["seconds"] < SECONDS
    assert answer["waited"] < WAITED
    assert answer["peak"] < MEBIBYTES * 1024


@pytest.mark.parametrize("name", TEXTS)
def test_template(name: str, folder: Path, confined: Confined) -> None:
    (folder / "root.yaml").write_text(TEXTS[name])
    if name == "get_file of something large":
        with (folder / "large.txt").open("wb") as large:
            large.truncate(10**11)
    if name == "get_file of a pipe":
        subprocess.run(["mkfifo", folder / "pipe"], check=True)
    refused(confined.ask(folder), "root.yaml" if "large" not in name else "large.txt")


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environment(name: str, folder: Path, confined: Confined) -> None:
    (folder / "root.yaml").write_text(HEAD + "parameters: {p: {type: json}}\nresources: {a: {type: 'X::A'}}\n")
    (folder / "env.yaml").write_text(ENVIRONMENTS[name])
    refused(confined.ask(folder, "env.yaml"), "root.yaml" if name == "itself" or "pattern" in name
            or "registry" in name else "env.yaml")


@pytest.mark.parametrize("name", TREES)
def test_tree(name: str, folder: Path, confined: Confined) -> None:
    files = {"roles_data.yaml": ROLE, "overcloud-resource-registry.yaml": "{}\n", "overcloud.j2.yaml": HEAD}
    hostile, text = TREES[name]
    for file, content in {**files, hostile: text}.items():
        (folder / file).write_text(content)
    refused(confined.ask(folder), hostile)


def test_the_small_tree_is_good_without_hostile_files(folder: Path, confined: Confined) -> None:
    (folder / "root.yaml").write_text(output({"get_file": "text.txt"}))
    (folder / "text.txt").write_text("text")
    assert "error" not in confined.ask(folder)
    (folder / "roles_data.yaml").write_text(ROLE)
    (folder / "overcloud-resource-registry.yaml").write_text("{}\n")
    (folder / "overcloud.j2.yaml").write_text(HEAD)
    assert "error" not in confined.ask(folder)
