"""A warm Puppet (warm.rb): one container in which Puppet is loaded, and forks for the containers of config volumes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from treadle.engine import STACK, TRANSIENT, Engine
from treadle.errors import EngineError
from treadle.events import Events
from treadle.files import writing
from treadle.generate.container import Transient
from treadle.generate.job import Job

_HERE = Path(__file__).parent
#: generate.sh ends with this where the fork that it waited for died.
DIED = 75
#: Ruby collects garbage only after so many objects and bytes: in a fork each collection copies the whole heap first.
_GARBAGE = {"RUBY_GC_HEAP_0_INIT_SLOTS": 3_000_000, "RUBY_GC_HEAP_1_INIT_SLOTS": 1_000_000,
            "RUBY_GC_HEAP_2_INIT_SLOTS": 400_000, "RUBY_GC_HEAP_3_INIT_SLOTS": 150_000,
            "RUBY_GC_HEAP_4_INIT_SLOTS": 80_000, "RUBY_GC_MALLOC_LIMIT": 1 << 28, "RUBY_GC_MALLOC_LIMIT_MAX": 1 << 28,
            "RUBY_GC_OLDMALLOC_LIMIT": 1 << 29, "RUBY_GC_OLDMALLOC_LIMIT_MAX": 1 << 29}


@dataclass(frozen=True)
class Warm:
    """A warm Puppet that runs: its container, and the folder through which it is asked."""

    container: str
    folder: Path

    def beside(self, host: Mapping[str, Any]) -> dict[str, Any]:
        """The host configuration of a container that can ask it."""
        return {**host, "PidMode": f"container:{self.container}", "Binds": [*host["Binds"],
                                                                          f"{self.folder}:/treadle/warm"]}


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
    environment = [f"{name}={value}" for name, value in {**_GARBAGE, "WORKERS": workers}.items()]
    whole = {**config, "Image": image, "User": "root", "Entrypoint": ["/bin/bash", "/treadle/warm.sh"], "Cmd": [],
             "Env": [*config["Env"], *environment], "Labels": {STACK: stack, TRANSIENT: "puppet"}}
    host = {"Binds": [f"{folder}:/treadle/warm", f"{modules}:/treadle/modules:ro",
                      *(f"{_HERE / name}:/treadle/{name}:ro" for name in ("warm.rb", "warm.sh"))],
            "NetworkMode": networks.pop(), "CapAdd": ["SYS_ADMIN"]}
    name = f"docker-puppet-{stack}-warm-{os.getpid()}"
    try:
        container = Transient(engine, events, name, whole, host, "warm Puppet").begin()
    except EngineError as error:
        engine.remove(name)
        events.emit("generate.plain", f"no warm Puppet: {error.message}")
        yield None
        return
    try:
        yield Warm(container, folder)
    finally:
        engine.remove(container)
