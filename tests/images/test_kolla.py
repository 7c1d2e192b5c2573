"""What kolla-build's log says, and what is made of it."""

from pathlib import Path

import pytest

from treadle.images.kolla import Kolla, Progress, log_tail, read_line
from treadle.images.recipe import rendered

LINES = {
    "INFO:kolla.common.utils.cron:Building started at 2026-01-01 10:00:00.5": Progress("begin", "cron"),
    "INFO:kolla.common.utils.cron:Built at 2026-01-01 10:01:05.5 (took 0:01:05.250000)":
        Progress("end", "cron", 65.25),
    "INFO:kolla.common.utils.openstack-base:Built at 2026-01-01 11:00:00 (took 1:00:00)":
        Progress("end", "openstack-base", 3600.0),
    "ERROR:kolla.common.utils:cron Failed with status: error": Progress("fail", "cron", reason="error"),
    "ERROR:kolla.common.utils:keystone-api Failed with status: parent_error":
        Progress("fail", "keystone-api", reason="parent_error"),
    "INFO:kolla.common.utils.cron:Step 1/9 : RUN echo Building started at noon": None,
    "INFO:kolla.common.utils:Using engine: docker": None,
    "cron Failed with status: error": None,
    "": None,
}


@pytest.mark.parametrize("line, expected", LINES.items())
def test_read_line(line: str, expected: Progress | None) -> None:
    assert read_line(line) == expected


def test_log_tail_is_what_the_builder_said_in_its_last_attempt() -> None:
    prefix = "INFO:kolla.common.utils.cron:"
    attempt = [f"{prefix}Building started at 2026", f"{prefix}Step 1", prefix,
               f"{prefix}\x1b[91mE: no tree\x1b[0m",
               "ERROR:kolla.common.utils.cron:Unknown container engine error when building",
               "Traceback (most recent call last):", "  File x"]
    second = [line.replace("no tree", "no mirror") for line in attempt]
    assert log_tail("\n".join(attempt + second)) == ["Step 1", "E: no mirror"]
    assert log_tail("\n".join(attempt), 1) == ["E: no tree"]


def test_command_anchors_names_and_puts_the_users_overrides_last(tmp_path: Path) -> None:
    kolla = Kolla(tmp_path, "n", "t", (Path("/own.j2"),), {}, tmp_path, 0)
    command = kolla.command(["base", "mariadb-server"], "--template-only")
    assert command[-2:] == ["^base$", "^mariadb\\-server$"]
    overrides = [word for word in command if word.startswith("--template-override")]
    assert overrides == [f"--template-override={tmp_path}/template-overrides.j2", "--template-override=/own.j2"]


def test_our_own_recipes_are_laid_over_kollas_and_are_digested_with_the_files_beside_them(tmp_path: Path) -> None:
    folder, recipe = tmp_path / "images", tmp_path / "images/docker/own/own-base/Dockerfile.j2"
    recipe.parent.mkdir(parents=True)
    recipe.write_text("FROM {{ namespace }}/{{ image_prefix }}base:{{ tag }}\nCOPY start.sh /\n")
    (folder / "template-overrides.j2").write_text("{% extends parent_template %}\n")
    (folder / "kolla-build.conf").write_text("[DEFAULT]\nbase = debian\n")

    def digests(text: str) -> dict[str, str]:
        recipe.with_name("start.sh").write_text(text)
        work = tmp_path / text
        with (tmp_path / "lock").open("w") as lock:
            kolla = Kolla(folder, "n", "t", (), {"DOCKER_HOST": "unix:///none"}, tmp_path, lock.fileno())
            kolla.render(["own-base", "cron"], work)
        return {name: made.digest for name, made in rendered(work, folder / "kolla-build.conf", "1").items()}

    first, second = digests("one"), digests("two")
    assert set(first) == {"base", "cron", "own-base"}
    assert {name for name in first if first[name] != second[name]} == {"own-base"}
