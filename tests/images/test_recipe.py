"""Which images are out of date: what is recorded, what is rendered, what the engine has."""

from pathlib import Path

import pytest

from treadle.images import recipe
from treadle.images.recipe import Built, Recipe, Record


def reference(name: str) -> str:
    return f"n/{name}:t"


PARENTS = {"base": "debian:t", "cron": reference("base"), "openstack-base": reference("base"),
           "keystone-base": reference("openstack-base"), "keystone-api": reference("keystone-base")}
RECIPES = {name: Recipe(name, f"recipe of {name}", parent) for name, parent in PARENTS.items()}
ENGINE = {reference(name): f"id of {name}" for name in PARENTS} | {"debian:t": "id of debian"}
RECORD = Record({name: Built(f"recipe of {name}", parent, ENGINE[parent], ENGINE[reference(name)], "inputs")
                 for name, parent in PARENTS.items()})
TAIL = ["openstack-base", "keystone-base", "keystone-api"]


def changed(name: str) -> dict[str, Recipe]:
    return RECIPES | {name: Recipe(name, "another", PARENTS[name])}


STALE = {
    "nothing changed": (RECIPES, RECORD, ENGINE, (), []),
    "nothing there": (RECIPES, Record({}), {"debian:t": "id of debian"}, (), list(PARENTS)),
    "no record": (RECIPES, Record({}), ENGINE, (), list(PARENTS)),
    "one leaf's recipe": (changed("cron"), RECORD, ENGINE, (), ["cron"]),
    "a parent takes its children along": (changed("openstack-base"), RECORD, ENGINE, (), TAIL),
    "the root takes all": (changed("base"), RECORD, ENGINE, (), list(PARENTS)),
    "another image under the tag": (RECIPES, RECORD, ENGINE | {reference("cron"): "foreign"}, (), ["cron"]),
    "a parent built by somebody else": (RECIPES, RECORD, ENGINE | {reference("keystone-base"): "foreign"}, (),
                                        ["keystone-base", "keystone-api"]),
    "a new Debian": (RECIPES, RECORD, ENGINE | {"debian:t": "new"}, (), list(PARENTS)),
    "a leaf removed": (RECIPES, RECORD, {k: v for k, v in ENGINE.items() if k != reference("cron")}, (), ["cron"]),
    "forced": (RECIPES, RECORD, ENGINE, ("cron",), ["cron"]),
}


@pytest.mark.parametrize("recipes, record, engine, forced, expected", STALE.values(), ids=STALE)
def test_out_of_date(recipes: dict[str, Recipe], record: Record, engine: dict[str, str],
                     forced: tuple[str, ...], expected: list[str]) -> None:
    found = recipe.out_of_date(recipes, record, reference, lambda name: engine.get(name, ""), forced)
    assert sorted(found) == sorted(expected)
    for name in found:
        assert found.index(name) >= max((found.index(p) for p in found if reference(p) == PARENTS[name]), default=0)


SPLIT = {
    "single ones beside the tail, after the root": (list(PARENTS), "base", [["base", *TAIL], ["cron"]]),
    "root is current: both at once": (["cron", *TAIL], "", [TAIL, ["cron"]]),
    "only single ones": (["cron"], "", [["cron"]]),
    "root and single ones": (["base", "cron"], "", [["base", "cron"]]),
    "only the tail": (TAIL, "", [TAIL]),
}


@pytest.mark.parametrize("stale, first, lanes", SPLIT.values(), ids=SPLIT)
def test_split_into_lists_side_by_side(stale: list[str], first: str, lanes: list[list[str]]) -> None:
    assert recipe.split(stale, RECIPES, reference) == (first, lanes)


def test_intact_looks_at_all_ancestors() -> None:
    assert RECORD.intact("keystone-api", reference, lambda r: ENGINE.get(r, ""))
    foreign = ENGINE | {reference("base"): "foreign"}
    assert not RECORD.intact("keystone-api", reference, lambda r: foreign.get(r, ""))


def test_record_survives_a_round_trip_and_damage_counts_as_none(tmp_path: Path) -> None:
    file = tmp_path / "sub" / "record.json"
    RECORD.write(file)
    assert Record.read(file) == RECORD
    file.write_text(file.read_text()[:100])
    assert Record.read(file) == Record({})
    assert Record.read(tmp_path / "none.json") == Record({})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "images/sources/a").mkdir(parents=True)
    (tmp_path / "images/sources/a/file").write_text("1")
    (tmp_path / "images/kolla-build.conf").write_text("[a]\ntype = local\nlocation = sources/a\n")
    for name in "ab":
        (tmp_path / "work/docker" / name).mkdir(parents=True)
        (tmp_path / "work/docker" / name / "Dockerfile").write_text(f"FROM parent:{name}\nRUN true\n")
        (tmp_path / "work/docker" / name / "Dockerfile.j2").write_text("a template")
    return tmp_path


def digests(project: Path) -> dict[str, str]:
    found = recipe.rendered(project / "work", project / "images/kolla-build.conf", "23")
    assert {name: r.parent for name, r in found.items()} == {"a": "parent:a", "b": "parent:b"}
    return {name: r.digest for name, r in found.items()}


CHANGES = {
    "Dockerfile": ("work/docker/a/Dockerfile", "FROM parent:a\nRUN false\n", {"a"}),
    "file of the build context": ("work/docker/a/start.sh", "x", {"a"}),
    "local source": ("images/sources/a/file", "2", {"a"}),
    "template that was rendered from": ("work/docker/a/Dockerfile.j2", "other", set()),
    "what Python compiled beside it": ("work/docker/a/__pycache__/start.cpython-311.pyc", "x", set()),
    "setting of another image": ("images/kolla-build.conf",
                                 "[a]\ntype = local\nlocation = sources/a\n[c]\nenabled = false\n", set()),
    "setting of a plugin": ("images/kolla-build.conf",
                            "[a]\ntype = local\nlocation = sources/a\n[b-plugin-x]\nenabled = false\n", {"b"}),
}


@pytest.mark.parametrize("path, text, expected", CHANGES.values(), ids=CHANGES)
def test_a_recipe_changes_with_what_goes_into_its_image(project: Path, path: str, text: str,
                                                       expected: set[str]) -> None:
    before = digests(project)
    assert digests(project) == before
    (project / path).parent.mkdir(exist_ok=True)
    (project / path).write_text(text)
    assert {name for name, digest in digests(project).items() if digest != before[name]} == expected


def test_inputs_change_with_every_file_mode_override_and_version(project: Path) -> None:
    images, override = project / "images", project / "own.j2"
    override.write_text("x")
    seen = {recipe.inputs_digest(images, [], "23"), recipe.inputs_digest(images, [], "24"),
            recipe.inputs_digest(images, [override], "23")}
    override.write_text("y")
    seen.add(recipe.inputs_digest(images, [override], "23"))
    (images / "sources/a/file").chmod(0o755)
    seen.add(recipe.inputs_digest(images, [], "23"))
    assert len(seen) == 5
