"""``openstack overcloud service new``."""

from __future__ import annotations

import argparse

from treadle.cli.command import Command
from treadle.errors import InputError

#: What runs a service where --command does not say it.
_COMMANDS = {"api": "/usr/bin/uwsgi_python3 --ini /etc/{project}/{project}-api-uwsgi.ini", "worker": "/usr/bin/{name}",
             "daemon": "/usr/bin/{name}"}


class NewService(Command):
    """Write the skeleton of a new service into a tree of templates: both templates, the Puppet profile, the
    environment file that switches it on, a test, and its lines in the registry, the role and the list of images.

    docs/add-a-service.md goes on from there.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument("name", metavar="NAME", help="name of the service's files, such as barbican-api")
        parser.add_argument("--kind", choices=("api", "worker", "daemon"), default="daemon",
                            help="an OpenStack project's API under uWSGI, another process of such a project, or "
                            "anything else (default: %(default)s)")
        parser.add_argument("--project", metavar="PROJECT", help="its Puppet module, user and config volume (default: "
                            "NAME up to its first -; of a daemon NAME)")
        parser.add_argument("--image", metavar="IMAGE", help="kolla's name of the image (default: NAME)")
        parser.add_argument("--port", type=int, default=0, metavar="PORT", help="port of an API")
        parser.add_argument("--command", metavar="COMMAND", help="what the container runs (default: /usr/bin/NAME; of "
                            "an API uWSGI)")
        parser.add_argument("--templates", metavar="DIR", help="the tree of templates (default: Treadle's own)")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.cli.inputs import templates_folder
        from treadle.images.catalogue import load
        from treadle.skeleton import Service, write, written

        if args.port and not 0 < args.port < 65536:
            raise InputError(f"no port has this number: {args.port}", key="--port", hint="1 to 65535")
        tree = templates_folder(args.templates)
        project = args.project or (args.name if args.kind == "daemon" else args.name.partition("-")[0])
        image = args.image or args.name
        command = args.command or _COMMANDS[args.kind].format(name=args.name, project=project)
        service = Service(args.name, args.kind, project, image, load(tree / "images").reference(image), command,
                          args.port)
        texts = written(service, tree)
        there = {path for path in texts if (tree / path).exists()}
        write(texts, tree)
        for path in texts:
            print(f"{'changed' if path in there else 'written'}  {path}", file=self.app.stdout)
        print(f"next: docs/add-a-service.md; openstack overcloud deploy -e environments/services/{service.name}.yaml",
              file=self.app.stderr)
        return 0
