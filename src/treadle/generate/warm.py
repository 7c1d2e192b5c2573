"""A warm Puppet (warm.rb): one container in which Puppet is loaded, and forks for the containers of config volumes."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from treadle.engine import STACK, TRANSIENT, Engine
from treadle.errors import EngineError
from treadle.events import Events
from treadle.files import writing
from treadle.generate.container import Transient
from treadle.generate.job import Job

_HERE = Path(__file__).parent
#: Saves each Puppet the compiling of what it loads.
COMPILED = _HERE / "compiled.rb"
_FILES = ("compiled.rb", "warm.rb", "warm_facts.rb", "warm_loaded.rb", "warm_options.rb", "warm_parsed.rb",
          "warm_system.rb", "warm.sh")
#: generate.sh ends with this where the fork that it waited for died.
DIED = 75
#: What the engine writes for each network.
_ETC = ("hosts", "hostname", "resolv.conf")
#: What a container may take until its first process runs, in seconds.
_BEGIN_LIMIT = 30.0
#: Ruby collects garbage only after so many objects and bytes: in a fork each collection copies the whole heap first.
_GARBAGE = {"RUBY_GC_HEAP_0_INIT_SLOTS": 3_000_000, "RUBY_GC_HEAP_1_INIT_SLOTS": 1_000_000,
            "RUBY_GC_HEAP_2_INIT_SLOTS": 400_000, "RUBY_GC_HEAP_3_INIT_SLOTS": 150_000,
            "RUBY_GC_HEAP_4_INIT_SLOTS": 80_000, "RUBY_GC_MALLOC_LIMIT": 1 << 28, "RUBY_GC_MALLOC_LIMIT_MAX": 1 << 28,
            "RUBY_GC_OLDMALLOC_LIMIT": 1 << 29, "RUBY_GC_OLDMALLOC_LIMIT_MAX": 1 << 29}


@dataclass(frozen=True)
class Warm:
    """A warm Puppet: its container, the folder through which it is asked, and whether it has come to run."""

    container: str
    folder: Path
    engine: Engine
    begun: Future[bool]
    starting: threading.Lock = field(default_factory=threading.Lock)
    number: int = 0

    def turn(self, number: int) -> Warm:
        """For the container whose turn is ``number``: of those that wait the least one is next."""
        return replace(self, number=number)

    def alive(self) -> bool:
        """Whether it runs still; without it no container can begin beside it. Raises EngineError."""
        return self.begun.result() and bool(self.engine.inspect(self.container)["State"]["Running"])

    def beside(self, config: Mapping[str, Any], host: Mapping[str, Any],
               own: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """The configuration and host configuration of a container that can ask it; ``own`` is a folder for it alone.

        Such a container can be made at once, and started within ``start_beside``. A fork is in the warm
        container's network in any case. That the volume's container is there too, and has its host name from there,
        spares the engine a third of the work of making one. The files that the engine would share with it are copied,
        since Puppet may write them.
        """
        config = {key: value for key, value in config.items() if key != "Hostname"}
        shared = f"container:{self.container}"
        binds = [*host["Binds"], f"{self.folder}:/treadle/warm"]
        taken = {bind.split(":")[1] for bind in binds}
        binds += [f"{own / name}:/etc/{name}" for name in _ETC if f"/etc/{name}" not in taken]
        config["Env"] = [*config["Env"], f"ORDER={self.number}"]
        return config, {**host, "PidMode": shared, "NetworkMode": shared, "Binds": binds}

    @contextmanager
    def start_beside(self, own: Path) -> Iterator[None]:
        """Wait until it runs, and put its files into ``own``; then hold the others back for as long as the context
        lasts: it is loading meanwhile, and where many containers are started at once, it waits for a processor.
        Raises EngineError where it does not come to run.
        """
        if not self.begun.result():
            raise EngineError("the warm Puppet has not begun")
        with writing(own):
            for name in _ETC:
                shutil.copy(self.folder / "etc" / name, own / name)
        with self.starting:
            yield


@contextmanager
def warmed(engine: Engine, events: Events, stack: str, folder: Path, jobs: Sequence[Job], modules: Path,
           config: Mapping[str, Any], workers: int) -> Iterator[Warm | None]:
    """A warm Puppet for ``jobs``, with ``workers`` forks at a time, for as long as the context lasts.

    ``config`` is what all their containers have in common: environment, host name. It runs in the image that most
    of them have. None, with an event that says why, where the engine refuses; none for a single job either, which
    would be done no sooner.
    """
    networks = {job.network for job in jobs}
    if len(jobs) < 2 or len(networks) > 1:
        yield None
        return
    image = Counter(job.config.image for job in jobs).most_common(1)[0][0]
    with writing(folder):
        folder.mkdir(mode=0o700)
        os.mkfifo(folder / "ask", 0o600)
    types = ",".join(sorted({tag for job in jobs for tag in job.config.tags}))
    environment = [f"{name}={value}" for name, value in {**_GARBAGE, "WORKERS": workers, "TYPES": types}.items()]
    whole = {**config, "Image": image, "User": "root", "Entrypoint": ["/bin/bash", "/treadle/warm.sh"], "Cmd": [],
             "Env": [*config["Env"], *environment], "Labels": {STACK: stack, TRANSIENT: "puppet"}}
    host = {"Binds": [f"{folder}:/treadle/warm", f"{modules}:/treadle/modules:ro",
                      *(f"{_HERE / name}:/treadle/{name}:ro" for name in _FILES)],
            "NetworkMode": networks.pop(), "CapAdd": ["SYS_ADMIN"]}
    name = f"docker-puppet-{stack}-warm-{os.getpid()}"
    transient = Transient(engine, events, name, whole, host, "warm Puppet")
    try:
        container = transient.make()
    except EngineError as error:
        _do_without(events, error)
        yield None
        return
    try:
        # The volumes' containers are made while this one is started: nobody waits for what can be done already.
        with ThreadPoolExecutor(1) as pool:
            yield Warm(container, folder, engine, pool.submit(_begin, transient, container, folder))
    finally:
        engine.remove(container)


def _begin(transient: Transient, container: str, folder: Path) -> bool:
    """Start it; whether it has begun and has written down its files."""
    try:
        transient.start(container)
    except EngineError as error:
        _do_without(transient.events, error)
        return False
    end = time.monotonic() + _BEGIN_LIMIT
    while not (begun := (folder / "etc").exists()) and time.monotonic() < end:
        time.sleep(0.01)
    return begun


def _do_without(events: Events, error: EngineError) -> None:
    events.emit("generate.plain", f"no warm Puppet: {error.message}")
