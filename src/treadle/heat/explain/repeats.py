"""``repeat``: which text of its template became a string, and with which words put in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from treadle.heat.explain.explanation import Explanation
from treadle.heat.explain.paths import at
from treadle.heat.files import KeyPath
from treadle.heat.functions.arguments import ANY, fields
from treadle.heat.functions.collections import repeat
from treadle.heat.nodes import Call
from treadle.heat.stack import Stack

if TYPE_CHECKING:
    from treadle.heat.explain.tracing import Tracer


def trace(tracer: Tracer, call: Call, stack: Stack, path: KeyPath) -> Explanation:
    """A string at ``path`` of the result; the first part of ``path`` is the round."""
    parts = fields(call.args, "", ("template", "for_each"), ANY)
    template = tracer.value(parts["template"], stack)
    words = tracer.value(parts["for_each"], stack)
    # Before 2017-09-01 permutations says nothing.
    nested = tracer.value(parts["permutations"], stack) if "permutations" in parts and call.function is repeat else True
    chosen = _round(words, int(path[0]), nested=nested)
    texts = {word: list(words[word])[index] for word, index in chosen.items()}
    source: list[str | int] = []
    for part in path[1:]:
        here = at(template, source)
        source.append(part if isinstance(here, list) else next(key for key in here if _put_in(key, texts) == part))
    text = at(template, source)
    found = str(text) + "".join(str(part) for part in source)
    children = [tracer.trace(parts["template"], stack, tuple(source))]
    for word, index in chosen.items():
        if word in found:
            below = (word, index) if isinstance(words[word], list) else (word,)
            children.append(tracer.trace(parts["for_each"], stack, below))
    value = at(tracer.value(call, stack), path)
    return tracer.step(value, f"computed by repeat, round {int(path[0]) + 1}", tracer.place(stack, call.path),
                       tuple(children))


def _round(words: dict[str, Any], number: int, *, nested: bool) -> dict[str, int]:
    """The index into each word's values in one round; the last word's change fastest."""
    if not nested:
        return dict.fromkeys(words, number)
    sizes = [len(values) for values in words.values()]
    return {word: number // math.prod(sizes[at_word + 1:]) % sizes[at_word] for at_word, word in enumerate(words)}


def _put_in(key: str, texts: dict[str, str]) -> str:
    for word, text in texts.items():
        key = key.replace(word, text)
    return key
