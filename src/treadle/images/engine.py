"""The few questions that building asks the container engine."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from treadle.errors import EngineError

OLD = "-previous"


class Engine:
    """Images of the engine at ``url``, else the one that the environment names (``DOCKER_HOST``), else of the default
    socket."""

    def __init__(self, url: str | None = None) -> None:
        """EngineError when no engine answers."""
        import docker

        try:
            client = docker.DockerClient(base_url=url, timeout=300) if url else docker.from_env(timeout=300)
            self._api: Any = client.api
            self._api.ping()
        except Exception as error:  # requests, urllib3, socket and docker each have their own
            raise EngineError(f"no container engine answers: {error}",
                              hint="start it, or run bin/standalone") from error

    @property
    def identity(self) -> str:
        """What tells this engine from others. Its id alone does not: two on one machine share a key, and so the id."""
        info = self._api.info()
        return hashlib.sha256(f"{info['ID']} {info['DockerRootDir']}".encode()).hexdigest()[:16]

    def _inspect(self, reference: str) -> dict[str, Any]:
        from docker.errors import ImageNotFound

        try:
            found: dict[str, Any] = self._api.inspect_image(reference)
        except ImageNotFound:
            return {}
        return found

    def image_id(self, reference: str) -> str:
        """Id of an image, or the empty string."""
        return str(self._inspect(reference).get("Id", ""))

    def label(self, reference: str, name: str) -> str | None:
        """A label of an image; None when it, or the image, is not there."""
        labels = (self._inspect(reference).get("Config") or {}).get("Labels") or {}
        return labels.get(name)

    def import_tar(self, tar: Path, reference: str, label: str, value: str) -> None:
        """Make an image of one layer out of a root file system."""
        name, _, tag = reference.rpartition(":")
        answer = self._api.import_image(src=str(tar), repository=name, tag=tag,
                                        changes=['CMD ["/bin/bash"]', f"LABEL {label}={value}"])
        if not self.image_id(reference):
            raise EngineError(f"the engine refused {tar.name}: {answer!r:.300}")

    def set_aside(self, reference: str) -> None:
        """Give an image another tag, so that kolla-build sees none and yet nothing is lost."""
        if self.image_id(reference):
            self._drop(reference + OLD)
            name, _, tag = reference.rpartition(":")
            self._api.tag(reference, name, tag + OLD, force=True)
            self._api.remove_image(reference, noprune=True)

    def settle(self, reference: str) -> None:
        """Undo ``set_aside`` where no new image came, and drop the old tag."""
        name, _, tag = reference.rpartition(":")
        if self.image_id(reference + OLD):
            if not self.image_id(reference):
                self._api.tag(reference + OLD, name, tag, force=True)
            self._drop(reference + OLD)

    def _drop(self, old: str) -> None:
        """Remove an old image, or leave it to the next build while a container (even a stopped one) needs it."""
        others = len(self._inspect(old).get("RepoTags") or ()) > 1
        if self.image_id(old) and (others or not self._api.containers(all=True, filters={"ancestor": old})):
            self._api.remove_image(old)
