"""Files: parsed once for their content, located on demand, overlaid by rendered text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from treadle.errors import Source, TemplateError
from treadle.heat import Files, evaluate
from treadle.heat.yamlload import load


def test_data_is_as_json_has_it(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("1: a\ntrue: b\nnull: c\n1.5: d\nday: 2018-03-02\nn: 0o7\nx: &x {a: 1, b: 2}\n"
                    "y: {<<: *x, b: 3}\nz: ~\noff: on\n")
    assert Files().data(str(path)) == {
        "1": "a", "true": "b", "null": "c", "1.5": "d", "day": "2018-03-02", "n": "0o7",
        "x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}, "z": None, "false": True}


def test_a_key_that_stands_twice_is_an_error_in_an_own_file(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\nb: {c: 1,\n  c: 2}\n")
    with pytest.raises(TemplateError, match="the key c stands twice") as caught:
        Files().data(str(path))
    assert caught.value.source == Source(str(path), 3, 3)


def test_merged_keys_do_not_stand_twice() -> None:
    assert load("x: &x {a: 1}\ny: {<<: [*x, {a: 2, b: 3}], a: 4}\n", "f") == (
        {"x": {"a": 1}, "y": {"a": 4, "b": 3}}, [])


def test_places_are_found_by_path(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a:\n  b:\n  - c: 1\n  - d: 2\nbase: &base\n  k: 1\nuser:\n  <<: *base\n")
    files = Files()
    assert files.locate(str(path), ("a", "b", 1, "d")) == Source(str(path), 4, 5)
    assert files.locate(str(path), ("a", "b", 1)) == Source(str(path), 4, 5)
    assert files.locate(str(path), ("a", "nope", "deeper")) == Source(str(path), 1, 1)
    assert files.locate(str(path), ("user", "k")) == Source(str(path), 6, 3)
    assert files.locate(str(tmp_path / "gone"), ("a",)) == Source(str(tmp_path / "gone"))


def test_unchanged_files_are_parsed_once_and_changed_ones_again(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("heat_template_version: queens\noutputs: {o: {value: 1}}\n")
    files = Files()
    first = files.data(str(path))
    assert files.data(str(path)) is first
    assert evaluate(path, files=files) == {"o": 1}
    path.write_text("heat_template_version: queens\noutputs: {o: {value: 'two'}}\n")
    assert evaluate(path, files=files) == {"o": "two"}


def test_an_overlay_stands_before_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("heat_template_version: queens\noutputs: {o: {value: disk}}\n")
    overlay = {str(path): "heat_template_version: queens\noutputs: {o: {value: memory}, p: {value: {get_param: x}}}\n"}
    with pytest.raises(TemplateError, match=r"rendered from .*a\.j2\.yaml"):
        evaluate(path, files=Files(overlay, {str(path): str(tmp_path / "a.j2.yaml")}))


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TemplateError, match="not UTF-8"):
        Files().data(str(path))


def test_get_file_of_a_template_is_json_with_absolute_urls(tmp_path: Path) -> None:
    (tmp_path / "in.yaml").write_text("heat_template_version: queens\nresources: {r: {type: x.yaml}}\n")
    (tmp_path / "x.yaml").write_text("heat_template_version: queens\n")
    (tmp_path / "t.yaml").write_text("heat_template_version: queens\noutputs: {o: {value: {get_file: in.yaml}}}\n")
    assert json.loads(evaluate(tmp_path / "t.yaml")["o"]) == {
        "heat_template_version": "queens", "resources": {"r": {"type": f"file://{tmp_path}/x.yaml"}}}


def test_a_block_that_ends_the_file_loses_its_last_newline(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("heat_template_version: queens\noutputs:\n  o:\n    value: |\n      text\n")
    assert evaluate(tmp_path / "t.yaml") == {"o": "text"}


def _reads(name: str, text: str = "text") -> str:
    return f"heat_template_version: queens\noutputs: {{o: {{value: {{get_file: {name}}}}}}}  # {text}\n"


@pytest.mark.parametrize("mark", ["overcloud.yaml", "overcloud.j2.yaml", "overcloud-resource-registry.yaml"])
def test_get_file_reads_anywhere_in_the_tree_of_the_template(mark: str, tmp_path: Path) -> None:
    (tmp_path / "docker" / "services").mkdir(parents=True)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "a.sh").write_text("echo a\n")
    template = tmp_path / "docker" / "services" / "t.yaml"
    template.write_text(_reads("../../scripts/a.sh"))
    with pytest.raises(TemplateError, match="outside the templates") as caught:
        evaluate(template)
    assert caught.value.source == Source(str(template), 2, 23)
    (tmp_path / mark).write_text("{}\n")
    assert evaluate(template) == {"o": "echo a\n"}


def test_a_template_reads_its_own_tree_that_of_the_root_and_the_environments_above_it(tmp_path: Path) -> None:
    for name in ("tree", "nic/inner", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.txt").write_text(name)
    (tmp_path / "nic" / "a.txt").write_text("beside the environment")
    root, nic = tmp_path / "tree" / "overcloud.yaml", tmp_path / "nic" / "inner" / "n.yaml"
    root.write_text("heat_template_version: queens\nresources: {r: {type: 'X::Nic'}}\n"
                    "outputs: {o: {value: {get_attr: [r, o]}}}\n")
    environment = tmp_path / "nic" / "env.yaml"
    environment.write_text("resource_registry: {'X::Nic': inner/n.yaml}\nparameter_defaults: {unused: 1}\n")
    for name, text in (("a.txt", "nic/inner"), ("../a.txt", "beside the environment"),
                       (f"{tmp_path}/tree/a.txt", "tree"), (f"file://{tmp_path}/tree/a.txt", "tree")):
        nic.write_text(_reads(name))
        assert evaluate(root, [environment]) == {"o": text}
    nic.write_text(_reads("../../elsewhere/a.txt"))
    with pytest.raises(TemplateError, match="outside the templates"):
        evaluate(root, [environment])
    root.write_text(_reads("../nic/a.txt"))
    with pytest.raises(TemplateError, match="outside the templates"):
        evaluate(root, [environment])
