"""Files as Heat's client hands them to Heat."""

from __future__ import annotations

import json
import os
from typing import Any

from treadle.errors import TemplateError
from treadle.heat.faults import Fault
from treadle.heat.files import Files, absolute
from treadle.heat.registry import TEMPLATE_ENDINGS

_MARKS = ("heat_template_version", "HeatTemplateFormatVersion", "AWSTemplateFormatVersion")


def file_text(files: Files, path: str, name: str) -> str:
    """What ``get_file`` gives: the text of the file, or, for a template, its JSON with absolute URLs.
    Fault when it does not exist."""
    if not files.exists(path):
        raise Fault(f"the file {name} does not exist", "its path is relative to this file")
    text = files.text(path)
    if not any(mark in text for mark in _MARKS):
        return text
    try:
        data = files.template(path)
    except TemplateError:
        return text
    if not isinstance(data, dict) or not any(mark in data for mark in _MARKS):
        return text
    return json.dumps(_with_urls(data, os.path.dirname(path)))  # noqa: PTH120


def _with_urls(value: Any, directory: str) -> Any:
    if isinstance(value, list):
        return [_with_urls(item, directory) for item in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, item in value.items():
        named = key == "get_file" or (key == "type" and isinstance(item, str) and item.endswith(TEMPLATE_ENDINGS))
        found[key] = f"file://{absolute(item, directory)}" if named and isinstance(item, str) \
            else _with_urls(item, directory)
    return found
