"""``openstack overcloud container image prepare``: an environment file with the images' names, and images pushed to a
registry."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from treadle.cli.command import Command, add_state, rendered, words
from treadle.errors import EngineError, InputError
from treadle.rollout.state import shared_journal

WHAT = "overcloud container image prepare"
_PARAMETER = re.compile(r"Docker\w*Image")


class PrepareContainerImage(Command):
    """Write an environment file with the name of every image that a cloud uses, and push the images to a registry."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_state(parser)
        parser.add_argument("-e", "--environment-file", dest="environments", action="append", default=[],
                            metavar="FILE", help="environment file of the cloud; later ones win (repeatable)")
        parser.add_argument("--templates", metavar="DIR", help="folder of the templates (default: Treadle's own)")
        parser.add_argument("-r", "--roles-file", metavar="FILE", help="roles of the cloud")
        parser.add_argument("-n", "--networks-file", metavar="FILE", help="networks of the cloud")
        parser.add_argument("--namespace", metavar="NAME", help="what stands before the images' names, such as "
                            "192.0.2.1:5000/treadle (default: as the cloud has it)")
        parser.add_argument("--tag", metavar="TAG", help="the images' tag (default: as the cloud has it)")
        parser.add_argument("--prefix", default="", metavar="TEXT", help="what each image's name begins with")
        parser.add_argument("--suffix", default="", metavar="TEXT", help="what each image's name ends with")
        parser.add_argument("--push-destination", default="", metavar="REGISTRY",
                            help="push the images to this registry, such as 192.0.2.1:5000, for nodes to pull from")
        parser.add_argument("--exclude", action="append", default=[], metavar="REGEX",
                            help="leave out images whose name matches (repeatable)")
        parser.add_argument("--output-env-file", metavar="FILE",
                            help="write the environment file here (default: standard output)")
        parser.add_argument("--output-images-file", metavar="FILE", help="write a list of the images here")
        return parser

    def take_action(self, args: argparse.Namespace) -> None:
        from treadle.images.references import Naming, pushes, renamed

        naming = Naming(args.namespace, args.tag, args.prefix, args.suffix, args.push_destination)
        used = {name: image for name, image in image_parameters(args).items()
                if not any(_compiled(pattern).search(image) for pattern in args.exclude)}
        if not used:
            raise InputError("no image is left", key="--exclude" if args.exclude else "--environment-file")
        found, pushed = renamed(used, naming), pushes(used.values(), naming)
        if pushed:
            with rendered(journal=shared_journal(Path(args.state).absolute())) as events, \
                    events.span("command", WHAT, words=words(self, args, WHAT)):
                push(pushed, events)
        self._write(args, found, pushed)

    def _write(self, args: argparse.Namespace, found: Mapping[str, str], pushed: Mapping[str, str]) -> None:
        import yaml

        from treadle.files import write_atomic

        head = f"# Made by: openstack {WHAT} {words(self, args, WHAT)}".rstrip() + "\n"
        text = head + yaml.safe_dump({"parameter_defaults": dict(found)}, width=1000)
        if args.output_env_file:
            write_atomic(Path(args.output_env_file), text)
        if args.output_images_file:
            sources = {name: source for source, name in pushed.items()}
            listed = [{"imagename": sources.get(name, name), **({"push_destination": args.push_destination}
                                                               if name in sources else {})}
                      for name in sorted(set(found.values()))]
            write_atomic(Path(args.output_images_file), head + yaml.safe_dump({"container_images": listed}, width=1000))
        if not (args.output_env_file or args.output_images_file):
            self.app.stdout.write(text)


def push(names: Mapping[str, str], events: Any) -> None:
    """Each image under its name in the registry. One that the engine lacks is pulled, where its name says from where.
    Raises EngineError before anything is pushed where one cannot be had."""
    from treadle import registry
    from treadle.engine import Engine

    engine = Engine()
    there = engine.image_ids(names)
    lacking = [source for source in names if source not in there]
    unknown = [source for source in lacking if not registry.registry_of(source)]
    if unknown:
        raise EngineError(f"the engine has no image {', '.join(unknown)}", hint="build them: openstack overcloud image "
                          "build, with the same -e files; or say by --namespace and --tag how they are called")
    for source in lacking:
        with events.span("image.pull", f"pull {source}"):
            registry.pull(engine, source)
    for source, name in names.items():
        with events.span("image.push", f"push {name}"):
            registry.push(engine, source, name)


def image_parameters(args: argparse.Namespace) -> dict[str, str]:
    """``{parameter: image}`` of the parameters ``Docker…Image`` that the cloud of the given files uses."""
    from treadle.cli.authoring import authored
    from treadle.cli.inputs import templates_folder
    from treadle.heat.template import load_template
    from treadle.images.catalogue import texts

    folder = templates_folder(args.templates)
    cloud = authored(argparse.Namespace(template=str(folder), environments=args.environments,
                                        roles_file=args.roles_file, networks_file=args.networks_file, parameters=[],
                                        parameter_files=[]))
    with cloud.files.watched() as seen:
        used = set(texts(cloud.stack().outputs().get("RoleData")))
    declared: dict[str, Any] = {}
    for file in sorted(seen.digests):
        text = cloud.files.text(file)
        if text.startswith("heat_template_version") and _PARAMETER.search(text):
            declared.update({name: parameter.default for name, parameter in
                             load_template(cloud.files, file).parameters.items() if _PARAMETER.fullmatch(name)})
    values = {**declared, **{name: value for name, value in cloud.environment.parameter_defaults.items()
                             if name in declared}}
    return {name: image for name, image in values.items() if image in used}


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise InputError(f"{pattern!r} is no regular expression: {error}", key="--exclude") from None
