"""bin/standalone looks before it leaps: each refusal, and what it says to do. Nothing is changed here."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SCRIPTS = [CHECKOUT / "bin/standalone", *sorted((CHECKOUT / "bin/lib").glob("*.sh"))]


def call(function: str, *arguments: str | Path | int, library: str = "preflight") -> subprocess.CompletedProcess[str]:
    """Run one function of bin/lib as bin/standalone does."""
    return subprocess.run(
        ["bash", "-c", f'set -euo pipefail; . "$0/bin/lib/say.sh"; . "$0/bin/lib/{library}.sh"; "$@"', CHECKOUT,
         function, *map(str, arguments)], capture_output=True, text=True, check=False)


def accepts(function: str, *arguments: str | Path | int) -> None:
    done = call(function, *arguments)
    assert (done.returncode, done.stderr) == (0, "")


def refuses(says: str, function: str, *arguments: str | Path | int) -> None:
    done = call(function, *arguments)
    assert done.returncode == 1, done.stderr
    what, remedy = done.stderr.splitlines()
    assert what.startswith("cannot go on: ") and says in what and remedy.strip()


def test_root() -> None:
    accepts("check_root", 0)
    refuses("needs root", "check_root", 1000)


@pytest.mark.parametrize("name, version, architecture, fine", [
    ("debian", '"12"', "amd64", True), ("debian", '"13"', "amd64", True), ("debian", '"11"', "amd64", False),
    ("debian", '"12"', "arm64", False), ("ubuntu", '"24.04"', "amd64", False), ('"rocky"', '"9.4"', "amd64", False),
    ("debian", "", "amd64", False)])
def test_distribution(tmp_path: Path, name: str, version: str, architecture: str, fine: bool) -> None:
    file = tmp_path / "os-release"
    file.write_text(f'PRETTY_NAME="x"\nID={name}\n' + (f"VERSION_ID={version}\n" if version else ""))
    if fine:
        accepts("check_distribution", file, architecture)
    else:
        refuses(name.strip('"'), "check_distribution", file, architecture)


@pytest.mark.parametrize("answer, fine", [(0, True), (1, False)])
def test_python(tmp_path: Path, answer: int, fine: bool) -> None:
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit\nexit {answer}\n')
    python.chmod(0o755)
    if fine:
        accepts("check_python", python)
    else:
        refuses("is Python 3.9.2, and 3.11 is needed", "check_python", python)
    accepts("check_python", tmp_path / "none: it will be installed")


def test_memory(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(f"MemTotal:       {4000 * 1024} kB\nMemFree: 1 kB\n")
    accepts("check_memory", 4000, meminfo)
    refuses("4000 MiB of memory, and 4001 MiB are needed", "check_memory", 4001, meminfo)


def test_disk(tmp_path: Path) -> None:
    free = shutil.disk_usage(tmp_path).free // 2**30
    accepts("check_disk", max(free - 1, 0), tmp_path / "not/yet/there")
    refuses(f"and {free + 9} GiB are needed", "check_disk", free + 9, tmp_path)


FIB = """Local:
  +-- 0.0.0.0/0 3 0 4
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.2
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
"""


def test_address(tmp_path: Path) -> None:
    fib = tmp_path / "fib_trie"
    fib.write_text(FIB)
    accepts("check_address", "--vip", "127.0.24.2", fib)
    accepts("check_address", "--vip", "192.0.2.2", fib)
    refuses("--vip 192.0.2.3 is on no interface", "check_address", "--vip", "192.0.2.3", fib)
    refuses("on no interface", "check_address", "--vip", "192.0.2.255", fib)
    for wrong in ("localhost", "127.0.0", "127.0.0.256", "127.0.0.1/8", "::1", ""):
        refuses("is not an IPv4 address", "check_address", "--node-ip", wrong, fib)
    refuses("both 127.0.24.1", "check_addresses_differ", "127.0.24.1", "127.0.24.1")
    accepts("check_addresses_differ", "127.0.24.1", "127.0.24.2")


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.77.1", 0)) as server:
        yield server.getsockname()[1]


def test_port_taken_on_that_address_only(taken: int) -> None:
    refuses(f"port {taken} on 127.0.77.1 (keystone) is taken by ", "check_port", "127.0.77.1", taken, "keystone")
    refuses(f"(pid {os.getpid()})", "check_port", "127.0.77.1", taken, "keystone")
    accepts("check_port", "127.0.77.2", taken, "keystone")


@pytest.mark.parametrize("family, everywhere", [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")])
def test_port_taken_on_all_addresses(family: socket.AddressFamily, everywhere: str) -> None:
    with socket.create_server((everywhere, 0), family=family) as server:
        refuses("is taken", "check_port", "127.0.77.1", server.getsockname()[1], "keystone")


def test_a_connection_is_not_a_listener(taken: int) -> None:
    with socket.create_connection(("127.0.77.1", taken), source_address=("127.0.77.9", 0)) as connection:
        accepts("check_port", "127.0.77.9", connection.getsockname()[1], "keystone")


def standalone(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPTS[0], *arguments], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)


def test_check_gathers_all_refusals_and_ends_with_2() -> None:
    done = standalone("--check", "--memory-needed", "99999999", "--disk-needed", "99999999", "--node-ip", "127.0.77.1",
                      "--vip", "127.0.77.1")
    assert done.returncode == 2
    assert sum(line.startswith("cannot go on: ") for line in done.stderr.splitlines()) >= 3


def test_check_names_the_taken_port_and_its_owner() -> None:
    with socket.create_server(("127.0.77.1", 3306)):
        done = standalone("--check", "--node-ip", "127.0.77.1", "--vip", "127.0.77.2")
    assert done.returncode == 2
    assert f"port 3306 on 127.0.77.1 (MariaDB) is taken by {Path('/proc/self/comm').read_text().strip()}" in done.stderr


def test_the_port_of_a_service_that_is_left_out_may_be_taken(tmp_path: Path) -> None:
    (tmp_path / "less.yaml").write_text("resource_registry:\n  OS::TripleO::Services::Horizon: OS::Heat::None\n")
    addresses = ["--node-ip", "127.0.77.1", "--vip", "127.0.77.2"]
    with socket.create_server(("127.0.77.2", 80)):
        assert "port 80 on 127.0.77.2 (HAProxy for Horizon) is taken" in standalone("--check", *addresses).stderr
        done = standalone("--check", *addresses, "-e", str(tmp_path / "less.yaml"))
    assert "port 80" not in done.stderr


@pytest.mark.parametrize("arguments, says", [
    (["--container-prefix", "a b"], "--container-prefix a b"),
    (["--frobnicate"], "unknown option --frobnicate"), (["--vip"], "--vip needs a value"),
    (["-e", "/no/such/file"], "-e /no/such/file: no such file"), (["--name", "a/b"], "--name a/b"),
    (["--memory-needed", "4G"], "expected MiB as a number"), (["--disk-needed", "much"], "expected GiB as a number")])
def test_wrong_usage(arguments: list[str], says: str) -> None:
    done = standalone("--check", *arguments)
    assert done.returncode == 2 and says in done.stderr and "--help" in done.stderr


def test_down_asks_nobody_where_nobody_can_answer() -> None:
    done = standalone("--down", "--name", "not-there")
    assert done.returncode == 2
    assert "--yes" in done.stderr or "needs root" in done.stderr


def test_help_names_every_option() -> None:
    done = standalone("--help")
    assert done.returncode == 0
    for option in ("--node-ip", "--vip", "--name", "-e", "--yes", "--check", "--down", "--images"):
        assert option in done.stdout


def test_missing_packages_are_those_not_installed() -> None:
    assert call("missing_packages", "bash", "no-such-package", "coreutils", library="machine").stdout.split() == [
        "no-such-package"]


def test_virtual_environment_is_current_until_what_decides_it_changes(tmp_path: Path) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    program = tmp_path / ".venv/bin/openstack"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("a\n")
    digest = call("venv_digest", tmp_path, "/usr/bin/python3", library="machine").stdout
    (tmp_path / ".venv/treadle-digest").write_text(digest)
    assert call("venv_is_current", tmp_path, "/usr/bin/python3", library="machine").returncode == 0
    (tmp_path / "constraints.txt").write_text("b\n")
    assert call("venv_is_current", tmp_path, "/usr/bin/python3", library="machine").returncode == 1


def test_a_failed_installation_is_not_taken_for_a_current_one(tmp_path: Path) -> None:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    pip = tmp_path / ".venv/bin/pip"
    pip.write_text("#!/bin/sh\nexit 7\n")
    pip.chmod(0o755)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("a\n")
    script = f'. "$0/bin/lib/say.sh"; . "$0/bin/lib/machine.sh"; part venv - make_venv {tmp_path} /usr/bin/python3'
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script, CHECKOUT], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1 and "venv failed with status 7" in done.stderr
    assert not (tmp_path / ".venv/treadle-digest").exists()


def test_a_failing_part_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = call("part", "packages", log, "bash", "-c", "seq 100; exit 3", library="say")
    assert done.returncode == 1
    assert "packages failed with status 3" in done.stderr and str(log) in done.stderr
    shown = [line.strip() for line in done.stderr.splitlines() if line.startswith("    ")]
    assert shown == [str(number) for number in range(81, 101)]


def test_dockerd_of_somebody_else_is_not_stopped(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        (tmp_path / "dockerd.pid").write_text(f"{other.pid}\n")
        assert call("stop_engine", tmp_path, library="machine").returncode == 0
        assert other.poll() is None and not (tmp_path / "dockerd.pid").exists()
        other.kill()


def test_constraints_name_versions_and_nothing_of_a_machine() -> None:
    lines = [line for line in (CHECKOUT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines and all(line.count("==") == 1 and not set(line) & set("/@: ") for line in lines)


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing() -> None:
    done = subprocess.run(["shellcheck", "-x", *SCRIPTS], capture_output=True, text=True, check=False, cwd=CHECKOUT)
    assert (done.returncode, done.stdout) == (0, "")
