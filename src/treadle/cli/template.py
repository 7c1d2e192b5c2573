"""``openstack overcloud template``: evaluate, validate and explain templates, without a cloud."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from treadle.cli.authoring import Authored, add_inputs, authored
from treadle.cli.command import Command
from treadle.errors import InputError, TreadleError, nearest

if TYPE_CHECKING:
    from treadle.heat.validate import Findings


class EvaluateTemplate(Command):
    """Print the outputs that a template has under some environments, as Heat would compute them.

    Values of hidden parameters appear in outputs as they are, as in `openstack stack output show`.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_inputs(parser)
        parser.add_argument("--output", metavar="NAME", help="only this output's value")
        parser.add_argument("--format", choices=("yaml", "json"), default="yaml", help="default: %(default)s")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        given = authored(args)
        outputs = given.stack().outputs()
        _remark(given)
        if args.output is not None and args.output not in outputs:
            raise InputError(f"there is no output {args.output}{nearest(args.output, outputs)}", key="--output",
                             hint=f"the outputs are {', '.join(outputs) or 'none'}")
        value = outputs if args.output is None else outputs[args.output]
        print(_dumped(value, args.format), file=self.app.stdout)
        return 0


class ValidateTemplate(Command):
    """Print everything that is wrong with a template; exit status 1 when something is.

    Parameters without a value are no error: the template is then checked without being evaluated.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_inputs(parser)
        parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.cli.explained import error_text
        from treadle.heat.validate import validate

        findings = _wrong_before(args)
        if findings is None:
            given = authored(args, check=False)
            findings = validate(given.template, given.environment, given.files)
            findings = replace(findings, errors=(*given.mistyped, *findings.errors))
        if args.format == "json":
            print(json.dumps(_findings(findings), indent=1, ensure_ascii=False), file=self.app.stdout)
        else:
            for error in findings.errors:
                print(f"error: {error_text(error)}", file=self.app.stdout)
            for warning in findings.warnings:
                print(f"warning: {error_text(warning)}", file=self.app.stdout)
            print(_verdict(findings), file=self.app.stdout)
        return 1 if findings.errors else 0


class ExplainTemplate(Command):
    """Say where a value of an output came from: files and lines, parameters, environments.

    OUTPUT is an output's name, or a path into its value such as role_data.config_settings.KEY or users[0].name;
    below a map or a list every value is explained. Values of hidden parameters are shown as ***.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_inputs(parser)
        parser.add_argument("output", metavar="OUTPUT[.PATH]", help="what is explained")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.cli.explained import Printed, document, value_text
        from treadle.heat.explain import Explainer, leaves, path_text, resolve
        from treadle.heat.explain.paths import at
        from treadle.heat.faults import Fault

        given = authored(args)
        stack = given.stack()
        _remark(given)
        outputs = stack.outputs()
        try:
            start = resolve(outputs, args.output)
        except Fault as fault:
            raise InputError(fault.message, key="OUTPUT", hint=fault.hint) from None
        if not start:
            raise InputError("names nothing", key="OUTPUT", hint=f"the outputs are {', '.join(outputs) or 'none'}")
        explainer = Explainer(stack)
        told = [(path, explainer.explain(path)) for path in leaves(at(outputs, start), start)]
        if args.format == "json":
            print(json.dumps([{"path": path_text(path), **document(step, given.files.origins)}
                              for path, step in told], indent=1, ensure_ascii=False), file=self.app.stdout)
            return 0
        for path, step in told:
            print(f"{path_text(path)} = {value_text(step.shown())}", file=self.app.stdout)
            print(*Printed(step).lines(), sep="\n", file=self.app.stdout)
        used = {part.place.file for _, step in told for part in step.steps() if part.place}
        for file in sorted(used & set(given.files.origins)):
            origin = os.path.relpath(given.files.origins[file])
            print(f"Lines of {os.path.relpath(file)} are of the text rendered from {origin}.", file=self.app.stdout)
        return 0


def _wrong_before(args: argparse.Namespace) -> Findings | None:
    """Findings on environment files that cannot be read, each by itself; None when all can."""
    from treadle.heat import Files, load_environments
    from treadle.heat.validate import Errors, Findings

    errors, files = Errors(), Files()
    for path in args.environments:
        if os.path.isfile(path):  # noqa: PTH113
            errors.attempt(load_environments, [path], files)
    return Findings(errors.all(), tuple(files.warnings.values())) if errors else None


def _remark(given: Authored) -> None:
    for warning in given.files.warnings.values():
        print(f"warning: {warning}", file=sys.stderr)
    if given.stand_ins:
        print(f"note: stand-ins are used for secrets that a deploy generates: {', '.join(given.stand_ins)}",
              file=sys.stderr)


def _verdict(findings: Findings) -> str:
    count = len(findings.errors)
    if count:
        return f"{count} error{'s' if count > 1 else ''}"
    if findings.missing:
        return f"right as far as it can be seen without values; evaluate it with: {', '.join(findings.missing)}"
    return "right"


def _findings(findings: Findings) -> dict[str, Any]:
    def told(error: TreadleError) -> dict[str, Any]:
        place = error.source
        where = {"file": place.file, "line": place.line, "column": place.column} if place else {}
        return {**where, "key": error.key, "message": error.message, "hint": error.hint}

    return {"valid": not findings.errors, "errors": [told(error) for error in findings.errors],
            "warnings": [told(error) for error in findings.warnings], "missing": list(findings.missing)}


def _dumped(value: Any, form: str) -> str:
    if form == "json":
        return json.dumps(value, indent=1, ensure_ascii=False)
    import yaml

    class Plain(yaml.SafeDumper):
        """Texts of several lines as blocks; what stands in several places is written out in each."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.Node:
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)

    Plain.add_representer(str, text)
    return str(yaml.dump(value, Dumper=Plain, sort_keys=False, allow_unicode=True, width=120)).removesuffix("\n")
