"""The project's own templates: real Heat gives for each of them, and for the whole cloud, what we give."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.heat.parity_table import plain
from tests.heat.reference import PROJECT, Reference
from treadle.errors import TemplateError
from treadle.heat import Files, evaluate, render
from treadle.heat.template import load_template
from treadle.plan.passwords import complete

FOLDERS = ("docker", "puppet", "network", "common", "extraconfig")
REGISTRY = "overcloud-resource-registry.yaml"
#: What a parameter without a default is given that no deployment makes up: it stands for its type.
PLAIN: dict[str, Any] = {"string": "192.0.2.1", "number": 1, "boolean": True, "json": {},
                         "comma_delimited_list": "a,b"}
CLOUDS: dict[str, list[str]] = {
    "plain": [],
    "second cloud, little memory": ["environments/second-cloud.yaml", "environments/low-memory-usage.yaml"],
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with everything rendered, which is all that Heat's own client understands."""
    root = tmp_path_factory.mktemp("tree")
    for folder in FOLDERS:
        if (PROJECT / folder).is_dir():
            shutil.copytree(PROJECT / folder, root / folder)
    for path in PROJECT.glob("*.yaml"):
        shutil.copy(path, root)
    for name, text in render(root, root / "roles_data.yaml").items():
        Path(name).write_text(text)
    return root


def secrets(tree: Path) -> dict[str, Any]:
    """Every secret of the cloud, as a deployment generates them; the same every time."""
    declared = load_template(Files(), str(tree / "overcloud.yaml")).parameters
    wanted = [name for name, one in declared.items() if one.default is None]
    return complete({}, wanted, lambda count: b"7" * count)


def paths() -> list[str]:
    """Every template that stands as a file in the tree."""
    found = (path.relative_to(PROJECT) for folder in FOLDERS for path in sorted((PROJECT / folder).rglob("*.yaml")))
    return [str(path) for path in found if not path.name.endswith(".j2.yaml")
            and "heat_template_version" in (PROJECT / path).read_text()]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_whole_cloud(cloud: str, tree: Path, heat: Reference) -> None:
    template, given = tree / "overcloud.yaml", secrets(tree)
    environments = [tree / REGISTRY, *(PROJECT / name for name in CLOUDS[cloud])]
    expected = heat.evaluate(template, environments, None, given)
    assert plain(evaluate(template, environments, None, given)) == expected["outputs"]
    assert expected["outputs"]["RoleData"]["Standalone"]


def said_by_services() -> dict[str, Any]:
    """What the environment files of services that are off by default say."""
    files = map(Path.read_text, sorted((PROJECT / "environments/services").glob("*.yaml")))
    return {name: value for text in files
            for name, value in yaml.safe_load(text).get("parameter_defaults", {}).items()}


@pytest.mark.parametrize("path", paths())
def test_one_template(path: str, tree: Path, heat: Reference) -> None:
    passwords = {**said_by_services(), **secrets(tree)}
    whole = evaluate(tree / "overcloud.yaml", [tree / REGISTRY], None, passwords)
    declared = load_template(Files(), str(tree / path)).parameters
    given = {name: {**PLAIN, **whole}.get(name, PLAIN[one.type]) for name, one in declared.items()
             if name in whole or (one.default is None and name not in passwords)}
    expected = heat.evaluate(tree / path, [tree / REGISTRY], given, passwords)
    if "outputs" in expected or "services" in path:
        assert plain(evaluate(tree / path, [tree / REGISTRY], given, passwords)) == expected["outputs"]
    else:
        with pytest.raises(TemplateError):
            evaluate(tree / path, [tree / REGISTRY], given, passwords)


def test_the_registry_names_templates_that_are_tested(tree: Path) -> None:
    types = yaml.safe_load((tree / REGISTRY).read_text())["resource_registry"].values()
    own = {name for name in types if isinstance(name, str) and name.endswith(".yaml") and (PROJECT / name).exists()}
    assert own <= set(paths())
