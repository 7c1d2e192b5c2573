"""``openstack overcloud config diff``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from treadle.cli.command import Command, add_stack, as_json, rendered, stack_state

if TYPE_CHECKING:
    from treadle.history import History, Recorded
    from treadle.rollout.patches import Patch
    from treadle.rollout.review import Consequence, Line, Review

_FEW = 2
_COLOURS = {"+": "32", "-": "31", "@": "36"}


class DiffConfig(Command):
    """Show how two generations differ, option by option and then as unified diffs, and what that means for containers.

    It changes nothing. Secrets stand as @secret:NAME@; one whose value is another is shown as changed.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_stack(parser)
        parser.add_argument("old", nargs="?", default="", metavar="FROM",
                            help="generation to compare with (default: the one that the nodes hold now)")
        parser.add_argument("new", nargs="?", default="newest", metavar="TO", help="default: the newest generation")
        parser.add_argument("--node", action="append", default=[], metavar="NAME",
                            help="only this node; may be given again")
        parser.add_argument("--role", default="", metavar="ROLE", help="only nodes of this role")
        parser.add_argument("--service", default="", metavar="SERVICE",
                            help="only config volumes and containers of this service")
        parser.add_argument("--stat", action="store_true", help="only how much differs")
        parser.add_argument("--no-unified", action="store_true", help="leave the unified diffs out")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="default: %(default)s")
        return parser

    def take_action(self, args: argparse.Namespace) -> int:
        from treadle.history.difference import difference
        from treadle.rollout.chosen import compared, narrowed, of_service
        from treadle.rollout.reach import reaching
        from treadle.rollout.review import Review, Reviewer, consequences

        state = stack_state(args)
        history = state.generations()
        new = history.at(args.new)
        old, why = _from(history, args.old, new) if args.old else compared(state, history, new)
        nodes = narrowed(old, new, args.node, args.role)
        found = difference(old, new, nodes)
        service = of_service(found, args.service) if args.service else None
        found = service.narrow(found) if service else found
        reviewer = Reviewer(found)
        with rendered() as events, reaching(state, events) as reach:
            told = () if args.stat else consequences(history, new.id, nodes, reach)
        told = tuple(service.consequence(one) for one in told) if service else told
        unified = not (args.stat or args.no_unified)
        said = reviewer.lines()
        patches = reviewer.patches() if unified or args.stat else ()
        review = Review(found, service.lines(said) if service else said, patches, told)
        if args.format == "json":
            print(as_json(document(review)), file=self.app.stdout)
            return 0
        print(f"{_name(history, old)} → {_name(history, new)}{why}", file=self.app.stdout)
        lines = stat(review) if args.stat else text(review, colour=_colours(self.app.stdout), total=len(nodes))
        print(*lines, sep="\n", file=self.app.stdout)
        return 0


def _from(history: History, name: str, new: Recorded) -> tuple[Recorded, str]:
    old = history.at(name)
    return old, " (the same)" if old.id == new.id else ""


def _name(history: History, recorded: Recorded | None) -> str:
    if recorded is None:
        return "(nothing)"
    one = history.find(recorded.id)
    return f"{one.short} {one.message.splitlines()[0] if one.message else ''}".strip()


def _colours(out: Any) -> bool:
    return bool(out.isatty()) and "NO_COLOR" not in os.environ


def text(review: Review, *, colour: bool, total: int) -> Iterator[str]:
    """For people: options, documents, unified diffs, consequences."""
    if review.difference.nothing:
        yield "No configuration differs."
    yield from _lines(review.lines)
    for patch in review.patches:
        yield ""
        yield from _patch(patch, colour=colour)
    yield ""
    yield from _consequences(review.consequences, total)


def _lines(lines: Iterable[Line]) -> Iterator[str]:
    grouped: dict[str, list[str]] = {}
    for line in lines:
        grouped.setdefault(line.group, []).append(line.text)
    for group, texts in grouped.items():
        yield group
        yield from (f"  {each}" for each in texts)


def _patch(patch: Patch, *, colour: bool) -> Iterator[str]:
    from treadle.rollout.review import on

    where = f" {on(patch.nodes)}" if patch.nodes else ""
    if patch.note:
        yield f"{patch.title}: {patch.note}{where}"
        return
    yield f"--- {patch.title}{where}"
    yield f"+++ {patch.title}{where}"
    for line in patch.lines:
        code = _COLOURS.get(line[:1]) if colour else None
        yield f"\033[{code}m{line}\033[0m" if code else line


def _consequences(told: Iterable[Consequence], total: int) -> Iterator[str]:
    """Nodes on which the same would be done are told of once."""
    from treadle.cli.deploy import steps, summary

    grouped: dict[tuple[str, ...], list[str]] = {}
    for one in told:
        held = [f"  {a.name} is left as it is: {a.held}" for a in one.preview.actions
                if a.held and a.kind.value == "none"] if one.preview else []
        lines = (summary(one.preview), *steps(one.preview), *held) if one.preview else (
            f"cannot be looked at: {one.problem}",)
        grouped.setdefault(lines, []).append(one.node)
    if grouped:
        yield "What instantiating it would do, against what runs now (each step on all nodes before the next):"
    for said, nodes in grouped.items():
        some = f"all {total} nodes" if len(nodes) == total > _FEW else ", ".join(nodes)
        yield f"{some}: {said[0]}"
        yield from said[1:]


def stat(review: Review) -> list[str]:
    """How much differs, in few lines."""
    one = review.difference
    files = {(change.volume, change.path) for change in one.files}
    added = sum(len(patch.nodes) * sum(line.startswith("+") for line in patch.lines) for patch in review.patches)
    removed = sum(len(patch.nodes) * sum(line.startswith("-") for line in patch.lines) for patch in review.patches)
    touched = {node for nodes in (*(file.nodes for file in one.files), *(paper.nodes for paper in one.papers))
               for node in nodes}
    volumes: dict[str, set[str]] = {}
    for change in one.files:
        volumes.setdefault(change.volume, set()).update(change.nodes)
    changes = sum(1 for line in review.lines if line.option)
    nodes = len(touched | {*one.nodes_added, *one.nodes_removed})
    parts = (_many(len(files), "file"), _many(changes, "option"), _many(len(one.papers), "document"),
             _many(len(one.secrets), "secret"))
    return [*(f"{volume}: {_many(sum(v == volume for v, _ in files), 'file')} on {_many(len(there), 'node')}"
              for volume, there in sorted(volumes.items())),
            f"differ on {_many(nodes, 'node')}: {', '.join(parts)}; {_many(added, 'line')} added, {removed} removed"]


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def document(review: Review) -> dict[str, Any]:
    """Everything, as JSON has it."""
    from treadle.cli.deploy import document as preview_document

    one = review.difference
    options = [{"volume": line.volume, "file": line.path, "section": line.section, "option": line.option,
                "old": line.old, "new": line.new, "words": line.words, "nodes": list(line.nodes)}
               for line in review.lines if line.option]
    return {
        "from": one.old.id if one.old else None, "to": one.new.id,
        "nodes": {"added": list(one.nodes_added), "removed": list(one.nodes_removed)},
        "volumes": [vars(volume) for volume in one.volumes],
        "files": [{"volume": change.volume, "path": change.path, "nodes": list(change.nodes),
                   "old": _side(change.old), "new": _side(change.new)} for change in one.files],
        "options": options, "secrets": dict(one.secrets),
        "specs": [{"group": line.group, "words": line.words, "nodes": list(line.nodes)}
                  for line in review.lines if not line.volume and line.group not in ("secrets", "nodes")],
        "words": [{"group": line.group, "words": line.words, "nodes": list(line.nodes)} for line in review.lines],
        "unified": [{"title": patch.title, "lines": list(patch.lines), "note": patch.note, "nodes": list(patch.nodes)}
                    for patch in review.patches],
        "consequences": [preview_document(each.preview) if each.preview else {"node": each.node,
                                                                               "problem": each.problem}
                         for each in review.consequences]}


def _side(side: Any) -> dict[str, Any] | None:
    return side and {"type": side.type, "mode": side.mode, "owner": f"{side.uid}:{side.gid}"}
