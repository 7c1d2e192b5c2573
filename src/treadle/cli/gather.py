"""From what the user typed to node plans: templates, environments, nodes, passwords."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from treadle.errors import InputError
from treadle.plan import NodePlan, Overcloud, build, parse_nodes
from treadle.plan.nodes import Node, membership
from treadle.rollout.state import FINGERPRINT_KEY, StackState
from treadle.store import effective


@dataclass(frozen=True)
class Gathered:
    """Node plans, and what they were made from (for the generation's record)."""

    plans: list[NodePlan]
    inputs: dict[str, Any]
    outputs: Mapping[str, Any]
    hidden: Mapping[str, Any]
    nodes: list[Node]
    passwords: Mapping[str, Any]


def templates_of_this_project() -> Path | None:
    """The templates beside this package's source, or None where only the package was installed."""
    root = Path(__file__).resolve().parents[3]
    return root if (root / "overcloud.j2.yaml").exists() else None


def templates_folder(given: str | None) -> Path:
    """The folder of ``--templates``. Raises InputError where there is none."""
    folder = Path(given).absolute() if given else templates_of_this_project()
    if folder is None:
        raise InputError("no templates were given", key="--templates",
                         hint="name the folder that holds overcloud.j2.yaml: --templates DIR")
    if not ((folder / "overcloud.j2.yaml").exists() or (folder / "overcloud.yaml").exists()):
        raise InputError(f"{folder} holds no overcloud.j2.yaml", key="--templates")
    return folder


def gather(args: argparse.Namespace, state: StackState) -> Gathered:
    """Evaluate the overcloud and plan every node. Stores nothing, new passwords neither."""
    from treadle.heat import evaluate_overcloud
    from treadle.heat.roles import render

    folder = templates_folder(args.templates)
    roles_file = Path(args.roles_file).absolute() if args.roles_file else folder / "roles_data.yaml"
    networks = Path(args.networks_file).absolute() if args.networks_file else None
    rendered = render(folder, roles_file, networks)
    passwords = state.passwords(_generated(folder, rendered))
    environments = [Path(path).absolute() for path in args.environments]
    result = evaluate_overcloud(folder, roles_file, environments, networks_file=networks,
                                base_parameter_defaults={k: v for k, v in passwords.items() if k != FINGERPRINT_KEY})
    for warning in result.files.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    nodes = _nodes(args, state, [role["name"] for role in result.roles])
    modules = {str(path.relative_to(folder / "puppet/modules")): path.read_text()
               for path in sorted((folder / "puppet/modules").rglob("*")) if path.is_file()}
    known = state.settings.settings()
    settings = {node.name: {key: setting.value for key, setting in effective(known, membership(node)).items()}
                for node in nodes}
    plans = build(Overcloud(state.stack, result.outputs, result.hidden, nodes, modules, passwords[FINGERPRINT_KEY],
                            settings=settings))
    inputs = {"templates": _digest(folder), "environments": [path.read_text() for path in environments],
              "roles": roles_file.read_text(), "nodes": [vars_of(node) for node in nodes], "settings": settings}
    return Gathered(plans, inputs, result.outputs, result.hidden, nodes, passwords)


def _generated(folder: Path, rendered: Mapping[str, str]) -> list[str]:
    """The overcloud's hidden parameters without a default: the secrets that nobody has to think of."""
    path = folder / "overcloud.yaml"
    text = rendered.get(str(path)) or path.read_text()
    parameters: Mapping[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)).get(
        "parameters") or {}
    return [name for name, schema in parameters.items()
            if isinstance(schema, Mapping) and schema.get("hidden") and "default" not in schema]


def _nodes(args: argparse.Namespace, state: StackState, roles: list[str]) -> list[Node]:
    """The nodes file, or the nodes of the last deploy."""
    if args.nodes:
        path = Path(args.nodes)
        try:
            document = yaml.safe_load(path.read_text())
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", source=path, key="--nodes") from None
        except yaml.YAMLError as error:
            raise InputError(f"is no YAML: {error}", source=path) from None
        return parse_nodes(document, file=str(path), roles=roles)
    known = state.recall("nodes")
    if known is None:
        raise InputError("this stack has no nodes yet", key="--nodes",
                         hint="nodes:\n  - {name: standalone, role: Standalone, address: 127.0.24.1}")
    return parse_nodes({"nodes": known}, file=f"{state.path}/nodes.json", roles=roles)


def vars_of(node: Node) -> dict[str, Any]:
    import msgspec

    document: dict[str, Any] = msgspec.to_builtins(node)
    return document


def _digest(folder: Path) -> str:
    """Digest of all templates and profiles below ``folder``."""
    digest = hashlib.blake2b(digest_size=20)
    for top in ("overcloud.j2.yaml", "overcloud.yaml", "overcloud-resource-registry.yaml", "network", "common",
                "docker", "puppet", "extraconfig"):
        base = folder / top
        for path in [base] if base.is_file() else sorted(base.rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()
