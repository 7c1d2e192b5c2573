"""From what a template's author typed to what is evaluated: a HOT file, or a tree that is rendered first."""

from __future__ import annotations

import argparse
import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treadle.errors import InputError, TemplateError, TreadleError

if TYPE_CHECKING:
    from treadle.heat import Environment, Files, Stack

_TREE = ("overcloud.j2.yaml", "overcloud.yaml")


@dataclass(frozen=True)
class Authored:
    """A template and its environment. ``stand_ins`` are hidden parameters that got a value for this run only;
    ``mistyped`` are errors of parameters that no template of a tree declares."""

    template: str
    environment: Environment
    files: Files
    stand_ins: tuple[str, ...] = ()
    mistyped: tuple[TemplateError, ...] = ()

    def stack(self) -> Stack:
        """The evaluated stack. Raises TemplateError at the first thing that is wrong."""
        from treadle.heat.evaluate import build_stack

        return build_stack(self.template, self.environment, self.files)


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """The arguments that say what is evaluated."""
    parser.add_argument("template", metavar="TEMPLATE",
                        help="a HOT file; or a folder with overcloud.j2.yaml, which is rendered for its roles first")
    parser.add_argument("-e", "--environment-file", dest="environments", action="append", default=[], metavar="FILE",
                        help="environment file; later ones win (repeatable)")
    parser.add_argument("-P", "--parameter", dest="parameters", action="append", default=[], metavar="KEY=VALUE",
                        help="a parameter's value; of json and list parameters also as YAML (repeatable)")
    parser.add_argument("--parameter-file", dest="parameter_files", action="append", default=[], metavar="KEY=FILE",
                        help="the same with the value in a file (repeatable)")
    parser.add_argument("-r", "--roles-file", metavar="FILE", help="of a tree: roles (default: its roles_data.yaml)")
    parser.add_argument("-n", "--networks-file", metavar="FILE", help="of a tree: networks of the cloud")


def authored(args: argparse.Namespace, *, check: bool = True) -> Authored:
    """Everything read, nothing evaluated. Raises InputError for arguments, TemplateError for files; without
    ``check`` the result's ``mistyped`` has some of the latter."""
    from treadle.heat import Files
    from treadle.heat.environment import load_environments
    from treadle.heat.evaluate import with_values

    path = Path(args.template).absolute()
    if not path.exists():
        raise InputError("there is no such file or folder", source=args.template, key="TEMPLATE")
    for file in args.environments:
        if not Path(file).is_file():
            raise InputError("there is no such file", source=file, key="--environment-file")
    files, texts = Files(), _parameters(args)
    if path.is_dir() or path.name == _TREE[0] or (path.name == _TREE[1] and path.with_name(_TREE[0]).exists()):
        return _tree(path if path.is_dir() else path.parent, args, files, texts, check=check)
    if path.name.endswith(".j2.yaml"):
        raise InputError("is rendered with its tree only", source=args.template, key="TEMPLATE",
                         hint="name the folder that holds overcloud.j2.yaml, or a template that is plain HOT")
    for option, given in (("--roles-file", args.roles_file), ("--networks-file", args.networks_file)):
        if given:
            raise InputError("a single template has neither roles nor networks", key=option,
                             hint="name the folder of a tree of templates")
    environment = load_environments([str(Path(file).absolute()) for file in args.environments], files,
                                    template=str(path))
    values = _typed(texts, str(path), files)
    return Authored(str(path), with_values(environment, values), files)


def _tree(folder: Path, args: argparse.Namespace, files: Files, texts: Mapping[str, str], *,
          check: bool) -> Authored:
    from treadle.cli.gather import generated_names
    from treadle.cli.inputs import templates_folder
    from treadle.heat import load_tree
    from treadle.heat.evaluate import with_values
    from treadle.heat.overcloud import unknown_parameters
    from treadle.heat.roles import render_tree
    from treadle.plan.passwords import complete

    folder = templates_folder(str(folder))
    roles = Path(args.roles_file).absolute() if args.roles_file else folder / "roles_data.yaml"
    networks = Path(args.networks_file).absolute() if args.networks_file else None
    for option, file in (("--roles-file", roles), ("--networks-file", networks)):
        if file is not None and not file.is_file():
            raise InputError("there is no such file", source=str(file), key=option)
    hidden = generated_names(folder, render_tree(str(folder), roles, networks, files).texts)
    made = complete({}, hidden, _same_every_time())
    tree = load_tree(folder, roles, [str(Path(file).absolute()) for file in args.environments],
                     networks_file=networks, base_parameter_defaults=made, files=files, check=False)
    mistyped = tuple(unknown_parameters(str(folder), tree.environment, files, tree.rendering, made))
    if mistyped and check:
        raise mistyped[0]
    stand_ins = tuple(name for name in hidden if not tree.environment.origin("parameter_defaults", name).file
                      and name not in tree.environment.parameters and name not in texts)
    values = _typed(texts, tree.template, files)
    return Authored(tree.template, with_values(tree.environment, values), files, stand_ins, mistyped)


def _same_every_time() -> Any:
    """Bytes for stand-ins of secrets: no secret themselves, and the same in each run, so that outputs can be
    compared."""
    counter = itertools.count()
    return lambda size: hashlib.shake_128(f"stand-in {next(counter)}".encode()).digest(size)


def _parameters(args: argparse.Namespace) -> dict[str, str]:
    """Names and values as they were typed, or as the files have them."""
    found: dict[str, str] = {}
    for given in args.parameters:
        name, value = _pair(given, "--parameter", "KEY=VALUE")
        found[name] = value
    for given in args.parameter_files:
        name, file = _pair(given, "--parameter-file", "KEY=FILE")
        try:
            found[name] = Path(file).read_text()
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", source=file, key="--parameter-file") from None
        except UnicodeDecodeError:
            raise InputError("is not UTF-8 text", source=file, key="--parameter-file") from None
    return found


def _pair(given: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name:
        raise InputError(f"{name!r} has no value", key=option, hint=f"write it as {option} {form}")
    return name, value


def _typed(texts: Mapping[str, str], template: str, files: Files) -> dict[str, Any]:
    """Heat takes text for every type; maps and lists may be YAML here, which its json parameters do not read."""
    from treadle.heat.template import load_template
    from treadle.heat.yamlload import load

    if not texts:
        return {}
    try:
        declared = load_template(files, template).parameters
    except TreadleError:
        return dict(texts)  # what is wrong with the template is told by who evaluates it
    values: dict[str, Any] = {}
    for name, text in texts.items():
        kind = declared[name].type if name in declared else ""
        values[name] = text
        if kind == "json" or (kind == "comma_delimited_list" and text.lstrip().startswith(("[", "- "))):
            try:
                value = load(text, f"-P {name}")[0]
            except TreadleError as error:
                raise InputError(error.message, key=f"-P {name}") from None
            if isinstance(value, dict | list):
                values[name] = value
    return values
