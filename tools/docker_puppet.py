#!/usr/bin/env python3
"""docker-puppet by itself: generates config volumes from a docker-puppet.json file.

Input, environment variables and results are those of tripleo-heat-templates' docker/docker-puppet.py, without its
defects: a failed run leaves every volume as it was, unchanged input is not run again, two images for one volume
are an error. Hiera data and modules are the machine's own (/etc/puppet).
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "src"))

from treadle.engine import Engine  # noqa: E402
from treadle.errors import InputError, TreadleError  # noqa: E402
from treadle.events import Event, Events  # noqa: E402
from treadle.files import read_document, write_atomic, write_private  # noqa: E402
from treadle.generate import (  # noqa: E402
    Cache,
    ConfigTree,
    Job,
    PuppetEtc,
    Workshop,
    from_directory,
    generate,
    require_success,
)
from treadle.generate.job import GENERATE_STEP, modules_digest  # noqa: E402
from treadle.plan.nodeplan import PuppetConfig  # noqa: E402
from treadle.plan.puppetconfig import merge_same_volume, parse_entry  # noqa: E402
from treadle.propagate import propagate  # noqa: E402

TRUE = ("1", "true", "yes", "on")


def options(environment: Mapping[str, str], argv: list[str] | None = None) -> argparse.Namespace:
    """Command-line options; each one's default comes from the environment variable that docker-puppet reads."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n\n")[0])
    get = environment.get

    def number(name: str, default: int, least: int) -> int:
        return _number(name, get(name) or str(default), least)

    parser.add_argument("--config", default=get("CONFIG", "/var/lib/docker-puppet/docker-puppet.json"), metavar="FILE",
                        help="list of entries [CONFIG] (default: %(default)s)")
    parser.add_argument("--config-volume", default=get("CONFIG_VOLUME", ""), metavar="NAME",
                        help="only this volume [CONFIG_VOLUME]")
    parser.add_argument("--prefix", default=get("CONFIG_VOLUME_PREFIX", "/var/lib/config-data"), metavar="DIR",
                        help="where volumes go: DIR/puppet-generated/NAME [CONFIG_VOLUME_PREFIX]")
    parser.add_argument("--processes", type=int, default=number("PROCESS_COUNT", os.cpu_count() or 1, 1), metavar="N",
                        help="Puppets at a time [PROCESS_COUNT]")
    parser.add_argument("--step", type=int, default=number("STEP", GENERATE_STEP, 0), help="hiera's step [STEP]")
    parser.add_argument("--net-host", action="store_true", default=_true(get("NET_HOST")),
                        help="run on the machine's network [NET_HOST]")
    parser.add_argument("--no-archive", action="store_true", default=_true(get("NO_ARCHIVE")),
                        help="run Puppet for what it does, keep no files [NO_ARCHIVE]")
    parser.add_argument("--timeout", type=int, default=number("TIMEOUT", 600, 1), metavar="SECONDS",
                        help="end a container that takes longer [TIMEOUT] (default: %(default)s)")
    parser.add_argument("--retries", type=int, default=number("RETRIES", 1, 0), metavar="N",
                        help="run a container that was cut off again, so many times [RETRIES] (default: %(default)s)")
    parser.add_argument("--no-warm", dest="warm", action="store_false", default=not _true(get("NO_WARM")),
                        help="start Puppet anew in each container [NO_WARM]")
    parser.add_argument("--debug", action="store_true", default=_true(get("DEBUG")),
                        help="show Puppet's output as it comes [DEBUG]")
    parser.add_argument("--puppet-etc", default="/etc/puppet", metavar="DIR",
                        help="hiera.yaml and hieradata (default: %(default)s)")
    parser.add_argument("--modules", default=str(PROJECT / "puppet/modules"), metavar="DIR",
                        help="modules before the machine's own (default: Treadle's)")
    args = parser.parse_args(argv)
    for option, least in (("processes", 1), ("timeout", 1), ("retries", 0)):
        _number(f"--{option}", str(getattr(args, option)), least)
    return args


def _number(name: str, text: str, least: int) -> int:
    try:
        value = int(text)
    except ValueError:
        raise InputError(f"expected a number, got {text!r}", key=name) from None
    if value < least:
        raise InputError(f"expected {least} or more, got {value}", key=name)
    return value


def _true(value: str | None) -> bool:
    return (value or "").lower() in TRUE


def entries(path: Path, only: str) -> list[PuppetConfig]:
    """The file's entries, those of one volume merged; ``only`` names the single volume wanted."""
    try:
        document = json.loads(path.read_text())
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", source=path, key="--config") from None
    except json.JSONDecodeError as error:
        raise InputError(f"is no JSON: {error}", source=path) from None
    if not isinstance(document, list):
        raise InputError("expected a list of entries", source=path)
    configs = merge_same_volume(parse_entry(entry, f"{path}[{number}]") for number, entry in enumerate(document))
    chosen = [config for config in configs if only in ("", config.volume)]
    if only and not chosen:
        raise InputError(f"no entry makes the volume {only}", source=path, key="--config-volume",
                         hint=f"volumes there: {', '.join(config.volume for config in configs)}")
    return chosen


def machine_hiera(folder: Path) -> PuppetEtc:
    """hiera.yaml and all hiera data below ``folder``, as the containers are to have them."""
    files = [folder / "hiera.yaml", *sorted((folder / "hieradata").rglob("*"))]
    return PuppetEtc({str(path.relative_to(folder)): path.read_text() for path in files if path.is_file()})


def tell(debug: bool) -> Events:
    """Plain lines on standard error; with ``debug`` every event, Puppet's output among them."""
    shown = ("generate.plan", "generate.plain", "generate.retry", "generate.volume.end", "generate.volume.fail")

    def say(event: Event) -> None:
        if debug or event.kind in shown:
            seconds = event.data.get("seconds")
            what = event.subject if event.kind == "generate.output" else event.kind
            print(f"{what}: {event.text}" + (f" ({seconds:.1f} s)" if seconds else ""), file=sys.stderr, flush=True)

    return Events(say)


def run(args: argparse.Namespace) -> None:
    """Generate, then write each volume and its fingerprint file. Raises TreadleError; then nothing was written."""
    network = "host" if args.net_host else "none"
    jobs = [Job(config, args.step, network, archive=not args.no_archive)  # type: ignore[arg-type]
            for config in entries(Path(args.config), args.config_volume)]
    prefix, modules, etc = Path(args.prefix), Path(args.modules), machine_hiera(Path(args.puppet_etc))
    shop = Workshop(Engine(), tell(args.debug), prefix / ".jobs", modules, "docker-puppet", socket.gethostname(),
                    workers=args.processes, time_limit=args.timeout, retries=args.retries, warm=args.warm)
    if args.no_archive:
        require_success(shop.run(jobs, etc))
        return
    trees = generate(shop, jobs, etc, modules_digest([modules]), Cache(prefix / ".cache"))
    made = Made(prefix)
    made.add(trees)
    for volume, tree in trees.items():
        target = made.folder / volume
        changed = propagate(tree, target)
        fingerprint = from_directory(target).fingerprint()
        write_atomic(target.with_name(f"{volume}.md5sum"), f"{fingerprint}\n")
        print(f"{volume} {fingerprint} {f'{len(changed)} files changed' if changed else 'unchanged'}")
    if not args.config_volume:
        for volume in made.forget_others(trees):
            print(f"{volume} removed: no entry makes it any more")


@dataclass(frozen=True)
class Made:
    """The volumes that this tool made below ``prefix``, by its own record: no other is ever removed."""

    prefix: Path

    @property
    def folder(self) -> Path:
        return self.prefix / "puppet-generated"

    def add(self, volumes: Iterable[str]) -> None:
        """Recorded before they are written, so that a kill leaves none that nobody knows."""
        self._write(self._known() | set(volumes))

    def forget_others(self, volumes: Collection[str]) -> list[str]:
        """Remove what no entry wants any more; gives their names."""
        gone = sorted(self._known() - set(volumes))
        for volume in gone:
            propagate(ConfigTree(), self.folder / volume)
            if (self.folder / volume).is_dir():
                (self.folder / volume).rmdir()
            (self.folder / f"{volume}.md5sum").unlink(missing_ok=True)
        self._write(set(volumes))
        Cache(self.prefix / ".cache").forget_others(dict.fromkeys(volumes))
        return gone

    def _known(self) -> set[str]:
        return set(read_document(self.prefix / ".volumes.json", list[str]) or ())

    def _write(self, volumes: Iterable[str]) -> None:
        write_private(self.prefix / ".volumes.json", json.dumps(sorted(volumes)))


def main() -> int:
    """Exit status 0, or 1 with the reason on standard error."""
    try:
        run(options(os.environ))
    except TreadleError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
