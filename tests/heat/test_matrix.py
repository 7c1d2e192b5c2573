"""Every function in every version of the language, and every type with every value: as in real Heat.

The tables are crossed: ``matrix.yaml`` has each function's arguments, and the lists below what parameters,
constraints and properties are given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.heat.parity_table import HERE, plain
from tests.heat.reference import Reference
from treadle.errors import TemplateError
from treadle.heat import Files, evaluate
from treadle.heat.versions import VERSIONS

MATRIX: dict[str, dict[str, list[Any]]] = yaml.safe_load((HERE / "matrix.yaml").read_text())
#: A name is the same version as its date.
DATES = [name for name in VERSIONS if name[0].isdigit()]
CONDITIONED = [name for name in DATES if VERSIONS[name].conditions is not None]

PARAMETERS: dict[str, Any] = {
    "s": {"type": "string", "default": "value"},
    "n": {"type": "number", "default": 7},
    "l": {"type": "comma_delimited_list", "default": "a,b"},
    "t": {"type": "boolean", "default": True},
    "f": {"type": "boolean", "default": "no"},
    "j": {"type": "json", "default": {"a": ["x", "y"], "b": {"c": None}, "flag": True}},
    "m": {"type": "json", "default": {"a": "z"}},
    "jl": {"type": "json", "default": {"%a%": ["p", "q"]}},
    "jlist": {"type": "json", "default": [{"a": 1}, {"b": 2}]},
    "url": {"type": "json", "default": {"host": "h", "port": 5}},
    "key": {"type": "string", "default": "a"},
    "vname": {"type": "string", "default": "v"},
    "comma": {"type": "string", "default": "l"},
}
RESOURCES: dict[str, Any] = {
    "v": {"type": "OS::Heat::Value", "properties": {"value": {"a": ["x", {"y": 1}], "b": None}}},
    "none": {"type": "OS::Heat::None"},
}
TYPES = ("string", "number", "comma_delimited_list", "json", "boolean")
VALUES: list[Any] = [
    None, "", " ", "a", "5", "5.0", "-1", "1e3", "0x10", "a,b", " a , b ", ",", "true", "No", "on", "2", "[1, 2]",
    '{"a": 1}', "{", "null", "nan", "Infinity", "é€", "1_000", "line\nline", 0, 1, -7, 1.5, 10**20, True, False, [],
    ["a", "b"], ["a,b", ""], [1, True, None], [["a"], {"b": 1}], [{"a": 1, "b": "x"}, {"a": 2}], {}, {"a": 1},
    {"a": {"b": [None]}}]
CONSTRAINTS: list[Any] = [
    {"length": {"min": 2, "max": 3}}, {"length": {"max": 0}}, {"length": {"min": "1"}},
    {"length": {"min": 3, "max": 2}},
    {"length": 5}, {"length": {}}, {"length": {"min": 1.5}}, {"length": {"mix": 1}},
    {"range": {"min": 1, "max": 5}}, {"range": {"min": -1.5}}, {"range": {"max": "4"}}, {"range": {"min": "x"}},
    {"range": [1, 2]}, {"range": {"min": None, "max": None}},
    {"modulo": {"step": 2, "offset": 1}}, {"modulo": {"step": -3, "offset": -1}}, {"modulo": {"step": 2}},
    {"modulo": {"step": 0, "offset": 0}}, {"modulo": {"step": 2, "offset": 2}}, {"modulo": {"step": 2.5, "offset": 0}},
    {"modulo": {"step": 3, "offset": -1}},
    {"allowed_values": ["a", "b", "5", "true"]}, {"allowed_values": [1, 5, 1.5]}, {"allowed_values": [True]},
    {"allowed_values": []}, {"allowed_values": "abc"}, {"allowed_values": {"a": 1}},
    {"allowed_values": [["a", "b"], {"a": 1}]}, {"allowed_values": [None, ""]},
    {"allowed_pattern": "[a-z]+"}, {"allowed_pattern": "a|ab"}, {"allowed_pattern": "["}, {"allowed_pattern": 5},
    {"allowed_pattern": "^[0-9.]*$"}, {"allowed_pattern": ""},
    {"custom_constraint": "nova.flavor"}, {"custom_constraint": "no.such"}, {"custom_constraint": 5},
    {"length": {"min": 1}, "description": "words"}, {"length": {"min": 1}, "range": {"min": 1}},
    {"description": "alone"}, {}, "length", {"lenth": {"min": 1}}]
CUSTOM = ("ip_addr", "net_cidr", "ip_or_cidr", "mac_addr", "dns_name", "rel_dns_name", "dns_domain", "json_string",
          "timezone", "iso_8601", "expiration", "glance.image", "neutron.port", "nope.nope")
LIKELY = ("", "a", "192.0.2.1", "192.0.2.01", "192.0.2", "192.0.2.256", "::1", "fe80::1%eth0", "192.0.2.0/24",
          "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/255.255.255.0", "192.0.2/24", "2001:db8::/32", "2001:db8::1/32",
          "00:11:22:33:44:55", "00-11-22-33-44-55", "0011.2233.4455", "001122334455", "0:1:2:3:4:5",
          "00:11:22:33:44", "gg:11:22:33:44:55", "host.example.com", "host.example.com.", "Host.example.com",
          "-a.b", "a-.b", "a..b", ".", "a.1.", "a.1", "x" * 63, "x" * 64, ".".join(["x" * 49] * 6),
          '{"a": 1}', "{", "5", "UTC", "Europe/Berlin", "Nowhere/Land", "2031-01-01T00:00:00Z",
          "2001-01-01T00:00:00Z", "2031-01-01T00:00:00+02:00", "2031-01-01", "tomorrow", " 192.0.2.1", "a b", "é")
CHECKED: list[Any] = ["", "a", "ab", "abcd", "5", "4.5", 1, 5, 1.5, -4, True, [], ["a", "b"], ["a", "c", "d", "e"],
                      {"a": 1}, "true"]


def agree(heat: Reference, template: Path, given: dict[str, Any] | None = None,
          defaults: dict[str, Any] | None = None, environments: tuple[Path, ...] = ()) -> str:
    """Empty when both give the same, else what each gives. Files are read anew: a template that is written again
    at once may have the time and the size of the one before."""
    theirs = heat.evaluate(template, environments, given, defaults)
    try:
        ours: dict[str, Any] = {"outputs": plain(evaluate(template, environments, given, defaults, files=Files()))}
    except TemplateError as error:
        ours = {"error": str(error)}
    if ours.get("outputs") == theirs.get("outputs"):
        return ""
    return f"\n  ours {ours}\n  Heat {theirs}"


def stacked(folder: Path, version: str, value: Any, conditions: dict[str, Any] | None = None) -> Path:
    body = {"heat_template_version": version, "parameters": PARAMETERS, "resources": RESOURCES,
            "outputs": {"o": {"value": value}}}
    if conditions:
        body["conditions"] = conditions
    path = folder / "t.yaml"
    path.write_text(json.dumps(body))
    return path


@pytest.mark.parametrize("name", MATRIX["values"])
@pytest.mark.parametrize("version", DATES)
def test_function(version: str, name: str, tmp_path: Path, heat: Reference) -> None:
    (tmp_path / "text.txt").write_text("Text é\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "nested.yaml").write_text("heat_template_version: queens\nresources: {}\n")
    conditions = {"yes_": True, "no_": {"not": True}} if version in CONDITIONED else None
    found = []
    for args in MATRIX["values"][name]:
        template = stacked(tmp_path, version, {name: args}, conditions)
        found += [f"{args}: {said}" for said in [agree(heat, template)] if said]
    assert not found, "\n".join(found).replace(str(tmp_path), "")


@pytest.mark.parametrize("name", MATRIX["conditions"])
@pytest.mark.parametrize("version", CONDITIONED)
def test_condition(version: str, name: str, tmp_path: Path, heat: Reference) -> None:
    found = []
    for args in MATRIX["conditions"][name]:
        conditions = {"yes_": True, "no_": {"not": True}, "c": {name: args}}
        template = stacked(tmp_path, version, {"if": ["c", 1, 2]}, conditions)
        found += [f"{args}: {said}" for said in [agree(heat, template)] if said]
    assert not found, "\n".join(found)


def declared(folder: Path, declaration: dict[str, Any], version: str = "2021-04-16") -> Path:
    path = folder / "t.yaml"
    path.write_text(json.dumps({"heat_template_version": version, "parameters": {"p": declaration},
                                "outputs": {"o": {"value": {"get_param": "p"}}}}))
    return path


def nested(folder: Path, value: Any) -> Path:
    path = folder / "parent.yaml"
    path.write_text(json.dumps({"heat_template_version": "2021-04-16",
                                "resources": {"r": {"type": "t.yaml", "properties": {"p": value}}},
                                "outputs": {"o": {"value": {"get_attr": ["r", "o"]}}}}))
    return path


@pytest.mark.parametrize("route", ["default", "given", "parameter_defaults", "property", "property and default"])
@pytest.mark.parametrize("kind", TYPES)
def test_parameter(kind: str, route: str, tmp_path: Path, heat: Reference) -> None:
    found = []
    for value in VALUES:
        if route == "default":
            said = agree(heat, declared(tmp_path, {"type": kind, "default": value}))
        elif route.startswith("property"):
            declared(tmp_path, {"type": kind, **({"default": "3"} if "default" in route else {})})
            said = agree(heat, nested(tmp_path, value))
        else:
            given = {"p": value}
            said = agree(heat, declared(tmp_path, {"type": kind}), *((given,) if route == "given" else ({}, given)))
        found += [f"{value!r}: {said}"] if said else []
    assert not found, "\n".join(found).replace(str(tmp_path), "")


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=json.dumps)
@pytest.mark.parametrize("kind", TYPES)
def test_constraint(kind: str, constraint: Any, tmp_path: Path, heat: Reference) -> None:
    found = []
    for value in CHECKED:
        for declaration, given in (({}, {"p": value}), ({"default": value}, {})):
            said = agree(heat, declared(tmp_path, {"type": kind, "constraints": [constraint], **declaration}), given)
            found += [f"{value!r} {'given' if given else 'default'}: {said}"] if said else []
    assert not found, "\n".join(found).replace(str(tmp_path), "")


@pytest.mark.parametrize("name", CUSTOM)
def test_custom_constraint(name: str, tmp_path: Path, heat: Reference) -> None:
    found = []
    for value in LIKELY:
        declaration = {"type": "string", "constraints": [{"custom_constraint": name}]}
        said = agree(heat, declared(tmp_path, declaration), {"p": value})
        found += [f"{value!r}: {said}"] if said else []
    assert not found, "\n".join(found)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_value_resource(value: Any, tmp_path: Path, heat: Reference) -> None:
    path, found = tmp_path / "t.yaml", []
    for kind in (None, *TYPES):
        properties = {"value": value, **({"type": kind} if kind else {})}
        path.write_text(json.dumps({
            "heat_template_version": "queens", "outputs": {"o": {"value": {"get_attr": ["v", "value"]}}},
            "resources": {"v": {"type": "OS::Heat::Value", "properties": properties}}}))
        found += [f"{kind}: {said}" for said in [agree(heat, path)] if said]
    assert not found, "\n".join(found).replace(str(tmp_path), "")


def test_every_function_is_in_the_matrix() -> None:
    without = {"Fn::GetAZs"}
    assert {name for version in VERSIONS.values() for name in version.functions} | {"if"} <= \
        set(MATRIX["values"]) | without
    assert {name for version in VERSIONS.values() for name in version.conditions or ()} <= set(MATRIX["conditions"])
