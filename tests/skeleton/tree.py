"""A copy of the project's tree of templates, into which a service can be written."""

from __future__ import annotations

import shutil
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PARTS = ("docker", "puppet", "update_tasks", "environments", "images", "network", "roles", "roles_data.yaml",
         "network_data.yaml", "overcloud-resource-registry.yaml", "overcloud.j2.yaml", "tests/__init__.py",
         "tests/services")


def copy_tree(folder: Path) -> Path:
    """Copy it into ``folder``, which is made; gives ``folder``."""
    for part in PARTS:
        source, target = PROJECT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return folder
