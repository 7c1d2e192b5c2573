"""What a container takes over from its node when it is made."""

import os

import pytest

from treadle.errors import EngineError
from treadle.instantiate.fromnode import env_file_values, from_node, usable_cpus
from treadle.paths import NodePaths
from treadle.plan.containers import parse_container


def container(**entry):
    return parse_container("c", {"image": "i", **entry}, "s")


@pytest.mark.parametrize(("text", "expected"), [
    ("A=1\nB=x=y \n\n# C=1\n  D='q'\nHERE\nABSENT\nE=\n", {"A": "1", "B": "x=y ", "D": "'q'", "HERE": "yes", "E": ""}),
    ("\ufeffA=1", {"A": "1"}), ("", {}),
])
def test_an_env_file(text, expected):
    assert env_file_values(text, {"HERE": "yes"}) == expected


@pytest.mark.parametrize("text", ["A=1\n=x", "A=1\nB C=1", "A=1\nB =1"])
def test_an_env_file_that_the_engines_client_would_refuse(text):
    with pytest.raises(EngineError, match=r"s\.c\.env_file: line 2 has no variable's name"):
        env_file_values(text, {}, "s.c.env_file")


def test_files_are_read_below_the_root_and_later_ones_win(tmp_path):
    folder = tmp_path / "var/lib/x"
    folder.mkdir(parents=True)
    (folder / "a").write_text("A=1\nB=1\n")
    (folder / "b").write_text("B=2\n")
    (folder / "p.json").write_text("{}")
    paths = NodePaths("s", str(tmp_path))
    given = from_node(container(env_file=["/var/lib/x/a", "/var/lib/x/b"],
                                security_opt=["label=disable", "seccomp=/var/lib/x/p.json"]), paths)
    assert given.env_files == {"A": "1", "B": "2"} and given.profiles == {"seccomp=/var/lib/x/p.json": "{}"}
    with pytest.raises(EngineError, match=rf"s\.c\.env_file: the host has no {tmp_path}/var/lib/x/absent"):
        from_node(container(env_file="/var/lib/x/absent"), paths, "s.c")
    with pytest.raises(EngineError, match=r"s\.c\.security_opt: the host has no .*/absent"):
        from_node(container(security_opt="seccomp=/var/lib/absent"), paths, "s.c")


def test_isolated_cpus_are_kept_free_of_containers():
    here = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    assert usable_cpus("quiet isolcpus=2-7 ro") == here
    assert usable_cpus("quiet ro") == ""
