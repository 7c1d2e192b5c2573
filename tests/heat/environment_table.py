"""The tables in ``environments/``: how environments merge, what a registry may hold, and what real Heat made of it.

``python -m tests.heat.environment_table DIRECTORY``, run at the root of the project with a Python that has
openstack-heat, writes what Heat gives to ``environments/heat.json``; DIRECTORY holds ``oracle.py``, which evaluates a
template with Heat's own code. Tests read only the recorded file.
"""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.heat.parity_table import plain, write

TABLES = Path(__file__).parent / "environments"
RECORDED = TABLES / "heat.json"


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """(``file: name``, case) of every case."""
    for path in sorted(TABLES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text()):
            yield f"{path.stem}: {case['name']}", case


def lay_out(case: dict[str, Any], folder: Path) -> tuple[Path, list[Path]]:
    """The case's files in ``folder``, which stands as FOLDER in them: template and environments."""
    template, environments = write(case, folder)
    for path in environments:
        path.write_text(path.read_text().replace("FOLDER", str(folder)))
    return template, environments


def merged_by_server(template_file: str, environments: list[str]) -> tuple[Any, dict[str, str], dict[str, Any]]:
    """(template, files, environment) as Heat's own service merges environment files that its client only lists.
    For a process with Heat's code."""
    from heat.common import environment_format, environment_util
    from heat.engine import template
    from heatclient.common import template_utils

    files, body = template_utils.get_template_contents(template_file)
    listed: list[str] = []
    more, _ = template_utils.process_multiple_environments_and_files(environments, env_list_tracker=listed)
    texts = {name: text.decode() if isinstance(text, bytes) else text for name, text in {**files, **more}.items()}
    body = json.loads(json.dumps(body, default=str))
    merged: dict[str, Any] = {}
    environment_format.default_for_missing(merged)
    schemata = template.Template(body, files=texts).all_param_schemata(texts)
    environment_util.merge_environments(listed, texts, merged, schemata)
    return body, texts, merged


def ask(oracle: Any, case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """``{"outputs": ...}`` as Heat gives them, or ``{"error": text}``."""
    template, environments = lay_out(case, folder)
    paths = [str(path) for path in environments]
    try:
        oracle.setup()
        loaded = merged_by_server(str(template), paths) if case.get("merge") == "server" else None
        outputs, _ = oracle.evaluate(str(template), paths, validate=True, loaded=loaded)
        return {"outputs": plain(outputs)}
    except Exception as error:  # whatever Heat raises is its answer
        return {"error": f"{type(error).__name__}: {error}".replace(str(folder), "")[:300]}


def main(directory: str) -> None:
    sys.path.insert(0, directory)
    oracle = importlib.import_module("oracle")
    found = {}
    for name, case in cases():
        with tempfile.TemporaryDirectory() as folder:
            found[name] = ask(oracle, case, Path(folder))
    RECORDED.write_text(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
