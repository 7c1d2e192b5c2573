"""A plan that was kept is the same as now, or every difference is named."""

import msgspec
import pytest

from treadle.errors import InputError
from treadle.rollout.saved import SavedNode, SavedPlan, require_same

NODE = SavedNode("a" * 40, {"i:1": "sha256:1"}, {"one": "id-1 running"}, ["step 1: restart one: config"],
                 ["volume:one: x → y"], [])
PLAN = SavedPlan("overcloud", "b" * 40, "why", {"n": NODE})


@pytest.mark.parametrize(("changed", "said"), [
    ({"held": "c" * 40}, "n: held generation aaaaaaaaaaaa, and holds cccccccccccc"),
    ({"held": ""}, r"n: held generation aaaaaaaaaaaa, and holds \(none\)"),
    ({"images": {"i:1": "sha256:2"}}, "n: the image i:1 was sha256:1 and is sha256:2"),
    ({"images": {}}, "n: the image i:1 was sha256:1 and is not there"),
    ({"containers": {"one": "id-1 exited"}}, "n: the container one was id-1 running and is id-1 exited"),
    ({"containers": {"one": "id-1 running", "two": "id-2 running"}}, "n: the container two was not there"),
    ({"actions": []}, "n: no more to do: step 1: restart one: config"),
    ({"actions": [*NODE.actions, "step 2: start two"]}, "n: to do besides: step 2: start two"),
    ({"configuration": ["volume:one: z → y"]}, "n: to do besides: volume:one: z → y"),
    ({"puppet": ["step 1: Puppet on the host"]}, "n: to do besides: step 1: Puppet on the host"),
])
def test_what_moved_is_named(changed, said):
    now = msgspec.structs.replace(PLAN, nodes={"n": msgspec.structs.replace(NODE, **changed)})
    with pytest.raises(InputError, match=said):
        require_same(PLAN, now)


def test_the_same_is_the_same():
    require_same(PLAN, msgspec.structs.replace(PLAN, message="other words"))


@pytest.mark.parametrize("nodes", [{}, {"n": NODE, "m": NODE}])
def test_other_nodes(nodes):
    with pytest.raises(InputError, match="is a node of one of them alone"):
        require_same(PLAN, msgspec.structs.replace(PLAN, nodes=nodes))


def test_it_comes_back_from_its_file(tmp_path):
    path = tmp_path / "plan.json"
    PLAN.write(path)
    assert SavedPlan.read(path, "overcloud") == PLAN and path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("text", "said"), [
    (None, "--plan: there is no such file"), ("{", "is damaged"), ("[]", "is damaged"),
    (msgspec.json.encode(msgspec.structs.replace(PLAN, stack="other")).decode(), "a plan of the stack other"),
    (msgspec.json.encode(msgspec.structs.replace(PLAN, version=9)).decode(), "version 9; expected overcloud"),
])
def test_what_is_no_plan(tmp_path, text, said):
    path = tmp_path / "plan.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=said):
        SavedPlan.read(path, "overcloud")
