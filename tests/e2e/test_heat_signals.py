"""Signed requests to Heat, as those of CloudFormation are: a server that has nothing but a URL reports by it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

import yaml

from tests.e2e.cloud import Cloud
from tests.e2e.test_cinder import asked, until


def answer(url: str, **signal: str) -> tuple[int, str]:
    """Of ``curl -X PUT``, or of a GET where there is nothing to say."""
    request = Request(url, json.dumps(signal).encode(), {"Content-Type": ""}, method="PUT") if signal else url
    try:
        with urlopen(request, timeout=60) as said:
            return said.status, said.read().decode()
    except HTTPError as e:
        return e.code, e.read().decode()


def signed(endpoint: str, action: str, access: str, secret: str) -> str:
    """The URL of a request in version 2 of Amazon's signatures."""
    words = {"AWSAccessKeyId": access, "Action": action, "SignatureMethod": "HmacSHA256", "SignatureVersion": "2",
             "Timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "Version": "2010-05-15"}
    where, query = urlsplit(endpoint), urlencode(words, quote_via=quote)
    text = f"GET\n{where.netloc}\n{where.path}/\n{query}".encode()
    signature = base64.b64encode(hmac.digest(secret.encode(), text, hashlib.sha256))
    return f"{endpoint}/?{query}&{urlencode({'Signature': signature})}"


def test_a_stack_is_complete_once_its_servers_have_signalled(core: Cloud, folder: Path) -> None:
    (folder / "waits.yaml").write_text(yaml.safe_dump({
        "heat_template_version": "2021-04-16",
        "resources": {
            "handle": {"type": "AWS::CloudFormation::WaitConditionHandle"},
            "first": {"type": "AWS::CloudFormation::WaitCondition",
                      "properties": {"Handle": {"get_resource": "handle"}, "Timeout": 300}},
            "other": {"type": "OS::Heat::WaitConditionHandle", "properties": {"signal_transport": "CFN_SIGNAL"}},
            "second": {"type": "OS::Heat::WaitCondition",
                       "properties": {"handle": {"get_resource": "other"}, "timeout": 300}}},
        "outputs": {"first": {"value": {"get_resource": "handle"}},
                    "second": {"value": {"get_attr": ["other", "signal"]}},
                    "said": {"value": {"list_join": [" ", [{"get_attr": ["first", "Data"]},
                                                           {"get_attr": ["second", "data"]}]]}}}}))
    core.openstack("stack", "create", "-t", str(folder / "waits.yaml"), "waits").ok()

    def resources() -> dict[str, str]:
        return {row["resource_name"]: row["resource_status"]
                for row in asked(core, "stack", "resource", "list", "waits")}

    def output(name: str) -> str:
        return str(asked(core, "stack", "output", "show", "waits", name)["output_value"])

    waiting = {"handle": "CREATE_COMPLETE", "first": "CREATE_IN_PROGRESS",
               "other": "CREATE_COMPLETE", "second": "CREATE_IN_PROGRESS"}
    until(lambda: resources() == waiting)
    first, second = output("first"), json.loads(output("second"))["alarm_url"]
    status, said = answer(f"{first}x", Status="SUCCESS", Reason="", UniqueId="1", Data="forged")
    assert status == 403 and "AccessDenied" in said, said
    assert resources() == waiting
    assert answer(first, Status="SUCCESS", Reason="", UniqueId="1", Data="up")[0] == 200
    until(lambda: resources()["first"] == "CREATE_COMPLETE")
    assert answer(second, status="SUCCESS", reason="", id="2", data="up too")[0] == 200
    until(lambda: asked(core, "stack", "show", "waits")["stack_status"] == "CREATE_COMPLETE")
    assert output("said") == '{"1": "up"} {"2": "up too"}'
    core.openstack("stack", "delete", "--yes", "--wait", "waits").ok()


def test_stacks_are_described_to_who_signs_with_keys_of_theirs(core: Cloud, folder: Path) -> None:
    (folder / "one.yaml").write_text(yaml.safe_dump({
        "heat_template_version": "2021-04-16", "resources": {"text": {"type": "OS::Heat::RandomString"}}}))
    core.openstack("stack", "create", "-t", str(folder / "one.yaml"), "--wait", "signed").ok()
    keys = asked(core, "ec2", "credentials", "create")
    endpoint = f"http://{core.vip}:8000/v1"
    status, said = answer(signed(endpoint, "DescribeStacks", keys["access"], keys["secret"]))
    assert status == 200 and "<StackName>signed</StackName>" in said, said
    status, said = answer(signed(endpoint, "DescribeStacks", keys["access"], "0" * 32))
    assert status == 403 and "AccessDenied" in said, said
    status, said = answer(signed(endpoint, "DescribeStacks", "0" * 32, keys["secret"]))
    assert status == 403 and "InvalidClientTokenId" in said, said
    core.openstack("ec2", "credentials", "delete", keys["access"]).ok()
    core.openstack("stack", "delete", "--yes", "--wait", "signed").ok()
