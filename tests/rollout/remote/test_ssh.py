"""What ssh is told, and what its refusals come to."""

import shlex

import pytest

from tests.support import node
from treadle.errors import Unreachable
from treadle.plan.nodes import Ssh
from treadle.rollout.remote import ssh


def test_ssh_is_told_what_the_nodes_file_says_and_no_more():
    bare = ssh.command(node(connection="ssh"), ["-c", "it's"])
    assert bare[:2] == ["ssh", "-T"] and not {"-i", "-p", "-l", "-F"} & set(bare)
    assert bare[-3:] == ["--", "192.0.2.1", "exec python3 -I -c 'it'\"'\"'s'"]
    there = Ssh("admin", "/k", 2222, "alias", "/c")
    given = ssh.command(node(become=True, python="/opt/python", ssh=there), ["-c", "x"])
    text = shlex.join(given)
    assert all(words in text for words in ("-F /c", "-i /k", "IdentitiesOnly=yes", "-p 2222", "-l admin"))
    assert given[-3:] == ["--", "alias", "exec sudo -n -- /opt/python -I -c x"]


def test_ansible_is_told_the_same():
    found = ssh.ansible(node(become=True, ssh=Ssh("admin", "/k", 2222, "alias", "/c")))
    common = found.pop("ansible_ssh_common_args")
    assert all(words in common for words in ("-F /c", "-i /k", "BatchMode=yes"))
    assert found == {"ansible_connection": "ssh", "ansible_host": "alias", "ansible_user": "admin",
                     "ansible_port": 2222, "ansible_become": True, "ansible_python_interpreter": "python3"}


@pytest.mark.parametrize(("code", "said", "message"), [
    (255, "root@192.0.2.1: Permission denied (publickey).", "refuses the SSH key or user: root@192.0.2.1: Permission"),
    (255, "No ED25519 host key is known for x\nHost key verification failed.", "is not known by its host key"),
    (255, "ssh: connect to host 192.0.2.1 port 22: Connection refused", "does not answer: ssh: connect to host"),
    (1, "sudo: a password is required", "does not let its SSH user become root: sudo: a password is required"),
    (127, "sh: 1: exec: sudo: not found", "has no sudo"),
    (1, "sudo: python3: command not found", "has no Python"),
    (127, "bash: line 1: exec: python3: not found", "has no Python"),
    (127, "bash: line 1: /opt/python3: No such file or directory", "has no Python"),
    (127, "sh: 1: exec: python3: not found", "has no Python: sh: 1: exec: python3: not found"),
    (255, "", "does not answer: ssh ended with 255"),
])
def test_a_refusal_says_what_is_wrong(code, said, message):
    error = ssh.refusal(node(), code, said)
    assert error.message.startswith("node-0 (192.0.2.1) ") and message in error.message and "ssh" in error.hint


@pytest.mark.parametrize(("told", "message"), [
    ({"uid": 1000, "python": "3.11.2", "suffix": ".a.so"}, "the SSH user is not root"),
    ({"uid": 0, "python": "3.13.1", "suffix": ".b.so"}, r"has Python 3.13.1 \(.b.so\)"),
])
def test_a_python_that_cannot_run_it_is_refused(told, message):
    ssh.require_usable(node(), {"uid": 0, "python": "3.11.2", "suffix": ".a.so"}, ".a.so")
    with pytest.raises(Unreachable, match=message):
        ssh.require_usable(node(), told, ".a.so")
