"""A node plan's puppet configs in; a ``ConfigTree`` for each config volume out. Nothing that runs is touched."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from treadle.errors import GenerateError

if TYPE_CHECKING:
    from treadle.generate.cache import Cache, to_tar
    from treadle.generate.job import Job, PuppetEtc, from_layers
    from treadle.generate.options import MutableOptions
    from treadle.generate.runner import Result, Workshop, require_success
    from treadle.generate.tree import ConfigTree, File, from_directory

__all__ = ["Cache", "ConfigTree", "File", "Job", "MutableOptions", "PuppetEtc", "Result", "Workshop", "from_directory",
           "from_layers", "generate", "require_success", "to_tar"]
_HOMES = {"Cache": "cache", "to_tar": "cache", "Job": "job", "PuppetEtc": "job", "from_layers": "job",
          "MutableOptions": "options", "Result": "runner", "Workshop": "runner", "require_success": "runner",
          "ConfigTree": "tree", "File": "tree", "from_directory": "tree"}


def __getattr__(name: str) -> Any:
    """What is in __all__, imported when it is asked for: every command needs trees, few need what makes them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def generate(shop: Workshop, jobs: Sequence[Job], etc: PuppetEtc, modules: str, cache: Cache | None,
             owner: Callable[[str], str] = lambda volume: volume) -> dict[str, ConfigTree]:
    """The config tree of each job's volume; volumes with unchanged input come from ``cache``.

    ``modules`` is the digest of the Puppet modules. Raises GenerateError, and then nothing was stored for the
    volumes that failed.
    """
    from treadle.generate.runner import require_success

    ids = shop.engine.image_ids(job.config.image for job in jobs)
    missing = sorted({job.config.image for job in jobs} - set(ids))
    if missing:
        raise GenerateError(f"the engine has no image {', '.join(missing)}",
                            hint="build it: openstack overcloud image build, with the deploy's -e files")
    fixed = {job.config.volume: job.fixed_inputs(ids[job.config.image], modules, shop.hostname) for job in jobs}
    trees: dict[str, ConfigTree] = {}
    for volume, inputs in fixed.items():
        found = cache.find(volume, inputs, etc) if cache else None
        if found is not None:
            trees[volume] = found
    shop.events.emit("generate.plan", f"{len(jobs) - len(trees)} of {len(jobs)} config volumes to generate",
                     node=shop.hostname, unchanged=sorted(trees))
    results = shop.run([job for job in jobs if job.config.volume not in trees], etc)
    for result in results:
        if result.ok and result.tree is not None:
            volume = result.job.config.volume
            trees[volume] = result.tree
            if cache:
                cache.store(volume, fixed[volume], etc, result.asked, result.tree)
    require_success(results, owner)
    return trees
