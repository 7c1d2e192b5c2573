"""From what the user typed to node plans: templates, environments, nodes, passwords."""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from treadle.cli.certified import require_certificates
from treadle.cli.heat import Evaluate
from treadle.cli.inputs import read_inputs
from treadle.cli.nodes import narrowing
from treadle.cli.nodesfile import read_nodes
from treadle.errors import InputError, Source
from treadle.plan import NodePlan, Overcloud, build, parse_nodes
from treadle.plan.nodes import Node, membership, require_counts
from treadle.rollout.limit import members_of, narrowed
from treadle.rollout.state import FINGERPRINT_KEY, StackState
from treadle.store import effective

if TYPE_CHECKING:
    from treadle.cli.inputs import Inputs
    from treadle.heat import Files
    from treadle.rollout.fleet import Change
    from treadle.rollout.random_strings import RandomStrings


@dataclass(frozen=True)
class Gathered:
    """Node plans, and what they were made from (for the generation's record): ``inputs`` by content, ``sources`` by
    the names of the files."""

    plans: list[NodePlan]
    inputs: dict[str, Any]
    sources: dict[str, Any]
    outputs: Mapping[str, Any]
    hidden: Mapping[str, Any]
    nodes: list[Node]
    roles: list[dict[str, Any]]
    passwords: Mapping[str, Any]
    random: RandomStrings
    skipped: frozenset[str] = frozenset()


def gather(args: argparse.Namespace, state: StackState, evaluate: Evaluate) -> Gathered:
    """Evaluate the overcloud and plan every node. Stores nothing, new passwords and random strings neither, unless
    ``evaluate`` has a Heat service change its stack: what the stack was made with is kept before."""
    from treadle.heat import Files
    from treadle.heat.roles import render_tree

    files = Files()
    given = read_inputs(args, files)
    folder = given.templates
    rendered = render_tree(folder, given.roles_file, given.networks_file, files).texts
    passwords = state.passwords(generated_names(folder, rendered), getattr(args, "rotated", ()))
    random = state.random_strings()
    result = evaluate(folder, given.roles_file, given.environments, networks_file=given.networks_file,
                      base_parameter_defaults={k: v for k, v in passwords.items() if k != FINGERPRINT_KEY},
                      random=random, files=files, keep=lambda: state.save_passwords(passwords))
    hidden = {**result.hidden, **({"RandomString": random.secrets} if random.used else {})}
    for warning in result.files.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    nodes = _nodes(args, state, [role["name"] for role in result.roles])
    require_certificates(result.outputs, hidden, nodes, given, result.files)
    _require_every_role(args, nodes, result.outputs.get("RoleCount"))
    modules = {str(path.relative_to(folder / "puppet/modules")): path.read_text()
               for path in sorted((folder / "puppet/modules").rglob("*")) if path.is_file()}
    known = state.settings.settings()
    settings = {node.name: {key: setting.value for key, setting in effective(known, membership(node)).items()}
                for node in nodes}
    skipped = _skipped(args, nodes)
    plans = build(Overcloud(state.stack, result.outputs, hidden, nodes, modules, passwords[FINGERPRINT_KEY],
                            settings=settings, skipped=skipped, task_files=_task_files(folder, files)))
    inputs = {**texts_of(given, result.files), "nodes": [_without_reach(node) for node in nodes], "settings": settings}
    return Gathered(plans, inputs, sources(args), result.outputs, hidden, nodes, result.roles, passwords, random,
                    skipped)


_FILES = ("templates", "answers_file", "plan_environment_file", "roles_file", "networks_file")
_LISTS = ("environments", "environment_directories")


def sources(args: argparse.Namespace) -> dict[str, Any]:
    """Which files were given, by the options' names, as absolute paths: what ``read_inputs`` reads again."""
    def place(path: str) -> str:
        return str(Path(path).absolute())

    return {**{name: place(given) for name in _FILES if (given := getattr(args, name, None))},
            **{name: [place(path) for path in given] for name in _LISTS if (given := getattr(args, name, None))}}


def again(given: Mapping[str, Any]) -> argparse.Namespace:
    """The inverse of ``sources``."""
    return argparse.Namespace(**{**dict.fromkeys(_FILES), **{name: [] for name in _LISTS}, **given})


def as_before(args: argparse.Namespace, state: StackState) -> None:
    """Fill in the files of the last deploy, for those that were not given."""
    head = state.generations().newest()
    known = (state.recall("sources") or {}).get(head.tree) if head else None
    if known is None:
        raise InputError("the last generation was not made here, so it is not known from which files",
                         key="-e", hint="give templates and environments as in a deploy")
    for name, value in vars(again(known)).items():
        if not getattr(args, name):
            setattr(args, name, value)


def texts_of(given: Inputs, files: Files) -> dict[str, Any]:
    """What the files of an evaluation say, as a generation records it."""
    return {"templates": _digest(given.templates), "environments": given.texts(files),
            "roles": given.roles_file.read_text()}


def generated_names(folder: Path, rendered: Mapping[str, str]) -> list[str]:
    """The overcloud's hidden parameters without a default: the secrets that nobody has to think of."""
    path = folder / "overcloud.yaml"
    text = rendered.get(str(path)) or path.read_text()
    parameters: Mapping[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)).get(
        "parameters") or {}
    return [name for name, schema in parameters.items()
            if isinstance(schema, Mapping) and schema.get("hidden") and "default" not in schema]


def known_nodes(args: argparse.Namespace, state: StackState, roles: list[str]) -> list[Node]:
    """As for a deploy; none where neither a file nor a last deploy names any."""
    return _nodes(args, state, roles) if args.nodes or state.recall("nodes") else []


def _skipped(args: argparse.Namespace, nodes: list[Node]) -> frozenset[str]:
    """The nodes that ``--limit``, ``--roles`` and ``--skip`` leave out. Raises InputError where none is left."""
    left = narrowed(members_of(nodes), **narrowing(args))
    return frozenset(node.name for node in nodes) - frozenset(left)


def _task_files(folder: Path, files: Files) -> dict[str, Any]:
    """The task files that services share (update_tasks/ and the like), by their paths below the templates."""
    return {str(path.relative_to(folder)): files.data(str(path)) for path in sorted(folder.glob("*_tasks/*.yaml"))}


def _without_reach(node: Node) -> dict[str, Any]:
    """A node as a generation records it: how it is reached is no part of what it is to have."""
    return {key: value for key, value in vars_of(node).items() if key not in ("connection", "ssh", "become", "python")}


def _nodes(args: argparse.Namespace, state: StackState, roles: list[str]) -> list[Node]:
    """The nodes file, or the nodes of the last deploy; after the command's own change of them, where it is about one.
    """
    if args.nodes:
        return read_nodes(str(args.nodes), roles)
    known = state.recall("nodes")
    if known is None:
        raise InputError("this stack has no nodes yet", key="--nodes",
                         hint="nodes:\n  - {name: standalone, role: Standalone, address: 127.0.24.1}")
    nodes = parse_nodes({"nodes": known}, file=f"{state.path}/nodes.json", roles=roles)
    change: Change | None = getattr(args, "change_nodes", None)
    return change(nodes, roles) if change else nodes


def _require_every_role(args: argparse.Namespace, nodes: list[Node], counts: Any) -> None:
    """TripleO's own overcloud has no such output: then the nodes file alone counts."""
    if (args.nodes or getattr(args, "change_nodes", None)) and isinstance(counts, Mapping):
        try:
            require_counts(nodes, counts)
        except InputError as error:
            error.source = Source(str(args.nodes)) if args.nodes else None
            raise


def vars_of(node: Node) -> dict[str, Any]:
    import msgspec

    document: dict[str, Any] = msgspec.to_builtins(node)
    return document


def _digest(folder: Path) -> str:
    """Digest of all templates and profiles below ``folder``."""
    digest = hashlib.blake2b(digest_size=20)
    for top in ("overcloud.j2.yaml", "overcloud.yaml", "overcloud-resource-registry.yaml", "network", "common",
                "docker", "puppet", "extraconfig", "update_tasks", "upgrade_tasks"):
        base = folder / top
        for path in [base] if base.is_file() else sorted(base.rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()
