"""Images that come from a registry, and go to one, through a container engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from treadle.engine import Engine
from treadle.errors import EngineError

_HINT = "is it there, and does the registry answer? One without TLS has to stand in the engine's insecure-registries " \
    "(/etc/docker/daemon.json), one with passwords needs docker login"


def registry_of(image: str) -> str:
    """The registry that an image's name says: its first part, where that has a dot or a port; '' for none."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else ""


def pull(engine: Engine, image: str) -> None:
    """Fetch an image from its registry. Raises EngineError with what the engine said."""
    _transfer(engine, f"pull {image}", lambda api: api.pull(image, stream=True, decode=True))


def push(engine: Engine, image: str, name: str) -> None:
    """Bring an image to the registry that ``name`` says, under that name. Raises EngineError with what the engine
    said."""
    repository, _, tag = name.rpartition(":")
    engine.call(f"tag {image}", lambda api: api.tag(image, repository, tag, force=True))
    _transfer(engine, f"push {name}", lambda api: api.push(name, stream=True, decode=True))


def _transfer(engine: Engine, what: str, do: Callable[[Any], Iterable[dict[str, Any]]]) -> None:
    """The engine says line by line how it goes, and last of all why it did not."""
    failed = engine.call(what, lambda api: [line["error"] for line in do(api) if "error" in line])
    if failed:
        raise EngineError(f"cannot {what}: {failed[-1]}", hint=_HINT)
