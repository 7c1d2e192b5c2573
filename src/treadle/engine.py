"""The container engine, through its HTTP API. One object, few verbs; every refusal is an EngineError."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from treadle.errors import EngineError
from treadle.inside import run_inside

T = TypeVar("T")
NO_IMAGE = "build it (openstack overcloud image build, with the deploy's -e files), or correct the image's parameter"
#: Marks what belongs to a stack; transient containers carry ``TRANSIENT`` as well and outlive nothing.
STACK, NODE, NAME, TRANSIENT = "treadle.stack", "treadle.node", "treadle.name", "treadle.transient"


@dataclass(frozen=True)
class Observed:
    """One container as the engine lists it. ``state`` is created, running, exited, restarting, paused or dead;
    ``created`` is in seconds since the epoch, ``networks`` are the engine's that it is in, sorted. ``joined``: the
    id of the container whose network it shares."""

    id: str
    engine_name: str
    image_id: str
    state: str
    status: str
    labels: Mapping[str, str] = field(default_factory=dict)
    created: float = 0.0
    networks: tuple[str, ...] = ()
    joined: str = ""

    @property
    def name(self) -> str:
        return self.labels.get(NAME, self.engine_name)

    @property
    def running(self) -> bool:
        return self.state == "running"

    @property
    def under_way(self) -> bool:
        """Its main process lives, be it that somebody paused it."""
        return self.state in ("running", "paused")

    @property
    def health(self) -> str:
        """healthy, unhealthy, starting, or '' where no check is declared (from the engine's status line)."""
        for word, said in (("unhealthy", "(unhealthy)"), ("healthy", "(healthy)"), ("starting", "health: starting")):
            if said in self.status:
                return word
        return ""

    @property
    def exit_code(self) -> int | None:
        """Of a container that has ended: "Exited (3) 2 minutes ago"."""
        if self.state != "exited" or not self.status.startswith("Exited ("):
            return None
        return int(self.status.removeprefix("Exited (").split(")")[0])


class NameTaken(EngineError):
    """Another container has that name."""


class Engine:
    """A Docker engine. Connects at the first call. Any number of threads may use it: each has a connection of its
    own, because a session of requests is not made for several."""

    def __init__(self, base_url: str | None = None, timeout: int = 120) -> None:
        self._base_url = base_url or os.environ.get("DOCKER_HOST")
        self._timeout = timeout
        self._version = "auto"
        self._mine = threading.local()

    @property
    def url(self) -> str | None:
        """Where it is; None for the library's default socket."""
        return self._base_url

    @property
    def api(self) -> Any:
        if not hasattr(self._mine, "client"):
            import docker

            try:
                client = docker.APIClient(base_url=self._base_url, version=self._version, timeout=self._timeout)
            except docker.errors.DockerException as error:
                raise EngineError(f"no container engine answers at {self._base_url or 'its default socket'}: {error}",
                                  hint="start it (systemctl start docker), or run bin/standalone") from None
            self._version = client.api_version
            self._mine.client = client
        return self._mine.client

    def call(self, what: str, do: Callable[[Any], T]) -> T:
        """Run one API call; ``what`` begins the error message ("start keystone")."""
        import docker
        import requests

        try:
            return do(self.api)
        except docker.errors.ImageNotFound as error:
            raise EngineError(f"cannot {what}: {error.explanation or error}", hint=NO_IMAGE) from error
        except docker.errors.APIError as error:
            if error.status_code == 409 and "already in use" in str(error.explanation):
                raise NameTaken(f"cannot {what}: another container has that name, and it is not this stack's",
                                hint="remove it, or give it another: docker rename NAME NEW-NAME") from error
            raise EngineError(f"cannot {what}: {error.explanation or error}") from error
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            raise EngineError(f"cannot {what}: the container engine does not answer ({error})",
                              hint="is it running? docker info; then the same command again goes on") from error

    # What is there

    def containers(self, labels: Mapping[str, str]) -> list[Observed]:
        """All containers, running or not, that carry ``labels``; one call whatever their number."""
        wanted = [f"{key}={value}" if value else key for key, value in labels.items()]
        found = self.call("list containers", lambda api: api.containers(all=True, filters={"label": wanted}))
        return [_observed(c, c["Names"][0].lstrip("/")) for c in found if c.get("Names")]

    def owner_of(self, engine_name: str) -> Observed | None:
        """The container of exactly that name, whoever made it."""
        found = self.call("list containers", lambda api: api.containers(all=True, filters={"name": engine_name}))
        for c in found:
            if f"/{engine_name}" in (c.get("Names") or []):
                return _observed(c, engine_name)
        return None

    def image_ids(self, names: Iterable[str]) -> dict[str, str]:
        """``{name: id}`` of those images that the engine has.

        One call an image: the engine's list of all of them takes longer, because it adds up their sizes.
        """
        def find(name: str) -> str:
            return self.call(f"inspect the image {name}", lambda api: _image_id(api, name))

        return {name: found for name in set(names) if (found := find(name))}

    def inspect(self, container: str) -> dict[str, Any]:
        result: dict[str, Any] = self.call(f"inspect {container}", lambda api: api.inspect_container(container))
        return result

    def logs(self, container: str, lines: int | str = 20) -> str:
        """The last ``lines`` lines that the container wrote, or 'all' of them."""
        raw: bytes = self.call(f"read the log of {container}", lambda api: api.logs(container, tail=lines))
        return raw.decode("utf-8", "replace")

    def logs_since(self, container: str, moment: float) -> str:
        """What the container wrote from ``moment`` (epoch seconds) on."""
        raw: bytes = self.call(f"read the log of {container}", lambda api: api.logs(container, since=moment))
        return raw.decode("utf-8", "replace")

    def follow(self, container: str) -> Iterator[str]:
        """Each line that the container writes, as it comes, until it ends or is removed."""
        import requests

        what, known = f"read the log of {container}", 0
        while True:
            stream = self.call(what, lambda api: api.logs(container, stream=True, follow=True, tail="all"))
            try:
                for line in islice(_lines(stream), known, None):
                    known += 1
                    yield line
                return
            except requests.RequestException as error:
                if "timed out" not in str(error):  # it was silent for as long as the client waits
                    raise EngineError(f"cannot {what}: {error}") from error

    # What changes it

    def create(self, name: str, config: Mapping[str, Any], host: Mapping[str, Any]) -> str:
        """Create (not start) a container; ``config`` and ``host`` as the engine's API has them. Gives its id."""
        body = {**config, "HostConfig": dict(host)}
        made = self.call(f"create {name}", lambda api: api.create_container_from_config(body, name))
        return str(made["Id"])

    def start(self, container: str, name: str = "") -> None:
        self.call(f"start {name or container}", lambda api: api.start(container))

    def resume(self, container: str) -> None:
        """Let a paused container go on; it can neither be stopped nor started while it is paused."""
        self.call(f"resume {container}", lambda api: api.unpause(container))

    def stop(self, container: str, grace: int | None = None) -> None:
        """Ask, wait ``grace`` seconds (the container's own stop_grace_period where None, else 10), then kill."""
        if grace is None:  # the engine knows it too, but then its answer would not be waited for as long
            own = self.inspect(container)["Config"].get("StopTimeout")
            grace = 10 if own is None else int(own)
        self.call(f"stop {container}", lambda api: api.stop(container, timeout=grace))

    def remove(self, container: str) -> None:
        """Remove with its anonymous volumes, running or not; gone already is fine."""
        import docker

        def do(api: Any) -> None:
            try:
                api.remove_container(container, force=True, v=True)
            except docker.errors.NotFound:
                return
            except docker.errors.APIError as error:
                if "already in progress" not in str(error):
                    raise
                with contextlib.suppress(docker.errors.NotFound):  # the engine does it, of ``remove: true``
                    api.wait(container, condition="removed")

        self.call(f"remove {container}", do)

    def rename(self, container: str, name: str) -> None:
        self.call(f"rename {container} to {name}", lambda api: api.rename(container, name))

    def wait(self, container: str, timeout: float) -> int | None:
        """The exit code, or None when ``timeout`` seconds have passed."""
        import requests

        def do(api: Any) -> int | None:
            try:
                return int(api.wait(container, timeout=timeout)["StatusCode"])
            except requests.exceptions.ReadTimeout:
                return None
            except requests.exceptions.ConnectionError as error:
                if "timed out" in str(error):
                    return None
                raise

        return self.call(f"wait for {container}", do)

    def execute(self, container: str, argv: Sequence[str], *, user: str = "", privileged: bool = False,
                environment: Mapping[str, str] | None = None, limit: float | None = None) -> tuple[int, str]:
        """Run ``argv`` in a running container: its exit code and what it wrote. After ``limit`` seconds it is ended
        with all that it started, which gives 124, as timeout(1) does."""
        return self.call(f"run a command in {container}", lambda api: run_inside(
            api, container, argv, user=user, privileged=privileged, environment=environment or {}, limit=limit))

    def remove_transient(self, stack: str) -> list[str]:
        """Remove what a killed run left of its transient containers; gives their names."""
        left = self.containers({STACK: stack, TRANSIENT: ""})
        for container in left:
            self.remove(container.id)
        return [container.engine_name for container in left]


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in lines)
    if rest:
        yield rest.decode("utf-8", "replace")


def _image_id(api: Any, name: str) -> str:
    import docker

    try:
        return str(api.inspect_image(name)["Id"])
    except docker.errors.ImageNotFound:
        return ""


def _observed(listed: Mapping[str, Any], name: str) -> Observed:
    networks = (listed.get("NetworkSettings") or {}).get("Networks") or ()
    mode, _, other = str((listed.get("HostConfig") or {}).get("NetworkMode", "")).partition(":")
    return Observed(listed["Id"], name, listed["ImageID"], listed["State"], listed["Status"], listed["Labels"] or {},
                    float(listed["Created"]), tuple(sorted(networks)), other if mode == "container" else "")


def canonical(value: Any) -> bytes:
    """JSON with sorted keys: same value, same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()
