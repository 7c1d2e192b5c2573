"""The engine and the clouds that the end-to-end tests share."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.cloud import Cloud, ProcessWatcher
from tests.e2e.engine import PrivateEngine
from tests.e2e.layers import share
from tests.e2e.small import IMAGE, MEMCACHED, SmallCloud
from treadle.images import catalogue
from treadle.images.build import STATE, record_file
from treadle.images.engine import Engine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs an engine, and some of it the images of the whole cloud. What looks at the whole
    core comes last: while that runs, all else has less of the machine."""
    for item in items:
        if Path(str(item.fspath)).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.engine)
            if isinstance(item, pytest.Function) and "engine" in item.fixturenames:
                item.add_marker(pytest.mark.cloud)
    items.sort(key=lambda item: isinstance(item, pytest.Function) and "core" in item.fixturenames)


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Short, because sockets live in it; readable by the services' users."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # engines and mounts are cleared away at that too
    path = Path(tempfile.mkdtemp(prefix="treadle-e2e-", dir="/var/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def number() -> Iterator[int]:
    """Which loopback networks, ports and names are this run's: others may run the same tests on this machine."""
    for number in range(25, 250, 3):
        with Path(f"/var/tmp/treadle-e2e-{number}.lock").open("w") as mark:
            try:
                fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return
    pytest.fail("every network for end-to-end tests is taken")


def _built() -> list[str]:
    """All of the project's images; of the extra ones those that the machine's engine has."""
    project, machine = catalogue.load(catalogue.project_folder()), Engine()
    wanted = [i for i in project.images if not i.extra or machine.image_id(project.reference(i.name))]
    return [project.base, *(project.reference(image.name) for image in wanted)]


@pytest.fixture(scope="session")
def bare_engine(folder: Path, number: int) -> Iterator[PrivateEngine]:
    """A private engine. What of the project's images can be there at no cost is there."""
    if os.geteuid() != 0:
        pytest.fail("NOT RUN: an engine of the tests' own needs root")
    private = PrivateEngine(folder / "engine", f"treadle-tests-{number}", number)
    private.folder.mkdir()
    share(_built(), private.folder / "data")
    private.start()
    try:
        yield private
    finally:
        private.remove()


@pytest.fixture(scope="session")
def engine(bare_engine: PrivateEngine) -> Iterator[PrivateEngine]:
    """The private engine with all of the project's images, and with what is known of how they were built."""
    bare_engine.load_from_machine(_built())
    project, machine = catalogue.load(catalogue.project_folder()), Engine()
    # The same images, so what is known of how they were built holds for this engine too.
    known = record_file(project, STATE, machine), record_file(project, STATE, Engine(bare_engine.url))
    shutil.copy(*known)
    yield bare_engine
    known[1].unlink()


@pytest.fixture(scope="session")
def light_engine(bare_engine: PrivateEngine) -> PrivateEngine:
    """The same private engine with the images that a small cloud needs."""
    bare_engine.load_from_machine([IMAGE, MEMCACHED])
    return bare_engine


@pytest.fixture(scope="module")
def small(folder: Path, light_engine: PrivateEngine, number: int,
          request: pytest.FixtureRequest) -> Iterator[SmallCloud]:
    """A small cloud of one test file's own, deployed."""
    name = request.module.__name__.rpartition(".")[2].removeprefix("test_")
    made = SmallCloud.on(number, name, folder / name, light_engine.url)
    made.write_files()
    made.deploy().ok()
    yield made
    made.run("openstack", "overcloud", "delete", "--stack", made.name, "--yes").ok()


@pytest.fixture(scope="session")
def first_deploy() -> dict[str, object]:
    """What the first deploy of ``cloud`` printed and which command lines were seen meanwhile."""
    return {}


@pytest.fixture(scope="session")
def cloud(folder: Path, engine: PrivateEngine, number: int, first_deploy: dict[str, object]) -> Iterator[Cloud]:
    """The cloud that most tests look at, made by the one command that a user types."""
    made = Cloud.on(number, "e2e", folder / "e2e", engine.url)
    made.write_files()
    watcher = ProcessWatcher()
    watcher.start()
    done = made.standalone()
    first_deploy.update(done=done, argv=watcher.finish())
    done.ok()
    yield made
    if (made.state / made.name / "plans.json").exists():
        made.run("openstack", "overcloud", "delete", "--stack", made.name, "--yes").ok()


@pytest.fixture(scope="session")
def core(folder: Path, engine: PrivateEngine, number: int) -> Iterator[Cloud]:
    """The whole core, in a cloud beside the first."""
    made = Cloud.on(number + 2, "core", folder / "core", engine.url, prefix="core-", whole=True)
    made.write_files()
    made.standalone().ok()
    yield made
    made.run("openstack", "overcloud", "delete", "--stack", made.name, "--yes").ok()


@pytest.fixture
def another(folder: Path, engine: PrivateEngine, number: int, request: pytest.FixtureRequest) -> Iterator[Cloud]:
    """A second cloud beside the first, for tests that need one that is not deployed yet."""
    made = Cloud.on(number + 1, "other", folder / f"other-{request.node.name}"[:60], engine.url, prefix="other-")
    made.write_files()
    yield made
    if (made.state / made.name / "plans.json").exists():
        made.run("openstack", "overcloud", "delete", "--stack", made.name, "--yes").ok()
