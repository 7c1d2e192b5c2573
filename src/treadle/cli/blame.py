"""``openstack overcloud config blame``."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from treadle.cli.command import Command, add_stack, as_json, stack_state
from treadle.errors import HistoryError, Source, TreadleError

if TYPE_CHECKING:
    from treadle.heat import Stack
    from treadle.heat.explain import Explanation
    from treadle.history import Recorded
    from treadle.rollout.blame import Blame, Origin
    from treadle.rollout.state import StackState

#: Layers that no template says: made from the nodes file, roles and networks.
_COMPUTED = "made by Treadle from nodes file, roles and networks"


class BlameConfig(Command):
    """Say which generation and author made an option what it is, and from which file and line its value comes.

    It changes nothing. Secrets stand as @secret:NAME@.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("node", metavar="NODE")
        parser.add_argument("volume", metavar="VOLUME", help="config volume, such as keystone")
        parser.add_argument("file", metavar="FILE", help="path in the volume, such as etc/keystone/keystone.conf")
        parser.add_argument("option", metavar="OPTION", help="SECTION/OPTION, or OPTION where only one section has it")
        parser.add_argument("--generation", default="newest", metavar="NAME",
                            help="as it is in this generation (default: %(default)s)")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.rollout.blame import blame, origins

        state = stack_state(args)
        history = state.generations()
        recorded = history.at(args.generation)
        found = blame(history, recorded, args.node, args.volume, args.file, args.option)
        sources = Sources(state, recorded, args.node)
        told = [(origin, *sources.explain(origin)) for origin in origins(history, recorded, args.node, found)]
        if args.format == "json":
            print(as_json(_document(found, told)), file=self.app.stdout)
            return 0
        for line in (*_blamed(args.file, found), *_explained(told), *sources.rendered(told)):
            print(sources.mask(line), file=self.app.stdout)
        return 0


def _blamed(file: str, found: Blame) -> Iterator[str]:
    from treadle.instantiate import place

    one = found.generation
    yield f"{place(file, found.section, found.option)} = {found.value}"
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(one.when))
    yield f"generation {one.short}, {one.author}, {when}: {one.message}"
    if found.secret:
        yield "  another value of the secret in it"
    elif found.before:
        yield f"  {'(unset)' if found.old is None else found.old} → {found.value}"
    else:
        yield "  as it was first generated"


def _explained(told: list[tuple[Origin, Explanation | None, str]]) -> Iterator[str]:
    from treadle.cli.explained import Printed

    if not told:
        yield "No hiera data has this value: a Puppet profile or module gives it."
    for origin, step, why in told:
        yield f"{'from' if origin.likely else 'perhaps from'} hiera data {origin}{f': {why}' if why else ''}"
        yield from Printed(step).lines() if step else ()


def _document(found: Blame, told: list[tuple[Origin, Explanation | None, str]]) -> dict[str, Any]:
    from treadle.cli.explained import document

    one = found.generation
    return {"section": found.section, "option": found.option, "value": found.value, "old": found.old,
            "secret": found.secret, "generation": one.id, "author": one.author, "when": one.when,
            "message": one.message,
            "origins": [{"layer": origin.layer, "path": list(origin.path), "likely": origin.likely, "note": why,
                         "explanation": document(step, {}) if step else None} for origin, step, why in told]}


class Sources:
    """Templates and environments of a generation, evaluated again to see where its hiera data came from."""

    def __init__(self, state: StackState, recorded: Recorded, node: str) -> None:
        self._state = state
        self._recorded = recorded
        self._node = node
        self._stack: Stack | None = None
        self._why: str | None = None
        self._origins: Mapping[str, str] = {}

    @property
    def mask(self) -> Callable[[str], str]:
        """Takes the generation's secrets out of what is shown; nothing, where they are not known here: then nothing
        was evaluated with them either."""
        try:
            return self._recorded.secrets.mask
        except HistoryError:
            return str

    def explain(self, origin: Origin) -> tuple[Explanation | None, str]:
        """(the steps back from ``origin``, or None and why there are none)."""
        from treadle.heat.explain import Explainer

        role = self._role
        settings = self._recorded.inputs.get("settings", {}).get(self._node, {})
        if origin.layer == f"{role.lower()}_extraconfig" and origin.path[0] in settings:
            return None, "a setting of the configuration service; see: openstack overcloud setting list"
        if origin.layer not in (f"{role.lower()}_extraconfig", "extraconfig", "service_configs"):
            return None, _COMPUTED
        stack = self._evaluated()
        if stack is None:
            return None, self._why or ""
        path = next(_paths(stack.outputs(), role, origin), None)
        return (Explainer(stack).explain(path), "") if path else (None, "no template gives this value")

    def rendered(self, told: list[tuple[Origin, Explanation | None, str]]) -> Iterator[str]:
        """Which of the files that were told of are rendered from others."""
        from treadle.cli.explained import place_text

        used = {part.place.file for _, step, _ in told if step for part in step.steps() if part.place}
        for file in sorted(used & set(self._origins)):
            origin = place_text(Source(self._origins[file]))
            yield f"Lines of {place_text(Source(file))} are of the text rendered from {origin}."

    @property
    def _role(self) -> str:
        from treadle.rollout.chosen import heads

        return str(heads(self._recorded)[self._node].get("role", ""))

    def _evaluated(self) -> Stack | None:
        """The stack of the same templates and environments; None, with the reason kept, where they are not."""
        if self._stack is None and self._why is None:
            self._stack, self._why = self._evaluate()
        return self._stack

    def _evaluate(self) -> tuple[Stack | None, str | None]:
        from treadle.cli.gather import again, generated_names, texts_of
        from treadle.cli.inputs import read_inputs
        from treadle.heat import Files, load_tree
        from treadle.heat.evaluate import build_stack
        from treadle.heat.roles import render_tree
        from treadle.history import parsed
        from treadle.history.layout import text
        from treadle.rollout.state import FINGERPRINT_KEY

        there = self._recorded.inputs
        sources = (self._state.recall("sources") or {}).get(self._state.generations().find(self._recorded.id).tree)
        if sources is None:
            return None, "it was not generated here, so it is not known from which files"
        files = Files()
        try:
            given = read_inputs(again(sources), files)
            now = parsed(self._recorded.secrets.mask_bytes(text(texts_of(given, files))))
            moved = [what for what in ("templates", "environments", "roles") if now[what] != there.get(what)]
            if moved:
                return None, f"{' and '.join(moved)} are not any more what this generation was made from"
            rendered = render_tree(given.templates, given.roles_file, given.networks_file, files).texts
            passwords = self._state.passwords(generated_names(given.templates, rendered))
            tree = load_tree(given.templates, given.roles_file, given.environments, networks_file=given.networks_file,
                             base_parameter_defaults={k: v for k, v in passwords.items() if k != FINGERPRINT_KEY},
                             files=files)
            self._origins = files.origins
            return build_stack(tree.template, tree.environment, files, self._state.random_strings()), None
        except (TreadleError, OSError) as error:
            return None, f"its files cannot be evaluated any more: {error}"


def _paths(outputs: Any, role: str, origin: Origin) -> Iterator[tuple[str | int, ...]]:
    """Paths into the stack's outputs of what became ``origin``, that which won first."""
    from treadle.heat.explain.paths import has

    if origin.layer != "service_configs":
        found = [("ExtraConfig", "all" if origin.layer == "extraconfig" else role, *origin.path)]
    else:
        data = outputs["RoleData"]
        known = {str((one or {}).get("service_name")) for one in data.get(role, [])}
        found = [("RoleData", role, number, "config_settings", *origin.path) for number in range(len(data[role]))]
        for other, services in data.items():
            for number, one in enumerate(services):
                base = ("RoleData", other, number)
                found += [(*base, "global_config_settings", *origin.path)]
                found += [(*base, "service_config_settings", service, *origin.path)
                          for service in (one or {}).get("service_config_settings") or {} if service in known]
    yield from (path for path in reversed(found) if has(outputs, path))
