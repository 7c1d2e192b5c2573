"""Generated configuration in; what the services' own checkers have against it out. Nothing that runs is touched."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec

from treadle.engine import NO_IMAGE, STACK, TRANSIENT, Engine, canonical
from treadle.errors import EngineError
from treadle.events import Events
from treadle.files import read_document, write_private, writing
from treadle.generate import ConfigTree
from treadle.generate.container import Transient
from treadle.inside import TIMED_OUT, in_order
from treadle.instantiate import source_keys
from treadle.node.configuration import pieces
from treadle.node.validate.findings import Finding, Origins, Said, said_by
from treadle.node.validate.stage import Stage
from treadle.paths import NodePaths
from treadle.plan.checks import Check, Oslo
from treadle.plan.commands import argv_of
from treadle.plan.containers import Container
from treadle.plan.nodeplan import NodePlan
from treadle.plan.quantities import seconds
from treadle.secrets import Secrets

PROGRAM = Path(__file__).with_name("in_image.py")
_MARK = "treadle-findings: "
_WORKERS = 2
#: What Kolla may take to copy configuration, in seconds.
_COPYING = 60.0


def validate(plan: NodePlan, trees: Mapping[str, ConfigTree], engine: Engine, events: Events, scratch: Path, *,
             services: Collection[str] = ()) -> list[Finding]:
    """What is wrong with ``trees``: every finding of the checks that the node's containers declare, those of
    ``services`` (or containers) alone where some are given; secrets masked.

    ``scratch`` is a folder that only root reads: it remembers what was found to be in order, and that is not checked
    again. Raises EngineError where an image is missing or the engine refuses.
    """
    work = _Work(plan, trees, engine, events, Stage(plan, scratch / f"validate-{os.getpid()}"))
    memory = scratch / "validated.json"
    known = read_document(memory, dict[str, str]) or {}
    inputs = work.inputs(declaring(plan, services))
    todo = {name: digest for name, digest in inputs.items() if known.get(work.key(name)) != digest}
    events.emit("validate.plan", f"{len(todo)} of {len(inputs)} containers to validate", node=plan.node)
    found = work.run({name: container for name, container in declaring(plan).items() if name in todo})
    clean = {work.key(name): digest for name, digest in todo.items() if not found[name]}
    if clean:
        write_private(memory, msgspec.json.encode({**known, **clean}))
    return [finding for name in todo for finding in found[name]]


def declaring(plan: NodePlan, services: Collection[str] = ()) -> dict[str, Container]:
    """The containers that declare checks, by name and in the order of the steps; of ``services`` (or containers) alone
    where some are given."""
    return {name: c for _, step in sorted(plan.docker_config.items()) for name, c in step.items()
            if c.validate and (not services or name in services or _service(plan, name) in services)}


def _service(plan: NodePlan, container: str) -> str:
    return plan.owners.get(f"container {container}", container)


@dataclass(frozen=True)
class _Work:
    plan: NodePlan
    trees: Mapping[str, ConfigTree]
    engine: Engine
    events: Events
    stage: Stage

    def key(self, name: str) -> str:
        return f"{self.plan.node}/{name}"

    def inputs(self, wanted: Mapping[str, Container]) -> dict[str, str]:
        """``{container: digest of all that its checks depend on}``. What reads files of the node that are no
        configuration has another one each time."""
        ids = self.engine.image_ids(c.image for c in wanted.values())
        for name, container in wanted.items():
            if container.image not in ids:
                place = f"{self.plan.node}: {_service(self.plan, name)}.docker_config.{name}"
                raise EngineError(f"the engine has no image {container.image}", key=place, hint=NO_IMAGE)
        key = bytes.fromhex(self.plan.fingerprint_key)
        prints = {piece.key: piece.tree.fingerprint(key) for piece in pieces(self.stage.staged, self.trees)}
        return {name: self._digest(container, ids[container.image], prints, key) for name, container in wanted.items()}

    def _digest(self, container: Container, image: str, prints: Mapping[str, str], key: bytes) -> str:
        paths = NodePaths(self.plan.stack, self.stage.staged.root)
        sources = sorted({source for mount in self.stage.mounts(container)
                          for source in source_keys(f"{mount.source}:", paths, prints)})
        fresh = os.urandom(16).hex() if [*self.stage.foreign(container)] or container.env_file else ""
        parts = [image, msgspec.to_builtins(container), [[source, prints[source]] for source in sources],
                 PROGRAM.read_text(), fresh]
        return hashlib.blake2b(canonical(parts), key=key[:64], digest_size=20).hexdigest()

    def run(self, containers: Mapping[str, Container]) -> dict[str, list[Finding]]:
        """All of them, some at once; what they are given is gone afterwards."""
        if not containers:
            return {}
        folder = self.stage.folder
        shutil.rmtree(folder, ignore_errors=True)  # of a killed run with the same number
        try:
            with writing(folder):
                folder.mkdir(mode=0o700, parents=True)
            self.stage.lay_out(self.trees)
            with ThreadPoolExecutor(_WORKERS) as pool:
                return dict(zip(containers, pool.map(self._one, containers, containers.values()), strict=True))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _one(self, name: str, container: Container) -> list[Finding]:
        with self.events.span("validate.container", f"validate {name}", node=self.plan.node, subject=name):
            origins = Origins(self.plan, container, self.trees)
            mask = Secrets(self.plan.secrets).mask
            found = []
            for said in self._checked(name, container, bool(origins.kolla())):
                file, line = origins.place(said)
                found.append(Finding(self.plan.node, _service(self.plan, name), name, said.level, file, line,
                                     mask(said.section), mask(said.option), mask(said.message)))
            return sorted(dict.fromkeys(found), key=lambda finding: (finding.file, finding.line, finding.level))

    def _checked(self, name: str, container: Container, copies: bool) -> list[Said]:
        """What Kolla and the checks say, in a container that is gone afterwards."""
        given = {"Image": container.image, "Entrypoint": ["sleep", "infinity"], "Cmd": [], "Hostname": self.plan.node,
                 "Env": self.stage.environment(container),
                 "Labels": {STACK: self.plan.stack, TRANSIENT: "validate"}}
        if container.user:
            given["User"] = container.user
        called = f"treadle-validate-{self.plan.stack}-{self.plan.node}-{name}-{os.getpid()}"
        there = Transient(self.engine, self.events, called, given, self.stage.host(container), name).begin()
        try:
            if copies:
                code, output = self.engine.execute(there, ["kolla_set_configs"], user="root", limit=_COPYING)
                if code:
                    return [Said("error", f"Kolla cannot copy the configuration: {_errors(output)}")]
            return [said for check in container.validate for said in self._check(there, check)]
        finally:
            self.engine.remove(there)

    def _check(self, there: str, check: Check) -> Iterator[Said]:
        limit = seconds(check.within)
        argv = _program(check.oslo) if check.oslo else argv_of(check.command)
        code, output = self.engine.execute(there, argv, limit=limit)
        file = check.oslo.files[0] if check.oslo else check.file
        if code == TIMED_OUT:
            what = "oslo-config-validator" if check.oslo else " ".join(argv)
            yield Said("error", f"{what} did not end within {limit:g} s", file)
        elif check.oslo:
            yield from _oslo_said(code, output, file)
        else:
            yield from said_by(check, code, output)


def _program(oslo: Oslo) -> list[str]:
    given = {"files": oslo.files, "namespaces": oslo.namespaces, "groups": msgspec.to_builtins(oslo.groups)}
    return in_order(["python3", "-c", PROGRAM.read_text(), msgspec.json.encode(given).decode()])


def _oslo_said(code: int, output: str, file: str) -> list[Said]:
    """Its last line; a program that did not come to it has found an image that cannot be asked."""
    last = output.rstrip().rpartition("\n")[2]
    if code or not last.startswith(_MARK):
        return [Said("error", f"the image cannot check it: {last or f'exit status {code}'}", file)]
    return msgspec.json.decode(last.removeprefix(_MARK), type=list[Said])


def _errors(output: str) -> str:
    """What Kolla logged as an error, or the last line."""
    lines = [line.partition(" ERROR ")[2] for line in output.splitlines() if " ERROR " in line]
    return "; ".join(lines) or output.rstrip().rpartition("\n")[2]


__all__ = ["Finding", "declaring", "validate"]
