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
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT / "src"))

from treadle.engine import Engine  # noqa: E402
from treadle.errors import InputError, TreadleError  # noqa: E402
from treadle.events import Event, Events  # noqa: E402
from treadle.files import write_atomic  # noqa: E402
from treadle.generate import Cache, Job, PuppetEtc, Workshop, from_directory, generate, require_success  # noqa: E402
from treadle.generate.job import GENERATE_STEP, modules_digest  # noqa: E402
from treadle.plan.nodeplan import PuppetConfig  # noqa: E402
from treadle.plan.puppetconfig import merge_same_volume, parse_entry  # noqa: E402
from treadle.propagate import propagate  # noqa: E402

TRUE = ("1", "true", "yes", "on")


def options(environment: Mapping[str, str], argv: list[str] | None = None) -> argparse.Namespace:
    """Command-line options; each one's default comes from the environment variable that docker-puppet reads."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n\n")[0])
    get = environment.get
    parser.add_argument("--config", default=get("CONFIG", "/var/lib/docker-puppet/docker-puppet.json"), metavar="FILE",
                        help="list of entries [CONFIG] (default: %(default)s)")
    parser.add_argument("--config-volume", default=get("CONFIG_VOLUME", ""), metavar="NAME",
                        help="only this volume [CONFIG_VOLUME]")
    parser.add_argument("--prefix", default=get("CONFIG_VOLUME_PREFIX", "/var/lib/config-data"), metavar="DIR",
                        help="where volumes go: DIR/puppet-generated/NAME [CONFIG_VOLUME_PREFIX]")
    parser.add_argument("--processes", type=int, default=int(get("PROCESS_COUNT") or os.cpu_count() or 1), metavar="N",
                        help="containers at a time [PROCESS_COUNT]")
    parser.add_argument("--step", type=int, default=int(get("STEP") or GENERATE_STEP), help="hiera's step [STEP]")
    parser.add_argument("--net-host", action="store_true", default=_true(get("NET_HOST")),
                        help="run on the machine's network [NET_HOST]")
    parser.add_argument("--no-archive", action="store_true", default=_true(get("NO_ARCHIVE")),
                        help="run Puppet for what it does, keep no files [NO_ARCHIVE]")
    parser.add_argument("--debug", action="store_true", default=_true(get("DEBUG")), help="say more [DEBUG]")
    parser.add_argument("--puppet-etc", default="/etc/puppet", metavar="DIR",
                        help="hiera.yaml and hieradata (default: %(default)s)")
    parser.add_argument("--modules", default=str(PROJECT / "puppet/modules"), metavar="DIR",
                        help="modules before the machine's own (default: Treadle's)")
    return parser.parse_args(argv)


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
    """Plain lines on standard error; with ``debug`` every event."""
    def say(event: Event) -> None:
        if debug or event.kind in ("generate.plan", "generate.volume.end", "generate.volume.fail"):
            seconds = event.data.get("seconds")
            print(f"{event.kind}: {event.text}" + (f" ({seconds:.1f} s)" if seconds else ""), file=sys.stderr)

    return Events(say)


def run(args: argparse.Namespace) -> None:
    """Generate, then write each volume and its fingerprint file. Raises TreadleError; then nothing was written."""
    network = "host" if args.net_host else "none"
    jobs = [Job(config, args.step, network, archive=not args.no_archive)  # type: ignore[arg-type]
            for config in entries(Path(args.config), args.config_volume)]
    prefix, modules, etc = Path(args.prefix), Path(args.modules), machine_hiera(Path(args.puppet_etc))
    shop = Workshop(Engine(), tell(args.debug), prefix / ".jobs", modules, "docker-puppet", socket.gethostname(),
                    workers=args.processes)
    if args.no_archive:
        require_success(shop.run(jobs, etc))
        return
    trees = generate(shop, jobs, etc, modules_digest([modules]), Cache(prefix / ".cache"))
    for volume, tree in trees.items():
        target = prefix / "puppet-generated" / volume
        changed = propagate(tree, target)
        fingerprint = from_directory(target).fingerprint()
        write_atomic(target.with_name(f"{volume}.md5sum"), f"{fingerprint}\n")
        print(f"{volume} {fingerprint} {f'{len(changed)} files changed' if changed else 'unchanged'}")


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
