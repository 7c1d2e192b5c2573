"""The options that say what is to be deployed, and what they come to together."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from treadle.errors import InputError

if TYPE_CHECKING:
    from treadle.heat.environment.sources import EnvironmentSource
    from treadle.heat.files import Files


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """The options that say what is to be deployed."""
    add_templates(parser)
    parser.add_argument("--nodes", metavar="FILE", help="nodes file (default: the nodes of the last deploy)")


def add_templates(parser: argparse.ArgumentParser) -> None:
    """Templates, roles, networks and environments."""
    parser.add_argument("--templates", nargs="?", metavar="DIR",
                        help="folder of the templates (default: the answers file's, or Treadle's own)")
    parser.add_argument("-e", "--environment-file", dest="environments", action="append", default=[], metavar="FILE",
                        help="environment file; later ones win (repeatable)")
    parser.add_argument("--environment-directory", dest="environment_directories", action="append", default=[],
                        metavar="DIR", help="folder of environment files, in the order of their names; they come "
                        "before those of -e and of the answers file (repeatable)")
    parser.add_argument("--answers-file", metavar="FILE",
                        help="file that names templates and environments; those of -e come after its own")
    parser.add_argument("-p", "--plan-environment-file", metavar="FILE",
                        help="plan environment (TripleO's plan-environment.yaml); it comes before all others")
    parser.add_argument("-r", "--roles-file", metavar="FILE", help="roles (default: roles_data.yaml of the templates)")
    parser.add_argument("-n", "--networks-file", metavar="FILE", help="networks of the cloud")


@dataclass(frozen=True)
class Inputs:
    """Absolute paths. ``environments`` in the order in which they merge."""

    templates: Path
    roles_file: Path
    networks_file: Path | None
    environments: tuple[EnvironmentSource, ...]

    def texts(self, files: Files) -> list[str]:
        """What the files of the environments say, each once, in their order."""
        from treadle.heat.environment.sources import file_of

        return [files.text(file) for file in dict.fromkeys(file_of(source) for source in self.environments)]


def read_inputs(args: argparse.Namespace, files: Files) -> Inputs:
    """What ``add_templates``'s options say. InputError or TemplateError for files that cannot be used; environment
    files themselves are read later."""
    from treadle.heat.environment.answers import Answers, load_answers
    from treadle.heat.environment.plan_environment import load_plan_environment
    from treadle.heat.environment.sources import environments_in

    answers = load_answers(args.answers_file, files) if args.answers_file else Answers()
    folder = templates_folder(args.templates or answers.templates)
    roles, networks = args.roles_file or answers.roles, args.networks_file or answers.networks
    environments: list[EnvironmentSource] = []
    if args.plan_environment_file:
        environments += load_plan_environment(args.plan_environment_file, folder, files)
    for directory in args.environment_directories:
        environments += environments_in(directory)
    environments += answers.environments
    environments += [Path(path).absolute() for path in args.environments]
    return Inputs(folder, Path(roles).absolute() if roles else folder / "roles_data.yaml",
                  Path(networks).absolute() if networks else None, tuple(environments))


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
