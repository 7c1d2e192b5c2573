"""The main process and the workers of a container, as /proc shows them."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from treadle.instantiate.processes import Processes


def proc(tmp_path, *found):
    """A /proc with processes as (pid, parent, name[, state])."""
    for pid, parent, name, *state in found:
        folder = tmp_path / str(pid)
        folder.mkdir()
        (folder / "comm").write_text(f"{name}\n")
        rest = " ".join(str(number) for number in range(5, 22))  # fields 5 to 21 of proc(5)
        (folder / "stat").write_text(f"{pid} ({name}) {state[0] if state else 'S'} {parent} {rest} {pid * 10} 0\n")
    (tmp_path / "self").mkdir()
    return Processes(tmp_path)


@pytest.mark.parametrize(("found", "main", "workers"), [
    ([(7, 1, "memcached")], 7, []),
    ([(7, 1, "dumb-init"), (8, 7, "haproxy"), (9, 8, "haproxy")], 8, [(9, 90)]),
    ([(7, 1, "tini"), (8, 7, "a) b"), (9, 8, "w"), (10, 8, "w"), (11, 9, "below")], 8, [(9, 90), (10, 100)]),
    ([(7, 1, "httpd"), (8, 7, "httpd"), (9, 7, "httpd")], 7, [(8, 80), (9, 90)]),
    ([(7, 1, "httpd"), (8, 7, "httpd", "Z")], 7, []),
    ([(7, 1, "dumb-init"), (8, 7, "one"), (9, 7, "left behind"), (10, 8, "w")], 8, [(10, 100)]),
    ([], 7, []),
])
def test_main_and_workers(tmp_path, found, main, workers):
    processes = proc(tmp_path, *found)
    assert processes.main(7) == main
    assert processes.workers(7) == frozenset(workers)


@pytest.mark.parametrize(("command", "prepares"), [
    ("bash\0/usr/local/bin/kolla_start\0", True), ("/usr/sbin/haproxy\0-W\0", False), (None, False)])
def test_whether_kolla_is_still_copying(tmp_path, command, prepares):
    processes = proc(tmp_path, (7, 1, "dumb-init"), (8, 7, "bash"))
    (tmp_path / "7/cmdline").write_text("dumb-init\0--\0kolla_start\0")
    if command:
        (tmp_path / "8/cmdline").write_text(command)
    assert processes.prepares(7) is prepares


def test_the_kernel_shows_a_child_of_this_very_process():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in {pid for pid, _ in Processes().workers(os.getpid())}
        child.communicate(b"\n")
    assert child.pid not in {pid for pid, _ in Processes().workers(os.getpid())}


def test_sockets_are_those_of_a_process_and_of_what_it_began():
    program = ("import os, socket, sys\n"
               "one = socket.socket()\n"
               "if os.fork() == 0:\n"
               "    two = socket.socket(); print('open', flush=True); input()\n"
               "else:\n"
               "    os.wait()\n")
    before = Processes().sockets(os.getpid())
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        assert len(Processes().sockets(child.pid)) == 2
        assert len(Processes().sockets(os.getpid()) - before) == 2
        child.communicate(b"\n")
    assert not Processes().sockets(child.pid) and not Processes().there(child.pid)


@pytest.mark.parametrize("name", ["SIGUSR1", "usr1", str(int(signal.SIGUSR1))])
def test_a_signal_reaches_a_process_of_that_container_and_of_no_other(name):
    with subprocess.Popen([sys.executable, "-c", "import signal\nsignal.signal(signal.SIGUSR1, lambda *_: print('told')"
                           " or exit(3))\nprint('ready', flush=True)\nsignal.pause()"], stdout=subprocess.PIPE,
                          text=True) as child:
        assert child.stdout and child.stdout.readline() == "ready\n"
        mine = Path(f"/proc/{child.pid}/cgroup").read_text().strip()
        assert not Processes().signal(child.pid, "another-container", name)
        assert Processes().signal(child.pid, mine, name)
        assert child.wait(10) == 3
    assert not Processes().signal(child.pid, mine, name)


def test_processes_that_end_while_they_are_looked_at_are_no_error() -> None:
    """A service's start begins and ends dozens of them."""
    ended = threading.Event()

    def begin() -> None:
        while not ended.is_set():
            subprocess.run(["true"], check=True)

    begun = [threading.Thread(target=begin) for _ in range(4)]
    for thread in begun:
        thread.start()
    try:
        until = time.monotonic() + 2
        while time.monotonic() < until:
            Processes().sockets(os.getpid())
    finally:
        ended.set()
        for thread in begun:
            thread.join()
