"""A whole tree of templates as a stack of a Heat service: created, or brought to what the templates say now."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from treadle.errors import HeatError
from treadle.events import Events
from treadle.heat.environment import EnvironmentSource
from treadle.heat.evaluate import build_stack
from treadle.heat.files import Files
from treadle.heat.overcloud import OvercloudResult, Tree, load_tree
from treadle.heat.remote.client import Heat, RemoteStack
from treadle.heat.remote.request import make_request
from treadle.heat.remote.resources import read_resources
from treadle.heat.remote.wait import Watch, failed
from treadle.heat.resources.random_string import RandomRequest, generate
from treadle.heat.stack import Stack
from treadle.secrets import Secrets, flatten

#: Minutes that tripleoclient gives a stack.
DEFAULT_TIMEOUT = 240
#: Called with "create" or "update" before anything is changed in Heat; raises to stop.
BeforeChange = Callable[[str], None]
#: Called with every random string that the stack has; the last one for a resource holds.
OnString = Callable[[RandomRequest, str], None]


def _no_question(action: str) -> None:
    """Nobody wants to be asked."""


def _no_keeper(request: RandomRequest, text: str) -> None:
    """Nobody keeps strings beside Heat."""


class RemoteOvercloud:
    """The stack ``name`` of one Heat.

    Heat never shows the values of hidden parameters, so the stack is evaluated in process as well: first, which
    refuses wrong input by file and line before Heat hears of it; and once Heat is done, with Heat's random strings,
    for ``hidden``. Outputs are Heat's; where they differ from those in process, the event ``heat.difference`` says
    which."""

    def __init__(self, heat: Heat, name: str, events: Events, timeout: float = DEFAULT_TIMEOUT,
                 before_change: BeforeChange = _no_question, on_string: OnString = _no_keeper) -> None:
        self._heat = heat
        self._name = name
        self._events = events
        self._timeout = timeout
        self._before_change = before_change
        self._on_string = on_string

    def deploy(self, templates_dir: str | Path, roles_file: str | Path, environments: Sequence[EnvironmentSource], *,
               networks_file: str | Path | None = None, base_parameter_defaults: Mapping[str, Any] | None = None,
               files: Files | None = None) -> OvercloudResult:
        """Create the stack, or update it, and wait for it; arguments as ``evaluate_overcloud`` has them.

        Raises TemplateError as that does; HeatError where Heat refuses, fails, is too slow or cannot be reached.
        Interrupted, Heat goes on by itself, and the next call waits for it."""
        tree = load_tree(templates_dir, roles_file, environments, networks_file=networks_file,
                         base_parameter_defaults=base_parameter_defaults, files=files)
        with self._masked(self._evaluate(tree, None)):
            done = self._bring(tree)
            outputs = _outputs(done)
            local = self._evaluate(tree, done)
            self._compare(outputs, local.outputs())
        return _result(tree, outputs, local)

    def preview(self, templates_dir: str | Path, roles_file: str | Path, environments: Sequence[EnvironmentSource], *,
                networks_file: str | Path | None = None, base_parameter_defaults: Mapping[str, Any] | None = None,
                files: Files | None = None) -> OvercloudResult:
        """What ``deploy`` would give, evaluated in process with the random strings of the stack in Heat, where it
        has one. Nothing is changed."""
        tree = load_tree(templates_dir, roles_file, environments, networks_file=networks_file,
                         base_parameter_defaults=base_parameter_defaults, files=files)
        local = self._evaluate(tree, self._heat.stack(self._name))
        return _result(tree, local.outputs(), local)

    def _evaluate(self, tree: Tree, found: RemoteStack | None) -> Stack:
        known = _RandomStrings(self._heat, self._name, found)

        def noted(request: RandomRequest) -> str:
            text = known(request)
            self._on_string(request, text)
            return text

        return build_stack(tree.template, tree.environment, tree.files, noted, self._name)

    def _bring(self, tree: Tree) -> RemoteStack:
        """The stack, complete and with its outputs, after Heat made it what ``tree`` says."""
        body, minutes = make_request(tree).body(), max(1, math.ceil(self._timeout))
        found = self._settled()
        action = "update" if found else "create"
        self._before_change(action)
        with self._events.span("phase", f"Heat: {action} the stack {self._name}"), self._interruptible():
            if found:
                watch = Watch(self._heat, found.identity, self._events, new=False)
                self._heat.update(found.identity, body, minutes)
                identity = found.identity
            else:
                identity = self._heat.create(self._name, body, minutes)
                watch = Watch(self._heat, identity, self._events, new=True)
            done = watch.until_done(self._timeout)
            if done is None or done.status != "COMPLETE":
                raise self._not_made(done)
        return self._heat.stack(identity, outputs=True) or done

    def _settled(self) -> RemoteStack | None:
        """The stack as it is, after an earlier run's work on it has ended; None where there is none. HeatError where
        it cannot be updated."""
        found = self._heat.stack(self._name)
        if found and found.busy and found.action != "DELETE":
            text = f"Heat: wait for {found.action.lower()} of the stack {self._name}, which is in progress"
            with self._events.span("phase", text), self._interruptible():
                watch = Watch(self._heat, found.identity, self._events, new=False)
                found = watch.until_done(self._timeout)
        if found and found.action in ("DELETE", "SUSPEND"):
            remedy = f"openstack stack {'delete' if found.action == 'DELETE' else 'resume'} {self._name}"
            raise HeatError(f"the stack {self._name} is {found.action}_{found.status} in Heat: it cannot be updated",
                            hint=f"`{remedy}`, wait for it, then run the same command again")
        return found

    def _not_made(self, stack: RemoteStack | None) -> HeatError:
        if stack is None:
            return HeatError(f"the stack {self._name} is gone", hint="run the same command again: it creates it")
        return failed(self._heat, stack)

    @contextmanager
    def _masked(self, first: Stack) -> Iterator[None]:
        """Events and errors without the values of hidden parameters: Heat's reasons quote what it was given."""
        hidden = {key: text for name, value in first.hidden.items() for key, text in flatten(name, value).items()}
        mask = Secrets(hidden).mask
        self._events.masked_by(mask)
        try:
            yield
        except HeatError as error:
            error.message, error.hint = mask(error.message), mask(error.hint)
            raise

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            self._events.emit("heat.left", f"Heat goes on with the stack {self._name} by itself; the same command "
                                           "waits for it, and then goes on")
            raise

    def _compare(self, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
        for name in sorted({*ours, *theirs}):
            if _plain(ours.get(name)) != _plain(theirs.get(name)):
                self._events.emit("heat.difference", f"warning: Heat's output {name} differs from the one evaluated in "
                                                     "process; Heat's is used", subject=name)


class _RandomStrings:
    """The random strings that a stack in Heat has, for those of the same paths here; new ones for the rest. Heat is
    asked only when a template has such a string."""

    def __init__(self, heat: Heat, name: str, found: RemoteStack | None) -> None:
        self._heat = heat
        self._name = name
        self._found = found
        self._where: dict[str, tuple[str, str]] | None = None

    def __call__(self, request: RandomRequest) -> str:
        if self._found is None:
            return generate(request)
        if self._where is None:
            self._where = {"/".join((self._name, *one.path)): (one.stack, one.path[-1])
                           for one in read_resources(self._heat, self._found.identity)
                           if one.type == "OS::Heat::RandomString" and one.status.endswith("_COMPLETE")}
        if request.key not in self._where:
            return generate(request)
        value: str = self._heat.attribute(*self._where[request.key], "value")
        return value


def _result(tree: Tree, outputs: dict[str, Any], local: Stack) -> OvercloudResult:
    return OvercloudResult(outputs, local.hidden, [dict(role) for role in tree.rendering.roles], tree.files)


def _outputs(stack: RemoteStack) -> dict[str, Any]:
    for output in stack.outputs:
        if output.get("output_error"):
            raise HeatError(f"Heat cannot give the output {output['output_key']}: {output['output_error']}",
                            hint="correct the output in the template, then run the same command again")
    return {output["output_key"]: output.get("output_value") for output in stack.outputs}


def _plain(value: Any) -> Any:
    """As it arrives over HTTP."""
    return json.loads(json.dumps(value))


def delete_stack(heat: Heat, name: str, events: Events, timeout: float = DEFAULT_TIMEOUT) -> None:
    """Delete the stack ``name`` from Heat and wait until it is gone; nothing where there is none. HeatError as with
    ``RemoteOvercloud.deploy``."""
    found = heat.stack(name)
    if found is None:
        return
    with events.span("phase", f"Heat: delete the stack {name}"):
        watch = Watch(heat, found.identity, events, new=False)
        if (found.action, found.status) != ("DELETE", "IN_PROGRESS"):
            heat.delete(found.identity)
        left = watch.until_done(timeout, gone=True)
        if left is not None:
            raise failed(heat, left)
