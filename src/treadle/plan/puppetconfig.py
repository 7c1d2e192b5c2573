"""Entries of ``puppet_config``, ``docker_puppet_tasks`` and of a docker-puppet.json file.

Source: tripleo-heat-templates 8.4.1, docker/docker-puppet.py: an entry is a map, or a list
``[config_volume, puppet_tags, manifest, config_image, (volumes)]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from treadle.errors import PlanError, nearest
from treadle.plan.nodeplan import PuppetConfig

KEYS = ("config_volume", "puppet_tags", "step_config", "config_image", "volumes")


def parse_entry(entry: Any, where: str) -> PuppetConfig:
    """One entry in map or list form. Raises PlanError naming ``where`` and the key."""
    if isinstance(entry, list | tuple):
        if not 4 <= len(entry) <= 5:
            raise PlanError("expected [config_volume, puppet_tags, manifest, config_image, (volumes)]", key=where)
        entry = dict(zip(KEYS, entry, strict=False))
    if not isinstance(entry, Mapping):
        raise PlanError(f"expected a map or a list, got {type(entry).__name__}", key=where)
    for key in entry:
        if key not in KEYS:
            raise PlanError(f"no key is called {key}{nearest(key, KEYS)}", key=f"{where}.{key}")
    volume = entry.get("config_volume")
    if not isinstance(volume, str) or not volume or "/" in volume:
        raise PlanError(f"expected the name of a config volume, got {volume!r}", key=f"{where}.config_volume")
    where = f"{where}[{volume}]"
    mounts = entry.get("volumes") or []
    if not isinstance(mounts, list | tuple):
        raise PlanError(f"expected a list of mounts, got {mounts!r}", key=f"{where}.volumes")
    image = entry.get("config_image") or ""
    if not isinstance(image, str):
        raise PlanError(f"expected an image's name, got {image!r}", key=f"{where}.config_image")
    return PuppetConfig(volume, _text(entry.get("step_config"), f"{where}.step_config"), image,
                        _tags(entry.get("puppet_tags"), f"{where}.puppet_tags"),
                        tuple(str(v) for v in mounts if v))


def _text(value: Any, where: str) -> str:
    """A manifest: text, or a list of texts as templates that merge several profiles give it."""
    if isinstance(value, list):
        return "\n".join(_text(item, where) for item in value)
    if not isinstance(value, str | None):
        raise PlanError(f"expected a Puppet manifest, got {type(value).__name__}", key=where)
    return value or ""


def _tags(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, str | None):
        raise PlanError(f"expected tags separated by commas, got {value!r}", key=where)
    return tuple(tag.strip() for tag in (value or "").split(",") if tag.strip())


def merge_same_volume(entries: Iterable[PuppetConfig]) -> list[PuppetConfig]:
    """Entries of one config volume become one: tags, manifests and volumes joined. Two images are an error.

    Entries without manifest or image make nothing and are left out, as docker-puppet does.
    """
    merged: dict[str, PuppetConfig] = {}
    manifests: dict[str, list[str]] = {}
    for entry in entries:
        if not entry.manifest or not entry.image:
            continue
        texts = manifests.setdefault(entry.volume, [])
        if entry.manifest.strip() not in texts:
            texts.append(entry.manifest.strip())
        old = merged.get(entry.volume)
        if old is None:
            merged[entry.volume] = entry
            continue
        if old.image != entry.image:
            raise PlanError(f"the volume {entry.volume} is asked of two images, {old.image} and {entry.image}",
                            key=f"puppet_config[{entry.volume}].config_image",
                            hint="give both services the same DockerXConfigImage")
        merged[entry.volume] = PuppetConfig(
            entry.volume, "\n\n".join(texts), old.image, tuple(dict.fromkeys((*old.tags, *entry.tags))),
            tuple(dict.fromkeys((*old.volumes, *entry.volumes))))
    return list(merged.values())
