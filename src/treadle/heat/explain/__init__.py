"""Where a value of an output came from: backward over an evaluated stack, without making evaluation slower.

What is claimed is checked: a literal's place holds the value, and a function is said to hand an argument on only
where running it on marked copies of its arguments shows that."""

from __future__ import annotations

from treadle.errors import TemplateError
from treadle.heat.explain.conditions import condition
from treadle.heat.explain.explanation import MASKED, Explanation
from treadle.heat.explain.paths import leaves, path_text, resolve
from treadle.heat.explain.tracing import Tracer
from treadle.heat.files import KeyPath
from treadle.heat.stack import Stack

__all__ = ["MASKED", "Explainer", "Explanation", "leaves", "path_text", "resolve"]


class Explainer:
    """Explains values of one evaluated root stack. Keep it for many values: what was found out is kept."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._tracer = Tracer(stack)

    def explain(self, path: KeyPath) -> Explanation:
        """``path`` begins with an output's name and must exist in the outputs (see ``resolve``)."""
        output = self._stack.template.outputs[str(path[0])]
        if not self._stack.enabled(output):
            off = condition(self._tracer, output.condition, self._stack)
            place = self._tracer.place(self._stack, output.path)
            return self._tracer.step(None, "an output that its condition turns off", place, because=(off,))
        try:
            return self._tracer.trace(output.value, self._stack, path[1:])
        except RecursionError:
            raise TemplateError("the value came through too many stacks to be followed",
                                source=self._stack.template.file, key=path_text(path)) from None
