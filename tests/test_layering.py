"""A package imports only what stands before it on the way of the data."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src/treadle"
ORDER = ("heat", "plan", "generate", "history", "propagate", "instantiate", "node", "rollout")
#: What everybody may use: errors and events, files and paths, the engine, its registries, commands inside containers,
#: the gateway.
COMMON = {"errors", "events", "secrets", "files", "paths", "engine", "registry", "gateway", "inside"}
#: Beside the row, and who alone may import them.
BESIDE = {"certificates": {"cli"}, "images": {"cli"}, "skeleton": {"cli"}, "store": {"rollout", "cli"}}
FACES = {"cli"}


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """(line, first name below treadle) of every import, also of those inside functions."""
    for found in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(found, ast.Import):
            names = [alias.name for alias in found.names]
        elif isinstance(found, ast.ImportFrom):
            assert not found.level, f"{path}:{found.lineno}: relative import"
            deeper = [alias.name for alias in found.names] if found.module == "treadle" else []
            names = [f"treadle.{name}" for name in deeper] or [found.module or ""]
        else:
            continue
        yield from ((found.lineno, name.split(".")[1]) for name in names if name.startswith("treadle."))


def allowed(layer: str) -> set[str]:
    """What a file of ``layer`` may import."""
    mine = COMMON | {layer}
    beside = {name for name, users in BESIDE.items() if layer in users}
    if layer in FACES:
        return mine | set(ORDER) | beside | {"__version__"}
    return mine | beside | set(ORDER[:ORDER.index(layer)] if layer in ORDER else ())


def layers() -> list[str]:
    return sorted(path.name for path in SOURCE.iterdir() if path.is_dir() and any(path.rglob("*.py")))


def test_every_package_has_its_place():
    assert set(layers()) <= {*ORDER, *BESIDE, *FACES}


@pytest.mark.parametrize("layer", layers())
def test_a_package_imports_only_what_stands_before_it(layer):
    wrong = [f"{path.relative_to(SOURCE)}:{line}: {name}" for path in sorted((SOURCE / layer).rglob("*.py"))
             for line, name in imported(path) if name not in allowed(layer)]
    assert wrong == []


def test_what_everybody_may_use_uses_nothing_else():
    files = [SOURCE / f"{name}.py" for name in sorted(COMMON)]
    wrong = [f"{path.name}:{line}: {name}" for path in files for line, name in imported(path) if name not in COMMON]
    assert wrong == [] and all(path.exists() for path in files)


@pytest.mark.parametrize(("text", "names"), [
    ("import treadle.plan.build", ["plan"]), ("from treadle.plan import build", ["plan"]),
    ("from treadle import images, errors", ["images", "errors"]), ("import os, treadle.cli", ["cli"]),
    ("def f():\n    from treadle.rollout import lock", ["rollout"]), ("import treadlesomething.plan", []),
])
def test_the_finder_finds(tmp_path, text, names):
    (tmp_path / "x.py").write_text(text)
    assert [name for _, name in imported(tmp_path / "x.py")] == names
