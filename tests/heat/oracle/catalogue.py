"""What each version of Heat's template language has."""

from __future__ import annotations

from typing import Any

from heat.engine import template
from heat.engine.hot import functions
from heat.engine.hot import parameters as hot_parameters

PREFIX = "heat_template_version."


def versions() -> dict[str, Any]:
    """By heat_template_version: what may stand where in a template of it."""
    manager = template._get_template_extension_manager()
    return {extension.name.removeprefix(PREFIX): _version(extension.plugin) for extension in manager
            if extension.name.startswith(PREFIX)}


def _version(kind: Any) -> dict[str, list[str]]:
    removed = sorted(name for name, call in kind.functions.items() if call is functions.Removed)
    return {
        "functions": sorted(set(kind.functions) - set(removed)),
        "removed": removed,
        "conditions": sorted(name for name, call in kind.condition_functions.items()
                             if call is not functions.Removed),
        "sections": sorted(kind.SECTIONS),
        "resource_keys": sorted(kind._RESOURCE_KEYS),
        "output_keys": sorted(kind.OUTPUT_KEYS),
        "parameter_keys": sorted(kind.param_schema_class.KEYS),
        "deletion_policies": sorted(kind.deletion_policies),
        "parameter_types": sorted(hot_parameters.HOTParamSchema.TYPES),
    }
