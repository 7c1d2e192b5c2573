"""What ``deploy --check`` prints: every change with its reason, in the order in which it would be done."""

import io
import json

import pytest

from tests.support import observed, state
from treadle.cli.deploy import DeployOvercloud, show, summary
from treadle.cli.main import main
from treadle.cli.status import _generation, _row
from treadle.instantiate import Action, Desired, Held, Kind
from treadle.node import Preview
from treadle.plan.containers import parse_container

RESTART = Action(Kind.RESTART, "keystone", 3, ("config: keystone.conf [token] expiration 3600 → 7200",))
CREATE = Action(Kind.CREATE, "nova_api", 4, ("not there",))
NONE = Action(Kind.NONE, "mysql", 1)


def shown(preview, form="text"):
    out = io.StringIO()
    show([preview], form, out)
    return out.getvalue()


def test_text():
    preview = Preview("node-0", (NONE, RESTART, CREATE), ("step 3: bootstrap task keystone",),
                      {"volume:keystone": ["keystone.conf [token] expiration 3600 → 7200"]})
    assert shown(preview) == """\
node-0: 1 to create, 1 to restart; 1 stay as they are
  configuration volume:keystone
      keystone.conf [token] expiration 3600 → 7200
  step 3: bootstrap task keystone
  step 3: restart keystone
      config: keystone.conf [token] expiration 3600 → 7200
  step 4: create nova_api
      not there
"""


def test_new_configuration_is_one_line():
    said = shown(Preview("n", (CREATE,), (), {"volume:b": ["new, 7 files"], "kolla:a.json": ["new, 1 file"],
                                              "volume:c": ["c.conf x 1 → 2"]}))
    assert "  new configuration: kolla:a.json, volume:b\n" in said and "new, 7 files" not in said
    assert "  configuration volume:c\n      c.conf x 1 → 2\n" in said


def test_json():
    assert json.loads(shown(Preview("n", (NONE, CREATE), ("p",), {"k": ["w"]}), "json")) == [
        {"node": "n", "puppet": ["p"], "configuration": {"k": ["w"]}, "actions": [
            {"action": "create", "container": "nova_api", "step": 4, "reasons": ["not there"]}], "held": {}}]


@pytest.mark.parametrize(("preview", "said", "nothing"), [
    (Preview("n", ()), "no container to touch; 0 stay as they are", True),
    (Preview("n", (NONE,)), "no container to touch; 1 stay as they are", True),
    (Preview("n", (NONE,), ("puppet",)), "no container to touch; 1 stay as they are", False),
    (Preview("n", (NONE,), (), {"k": []}), "no container to touch; 1 stay as they are", False),
    (Preview("n", (RESTART, RESTART, CREATE)), "1 to create, 2 to restart; 0 stay as they are", False),
])
def test_summary(preview, said, nothing):
    assert (summary(preview), preview.nothing) == (said, nothing)


@pytest.mark.parametrize("other", [["--check"], ["--plan", "file"], ["--resume"]])
def test_images_are_not_built_by_a_deploy_that_changes_nothing_or_was_planned_before(capsys, other):
    assert main(["deploy", "--build-images", *other]) == 1
    assert f"not together with {other[0]}" in capsys.readouterr().err


def test_what_is_left_alone_on_purpose_is_a_warning():
    held = Action(Kind.NONE, "keystone", 3, (), held="stopped by root@x since yesterday: disk")
    assert shown(Preview("n", (held,))) == """\
n: no container to touch; 1 stay as they are
warning: n: keystone is left as it is: stopped by root@x since yesterday: disk
"""
    assert json.loads(shown(Preview("n", (held,)), "json"))[0]["held"] == {"keystone": held.held}


@pytest.mark.parametrize(("argv", "expected"), [
    ([], {"stack": "overcloud", "environments": [], "check": False, "yes": False, "templates": None, "format": "text"}),
    (["--templates"], {"templates": None}),
    (["-e", "a", "--environment-file", "b", "-r", "r", "-n", "n", "--nodes", "x"],
     {"environments": ["a", "b"], "roles_file": "r", "networks_file": "n", "nodes": "x"}),
    (["--check", "--detailed-exitcode"], {"check": True, "detailed_exitcode": True}),
    (["--format", "json"], {"format": "json"}),
])
def test_options(argv, expected):
    args = vars(DeployOvercloud(None, None).get_parser("deploy").parse_args(argv))
    assert {key: args[key] for key in expected} == expected


SHOT = {"detach": False, "remove": True}
HELD = Held("volume:c", state((50.0, "f0", []), (500.0, "f1", [])))
STOPPED = "stopped by root@deployer since 2026-11-21 10:00:00: disk"


def item(*sources, **entry):
    return Desired("c", 3, parse_container("c", {"image": "i", **entry}, ""), "", "", "", sources)


@pytest.mark.parametrize(("action", "row"), [
    (Action(Kind.NONE, "c", 3, (), item(), observed("c", status="Up (healthy)")),
     ("running", "running", "healthy", "", "")),
    (Action(Kind.NONE, "c", 3, (), item(detach=False), observed("c", "exited", "Exited (0) now")),
     ("done", "exited 0", "", "", "")),
    (Action(Kind.CREATE, "c", 3, ("not there",), item()), ("running", "absent", "", "", "create: not there")),
    (Action(Kind.NONE, "c", 3, (), item(**SHOT)), ("done", "done", "", "", "")),
    (Action(Kind.RUN, "c", 3, ("not run yet",), item(**SHOT)), ("done", "not run", "", "", "run: not run yet")),
    (Action(Kind.REMOVE, "c", 3, ("x",), None, observed("c")), ("absent", "running", "", "", "remove: x")),
    (Action(Kind.NONE, "c", 3, (), item(), observed("c", "exited", "Exited (0) now"), held=STOPPED),
     ("stopped", "exited 0", "", "", STOPPED)),
    (Action(Kind.NONE, "c", 3, (), item(HELD), observed("c")), ("running", "running", "", "g", "")),
])
def test_a_row_of_status(action, row):
    preview = Preview("node-0", (action,), taken={"c": 900.0})
    assert _row(preview, action, {"container c": "s"}) == ("node-0", 3, "s", "c", *row)


@pytest.mark.parametrize(("taken", "created", "entry", "words"), [
    (900.0, 100.0, {}, "g"), (100.0, 100.0, {}, "g (behind)"), (10.0, 10.0, {}, "unknown (behind)"),
    (900.0, 100.0, {"environment": ["KOLLA_CONFIG_STRATEGY=COPY_ONCE"]}, "g (behind)"),
    (900.0, 600.0, {"environment": ["KOLLA_CONFIG_STRATEGY=COPY_ONCE"]}, "g"),
])
def test_the_generation_that_a_container_runs(taken, created, entry, words):
    action = Action(Kind.NONE, "c", 3, (), item(HELD, **entry), observed("c", created=created))
    assert _generation(action, {"c": taken}) == words
