"""The table of small templates in ``parity/``: how a case becomes files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
PARITY = HERE / "parity"
_BOUNDARY = re.compile("={15}[0-9]{19}==")


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """(``file: name``, case) of every case, in the order of the files."""
    for path in sorted(PARITY.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text()):
            yield f"{path.stem}: {case['name']}", case


def _template(body: dict[str, Any]) -> str:
    data: dict[str, Any] = {"heat_template_version": str(body.get("version", "queens"))}
    if "groups" in body:
        data["parameter_groups"] = body["groups"]
    if "parameters" in body:
        data["parameters"] = {**body["parameters"], **body.get("parameters_more", {})}
    for section in ("conditions", "resources"):
        if section in body:
            data[section] = body[section]
    outputs = body.get("outputs", {"o": body["value"]} if "value" in body else {})
    data["outputs"] = body.get("outputs_raw") or {name: {"value": value} for name, value in outputs.items()}
    data.update(body.get("extra", {}))
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def write(case: dict[str, Any], folder: Path) -> tuple[Path, list[Path]]:
    """Write the case's files into ``folder``: its template and environments."""
    for name, body in case.get("files", {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body if isinstance(body, str) else _template(body))
    root = folder / "root.yaml"
    root.write_text(_template(case))
    bodies = list(case.get("environments", []))
    if "registry" in case:
        bodies.append({"resource_registry": case["registry"]})
    paths = []
    for index, body in enumerate(bodies):
        paths.append(folder / f"env{index}.yaml")
        paths[-1].write_text(yaml.safe_dump(body, sort_keys=False))
    return root, paths


def plain(value: Any) -> Any:
    """``value`` as JSON has it, so that what Heat gave can be compared. Boundaries of MIME messages, which are
    random in Heat, are the same."""
    return json.loads(_BOUNDARY.sub("=boundary=", json.dumps(value, default=str)))
