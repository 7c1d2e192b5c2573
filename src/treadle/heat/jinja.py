"""jinja2 as the tree's templates use it: in a sandbox, without access to Python, and with bounded work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from treadle.errors import Source, TemplateError
from treadle.heat.limits.budget import MAX_FILE

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

#: Elements that the ranges of one directory's templates may have, and elements or characters of one product.
_MAX_RANGES = 1_000_000
_MAX_PRODUCT = 100_000


def environment(search: tuple[str, ...]) -> SandboxedEnvironment:
    """Includes come from the directories ``search``, in order."""
    from jinja2 import FileSystemLoader, StrictUndefined, Undefined
    from jinja2.sandbox import SandboxedEnvironment

    class Absent(Undefined):
        """Asked in a condition or a loop, an absent name counts as false and empty, which TripleO's templates
        rely on. Printing one, or a key of one, is an error."""

        __str__ = StrictUndefined.__str__

    class Bounded(SandboxedEnvironment):
        intercepted_binops = frozenset(("*", "**"))

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if operator == "**" or _product(left, right) > _MAX_PRODUCT:
                raise ArithmeticError(f"{operator} would make more than {_MAX_PRODUCT} elements")
            return super().call_binop(context, operator, left, right)

    made = Bounded(loader=FileSystemLoader(search), undefined=Absent)
    made.globals["range"] = _Ranges()
    return made


def _product(left: Any, right: Any) -> int:
    """How long the product of a number and a sequence would be; numbers multiply freely."""
    for sequence, count in ((left, right), (right, left)):
        if isinstance(sequence, str | bytes | list | tuple) and isinstance(count, int):
            return len(sequence) * count
    return 0


class _Ranges:
    def __init__(self) -> None:
        self._left = _MAX_RANGES

    def __call__(self, *args: int) -> range:
        found = range(*args)
        # len() cannot say how long the longest are.
        self._left -= max((found.stop - found.start) // found.step, 0)
        if self._left < 0:
            raise ArithmeticError(f"ranges of more than {_MAX_RANGES} elements")
        return found


def rendered(env: SandboxedEnvironment, file: str, given: Mapping[str, Any]) -> str:
    """The text of ``file`` for the names ``given``; TemplateError with file and line."""
    from jinja2 import TemplateError as JinjaError
    from jinja2 import TemplateSyntaxError

    pieces: list[str] = []
    left = MAX_FILE
    try:
        for piece in env.get_template(Path(file).name).generate(given):
            pieces.append(piece)
            left -= len(piece)
            if left < 0:
                raise ArithmeticError(f"the text is longer than {MAX_FILE // 2**20} MB")
        return "".join(pieces)
    except TemplateSyntaxError as error:
        raise TemplateError(f"not a valid jinja2 template: {error.message}",
                            source=Source(error.filename or file, error.lineno)) from error
    except RecursionError:
        raise TemplateError("cannot be rendered: it calls or includes itself without end", source=file) from None
    except (JinjaError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        raise TemplateError(f"cannot be rendered: {error}", source=_raised_at(error, file),
                            hint="the names here are roles, networks, role or network, and their keys") from error


def _raised_at(error: BaseException, file: str) -> Source:
    """The template's line: jinja2 puts frames of templates into the traceback."""
    source = Source(file)
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.endswith(".yaml"):
            source = Source(name, trace.tb_lineno)
        trace = trace.tb_next
    return source
