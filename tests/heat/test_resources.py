"""What the record of real Heat cannot show of resource types: repeatability, and what a deployment would deploy."""

from __future__ import annotations

import re
from email import message_from_string
from pathlib import Path
from typing import Any

import pytest
import yaml

from treadle.errors import TemplateError
from treadle.heat import build, evaluate
from treadle.heat.faults import Fault
from treadle.heat.resources import addresses
from treadle.heat.resources.deployments import StructuredDeployment
from treadle.heat.stack import Stack


def _stack(folder: Path, resources: dict[str, Any], outputs: dict[str, Any] | None = None) -> Stack:
    path = folder / "t.yaml"
    path.write_text(yaml.safe_dump({
        "heat_template_version": "queens", "resources": resources,
        "outputs": {name: {"value": value} for name, value in (outputs or {}).items()}}))
    return build(path)


CONFIG = {"a": {"get_input": "x"}, "b": [{"get_input": "y"}, "text", 1], "c": {"get_input": "x", "d": 1},
          "e": {"get_input": ["x"]}, "f": {"get_input": "deploy_server_id"}, "g": {"other": "x"}}


@pytest.mark.parametrize(("properties", "expected"), [
    ({"input_values": {"x": {"k": 1}}},
     {"a": {"k": 1}, "b": ["d", "text", 1], "c": {"get_input": "x", "d": 1}, "e": {"get_input": ["x"]}, "f": "s",
      "g": {"other": "x"}}),
    ({"input_values": {"y": "own"}},
     {"a": None, "b": ["own", "text", 1], "c": {"get_input": "x", "d": 1}, "e": {"get_input": ["x"]}, "f": "s",
      "g": {"other": "x"}}),
    ({"input_key": "other", "input_values": {"x": 2}}, {**CONFIG, "g": 2}),
    ({"input_values": {"x": 1}, "input_values_validate": "STRICT", "actions": ["DELETE"]},
     {"a": 1, "b": ["d", "text", 1], "c": {"get_input": "x", "d": 1}, "e": {"get_input": ["x"]}, "f": "s",
      "g": {"other": "x"}}),
])
def test_inputs_are_put_into_a_structured_configuration(properties: dict[str, Any], expected: Any,
                                                        tmp_path: Path) -> None:
    stack = _stack(tmp_path, {
        "c": {"type": "OS::Heat::StructuredConfig",
              "properties": {"config": CONFIG, "inputs": [{"name": "y", "default": "d"}]}},
        "d": {"type": "OS::Heat::StructuredDeployment",
              "properties": {"config": {"get_resource": "c"}, "server": "s", **properties}}})
    deployment = stack.resource("d")
    assert isinstance(deployment, StructuredDeployment)
    assert deployment.deployed() == expected


def test_strict_inputs_are_looked_at_only_when_the_deployment_acts_on_create(tmp_path: Path) -> None:
    stack = _stack(tmp_path, {
        "c": {"type": "OS::Heat::StructuredConfig", "properties": {"config": {"a": {"get_input": "x"}}}},
        "d": {"type": "OS::Heat::StructuredDeployment", "properties": {
            "config": {"get_resource": "c"}, "server": "s", "actions": ["DELETE"],
            "input_values_validate": "STRICT"}}})
    deployment = stack.resource("d")
    assert isinstance(deployment, StructuredDeployment)
    with pytest.raises(Fault, match="the input x of the configuration has no value"):
        deployment.deployed()


def _message(folder: Path, *parts: str) -> str:
    stack = _stack(folder, {"m": {"type": "OS::Heat::MultipartMime", "properties": {
        "parts": [{"config": part, "filename": f"{index}.sh"} for index, part in enumerate(parts)]}}},
        {"o": {"get_attr": ["m", "config"]}})
    return str(stack.output("o"))


def test_the_same_parts_give_the_same_message(tmp_path: Path) -> None:
    first = _message(tmp_path, "#!/bin/sh\n", "é")
    assert _message(tmp_path, "#!/bin/sh\n", "é") == first
    assert _message(tmp_path, "#!/bin/sh\n", "e").splitlines()[0] != first.splitlines()[0]
    read = message_from_string(first)
    assert [part.get_payload(decode=True) for part in read.walk() if not part.is_multipart()] == \
        [b"#!/bin/sh\n", "é".encode()]


PORTS = {
    "b": {"type": "OS::Neutron::Port", "properties": {"network": "n"}},
    "a": {"type": "OS::Neutron::Port", "properties": {"network": {"get_resource": "b"}}},
    "g": {"type": "OS::Heat::ResourceGroup", "properties": {
        "count": 2, "resource_def": {"type": "OS::Neutron::Port", "properties": {"network": "n"}}}},
}


def test_stand_ins_have_the_same_addresses_in_every_run_and_each_its_own(tmp_path: Path) -> None:
    outputs = {"a": {"get_attr": ["a", "fixed_ips", 0, "ip_address"]},
               "b": {"get_attr": ["b", "fixed_ips", 0, "ip_address"]},
               "g": {"get_attr": ["g", "fixed_ips", 0, "ip_address"]},
               "again": {"get_attr": ["a", "fixed_ips", 0, "ip_address"]}}
    expected = {"a": "192.168.24.11", "b": "192.168.24.10", "g": ["192.168.24.12", "192.168.24.13"],
                "again": "192.168.24.11"}
    assert _stack(tmp_path, PORTS, outputs).outputs() == expected
    assert _stack(tmp_path, PORTS, outputs).outputs() == expected


def test_a_stand_in_has_a_name_as_heat_makes_them_up_and_a_deployed_server_its_own(tmp_path: Path) -> None:
    types = {"s": ("OS::Nova::Server", {"flavor": "f"}), "p": ("OS::Neutron::Port", {"network": "n"}),
             "n": ("OS::Neutron::Net", {}), "d": ("OS::Heat::DeployedServer", {})}
    every = {name: {"type": kind, "properties": {**more, "name": f"my-{name}"}} for name, (kind, more) in types.items()}
    outputs = {name: {"get_attr": [name, "name"]} for name in every}
    found = _stack(tmp_path, every, outputs).outputs()
    assert found.pop("d") == "my-d"
    assert all(re.fullmatch(f"overcloud-{name}-[a-z2-7]{{12}}", text) for name, text in found.items())
    assert {**found, "d": "my-d"} == _stack(tmp_path, every, outputs).outputs()


@pytest.mark.parametrize(("registry", "line", "key", "told"), [
    ({"X::Y": "OS::Neutron::Prot"}, 2, "resource_registry.X::Y", "OS::Neutron::Prot (did you mean OS::Neutron::Port?)"),
    ({"X::Y": "X::Z", "X::Z": "OS::Foo"}, 3, "resource_registry.X::Z", "OS::Foo"),
    ({"X::*": "OS::Foo"}, 2, "resource_registry.X::*", "OS::Foo"),
    ({"resources": {"r": {"X::Y": "OS::Foo"}}}, 4, "resource_registry.resources.r.X::Y", "OS::Foo"),
])
def test_a_registry_that_leads_nowhere_is_named_by_its_own_line(registry: dict[str, Any], line: int, key: str,
                                                                told: str, tmp_path: Path) -> None:
    template, environment = tmp_path / "t.yaml", tmp_path / "e.yaml"
    template.write_text("heat_template_version: queens\nresources:\n  r:\n    type: X::Y\n")
    environment.write_text(yaml.safe_dump({"resource_registry": registry}))
    with pytest.raises(TemplateError) as caught:
        evaluate(template, [environment])
    assert caught.value.source is not None
    assert (caught.value.source.file, caught.value.source.line) == (str(environment), line)
    assert (caught.value.key, caught.value.message) == (key, f"unknown resource type {told}")
    assert f"{template}:4:5: resources.r.type: r is of the type X::Y" in str(caught.value)


@pytest.mark.parametrize(("value", "address", "subnet"), [
    ("192.0.2.1", True, False), ("192.0.2", False, False), ("01.2.3.4", False, False), ("::1", True, False),
    ("fe80::1%eth0", False, False), ("192.0.2.0/24", False, True), ("192.0.2.5/24", False, True),
    ("192.0.2.0/255.255.255.0", False, False), ("192.0.2.0/33", False, False), ("2001:DB8::/32", False, True),
    ("", False, False), ("/24", False, False), ("10/8", False, False),
])
def test_addresses_and_subnets(value: str, address: bool, subnet: bool) -> None:
    assert (addresses.is_address(value), addresses.is_subnet(value)) == (address, subnet)


@pytest.mark.parametrize(("value", "right"), [
    ("", True), ("a", True), ("a.b.", True), ("a..b", False), ("-a", False), ("a_b", False), ("a.1", True),
    ("a.1.", False), ("x" * 63, True), ("x" * 64, False), (".".join(["x" * 50] * 6), False),
])
def test_dns_names(value: str, right: bool) -> None:
    assert addresses.is_dns_name(value) == right


def test_resources_with_dashes_in_their_names_are_not_taken_for_nested_ones(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text("heat_template_version: queens\n"
                                         "resources: {r: {type: 'OS::Heat::RandomString'}}\n"
                                         "outputs: {o: {value: {get_attr: [r, value]}}}\n")
    (tmp_path / "outer.yaml").write_text("heat_template_version: queens\nresources: {b: {type: inner.yaml}}\n"
                                         "outputs: {o: {value: {get_attr: [b, o]}}}\n")
    (tmp_path / "root.yaml").write_text("heat_template_version: queens\nresources:\n  a-b: {type: inner.yaml}\n"
                                        "  a: {type: outer.yaml}\noutputs:\n  one: {value: {get_attr: [a-b, o]}}\n"
                                        "  two: {value: {get_attr: [a, o]}}\n")
    asked: list[str] = []
    evaluate(tmp_path / "root.yaml", random=lambda request: asked.append(request.key) or request.key)
    assert sorted(asked) == ["overcloud/a-b/r", "overcloud/a/b/r"]
