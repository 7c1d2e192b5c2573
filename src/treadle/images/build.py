"""Build the images that are missing or out of date."""

from __future__ import annotations

import fcntl
import functools
import importlib.metadata
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from treadle.errors import InputError, Source
from treadle.events import Events
from treadle.images import apt, catalogue, recipe, rootfs
from treadle.images.catalogue import Catalogue
from treadle.images.engine import Engine
from treadle.images.kolla import Kolla, build_lanes
from treadle.images.recipe import Built, Recipe, Record

STATE = Path("/var/lib/treadle/images")
LOGS = Path("/var/log/treadle/images")
SOURCES_LABEL = "treadle.sources"
_BLOCK = re.compile(r"{%-?\s*block\s+(\w+)")


@dataclass(frozen=True)
class ImageStatus:
    """One line of ``--list``. ``state``: built, missing, out of date, or "recipe may have changed". An
    ``extra`` image may well be missing."""

    name: str
    reference: str
    purpose: str
    state: str
    extra: bool = False


@dataclass(frozen=True)
class BuildResult:
    """``built`` were built now (in that order), ``current`` were not touched; names as kolla has them. ``images`` are
    all that can be built, as they are now."""

    built: tuple[str, ...]
    current: tuple[str, ...]
    seconds: float
    images: tuple[ImageStatus, ...]


def list_images(*, folder: Path | None = None, overrides: Sequence[Path] = (),
                state: Path = STATE) -> tuple[ImageStatus, ...]:
    """The images that can be built, parents first. Renders nothing: answers within a second."""
    project = catalogue.load(folder or catalogue.project_folder())
    engine = Engine()
    return _listed(project, Record.read(record_file(project, state, engine)), _checked(overrides, project),
                   functools.cache(engine.image_id))  # a parent is asked for by each child


def _listed(project: Catalogue, record: Record, overrides: tuple[Path, ...],
            image_id: Callable[[str], str]) -> tuple[ImageStatus, ...]:
    inputs = _inputs(project, overrides)

    def status(name: str) -> str:
        if not image_id(project.reference(name)):
            return "missing"
        if not record.intact(name, project.reference, image_id):
            return "out of date"
        return "built" if record.unchanged(name, inputs) else "recipe may have changed"

    return tuple(ImageStatus(i.name, project.reference(i.name), i.purpose, status(i.name), i.extra)
                 for i in project.images)


def build(names: Sequence[str] = (), *, events: Events, overrides: Sequence[Path] = (), rebuild: bool = False,
          folder: Path | None = None, state: Path = STATE, logs: Path = LOGS) -> BuildResult:
    """Build ``names`` (kolla's names; all of ``images.yaml`` but the extra ones when empty) and the parents that they
    need.

    ``overrides`` are the user's own kolla template overrides, after the project's. ``rebuild`` builds the
    named images (without names: all, parents too) even when they are current, without the engine's cache, so
    that newer packages come in.
    ``folder`` is the project's ``images/``. The record of what was built is kept under ``state``.

    Raises InputError (a name or an override file), EngineError (no engine), ImageError (kolla-build failed;
    images that were there before stay), RootfsError (debootstrap failed).
    """
    began = time.monotonic()
    project = catalogue.load(folder or catalogue.project_folder())
    wanted = project.wanted(names)
    files = _checked(overrides, project)
    engine = Engine()
    with _lock(state, events) as lock:
        work = _Work(project, engine, events, state, logs, files, lock)
        forced = (names or tuple(image.name for image in project.images)) if rebuild else ()
        image_id = functools.cache(engine.image_id)
        built = () if not forced and work.current(wanted, image_id) else work.build(wanted, forced)
        listed = _listed(project, Record.read(work.record_file), files,
                         functools.cache(engine.image_id) if built else image_id)
    current = tuple(name for name in wanted if name not in built)
    if not built:
        events.emit("images.current", f"{len(current)} images are up to date")
    return BuildResult(built, current, time.monotonic() - began, listed)


@dataclass(frozen=True)
class _Work:
    """One run: the project, the engine, and where the traces go."""

    project: Catalogue
    engine: Engine
    events: Events
    state: Path
    logs: Path
    overrides: tuple[Path, ...]
    lock: int

    @functools.cached_property
    def record_file(self) -> Path:
        return record_file(self.project, self.state, self.engine)

    def current(self, wanted: Sequence[str], image_id: Callable[[str], str]) -> bool:
        """The cheap question: is everything as the last build left it?"""
        record, inputs = Record.read(self.record_file), _inputs(self.project, self.overrides)
        return not self._base_is_old() and all(
            record.unchanged(name, inputs) and record.intact(name, self.project.reference, image_id)
            for name in wanted)

    def build(self, wanted: Sequence[str], forced: Sequence[str]) -> tuple[str, ...]:
        """Render, compare, build what differs; gives the names that were built, parents first."""
        kolla = Kolla(self.project.folder, self.project.namespace, self.project.tag, self.overrides,
                      apt.read_settings().environment(os.environ), self.logs, self.lock)
        with ThreadPoolExecutor() as pool:
            base = pool.submit(self._base)
            recipes = self._recipes(kolla, wanted)
            base.result()
        reference = self.project.reference
        record = Record.read(self.record_file)
        stale = recipe.out_of_date(recipes, record, reference, self.engine.image_id, forced)
        keeper = _Keeper(self, recipes, stale)
        if not stale:
            return ()
        for name in stale:
            self.engine.set_aside(reference(name))
        try:
            first, lanes = recipe.split(stale, recipes, reference)
            build_lanes(kolla, lanes, self.events, keeper.built, cache=not forced, first=first)
        finally:
            for name in stale:
                self.engine.settle(reference(name))
        return tuple(stale)

    def _recipes(self, kolla: Kolla, wanted: Sequence[str]) -> dict[str, Recipe]:
        with tempfile.TemporaryDirectory(prefix="treadle-images-") as work, \
                self.events.span("images.recipes", "recipes of the images"):
            kolla.render(wanted, Path(work))
            return recipe.rendered(Path(work), self.project.folder / "kolla-build.conf", _kolla_version())

    def _base_is_old(self) -> bool:
        """Ours, and made for other apt sources; an image from elsewhere is the user's own choice."""
        base = self.project.base
        label = self.engine.label(base, SOURCES_LABEL)
        if self.engine.image_id(base) and label is None:
            return False
        return label != rootfs.recipe(self.project.release).digest

    def _base(self) -> None:
        if not self._base_is_old():
            return
        with self.events.span("image.base", f"Debian {self.project.release} by debootstrap",
                              subject=self.project.base):
            digest = rootfs.recipe(self.project.release).digest
            tar = rootfs.make(self.project.release, self.state, self.logs / "debootstrap.log")
            self.engine.import_tar(tar, self.project.base, SOURCES_LABEL, digest)
            tar.unlink()


class _Keeper:
    """Writes down each image as it is built: a build that is killed goes on where it was."""

    def __init__(self, work: _Work, recipes: Mapping[str, Recipe], stale: Sequence[str]) -> None:
        """At once: images that are not stale are current under today's inputs."""
        self._work, self._recipes = work, recipes
        self._inputs = _inputs(work.project, work.overrides)
        self._lanes = threading.Lock()

        def current(name: str) -> bool:
            return name in recipes and name not in stale

        self._images = {name: replace(built, inputs=self._inputs) if current(name) else built
                        for name, built in Record.read(work.record_file).images.items()}
        Record(self._images).write(work.record_file)

    def built(self, name: str) -> None:
        """Called by either lane."""
        engine, made = self._work.engine, self._recipes[name]
        entry = Built(made.digest, made.parent, engine.image_id(made.parent),
                      engine.image_id(self._work.project.reference(name)), self._inputs)
        with self._lanes:
            self._images[name] = entry
            Record(self._images).write(self._work.record_file)


def _checked(overrides: Sequence[Path], project: Catalogue) -> tuple[Path, ...]:
    """Absolute paths of override files that Jinja can read and that do not repeat a block."""
    own = project.folder / "template-overrides.j2"
    taken = dict.fromkeys(_BLOCK.findall(own.read_text()), own)
    for file in (path.resolve() for path in overrides):
        import jinja2

        try:
            text = file.read_text()
            jinja2.Environment().parse(text)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", source=file) from error
        except jinja2.TemplateSyntaxError as error:
            raise InputError(f"not a Jinja template: {error.message}",
                             source=Source(str(file), error.lineno)) from error
        for block in _BLOCK.findall(text):
            if block in taken:
                raise InputError(f"block {block} is overridden in {taken[block]} already", source=file, key=block,
                                 hint="kolla joins all override files into one template, where a block can "
                                      "stand once; set a variable, or use another block of the same recipe")
            taken[block] = file
    return tuple(path.resolve() for path in overrides)


def record_file(project: Catalogue, state: Path, engine: Engine) -> Path:
    """Where the record of this engine's images is kept: another engine has other images."""
    return state / f"{project.namespace}-{project.tag}-{engine.identity}.json".replace("/", "-")


def _inputs(project: Catalogue, overrides: Sequence[Path]) -> str:
    return recipe.inputs_digest(project.folder, overrides, _kolla_version())


def _kolla_version() -> str:
    return importlib.metadata.version("kolla")


@contextmanager
def _lock(state: Path, events: Events) -> Iterator[int]:
    """One build at a time on a machine; yields the file descriptor that holds the lock."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "build.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            events.emit("images.wait", "another build of images is running: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()
