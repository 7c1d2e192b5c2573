"""A folder becomes exactly the tree, whatever it held before; done twice, the second does nothing."""

import os

import pytest
from hypothesis import given, settings

from tests.strategies import trees
from tests.support import tree
from treadle.errors import HostError, StepFailed
from treadle.generate.tree import ConfigTree, File, from_directory
from treadle.propagate import Change, difference, fingerprints, propagate

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="owners other than oneself are root's to give")
UID, GID = os.geteuid(), os.getegid()


def link(target: str) -> File:
    return File("link", 0o777, UID, GID, target.encode())


def file(text: str = "", mode: int = 0o640) -> File:
    return File("file", mode, UID, GID, text.encode())


def folder(mode: int = 0o755) -> File:
    return File("dir", mode, UID, GID)


@settings(max_examples=60)
@given(trees, trees)
def test_whatever_was_there_the_folder_becomes_the_tree(tmp_path_factory, before, after):
    target = tmp_path_factory.mktemp("v") / "volume"
    propagate(before, target)
    changes = propagate(after, target)
    assert from_directory(target) == after
    assert changes == difference(before, after)
    assert propagate(after, target) == []


@pytest.mark.parametrize(("before", "after", "changes"), [
    ({}, {"a": file("x")}, ["a added"]),
    ({"a": file("x")}, {"a": file("y")}, ["a changed"]),
    ({"a": file("x")}, {"a": file("x", 0o600)}, ["a changed"]),
    ({"a": file("x")}, {}, ["a removed"]),
    ({"a": file("x")}, {"a": folder(), "a/b": file()}, ["a changed", "a/b added"]),
    ({"a": folder(), "a/b": file()}, {"a": file("x")}, ["a changed", "a/b removed"]),
    ({"a": folder(), "a/b": folder(), "a/b/c": file()}, {"a": link("/etc")}, ["a changed", "a/b removed",
                                                                           "a/b/c removed"]),
    ({"a": link("/etc")}, {"a": folder(), "a/passwd": file("x")}, ["a changed", "a/passwd added"]),
    ({"a": link("x")}, {"a": link("y")}, ["a changed"]),
    ({"a": link("x")}, {"a": file("x")}, ["a changed"]),
    ({"a": folder(0o700)}, {"a": folder()}, ["a changed"]),
    ({"a": folder()}, {"a": folder()}, []),
])
def test_changes_of_type_and_content(tmp_path, before, after, changes):
    propagate(ConfigTree(before), tmp_path)
    done = propagate(ConfigTree(after), tmp_path)
    assert [f"{change.path} {change.what}" for change in done] == changes
    assert from_directory(tmp_path) == ConfigTree(after)


@root_only
def test_owners_and_special_modes_are_kept(tmp_path):
    given_tree = ConfigTree({"d": File("dir", 0o2750, 42435, 42), "d/su": File("file", 0o4711, 1, 2, b"x"),
                             "l": File("link", 0o777, 7, 8, b"nowhere")})
    propagate(given_tree, tmp_path)
    assert from_directory(tmp_path) == given_tree


def test_nothing_to_do_touches_nothing(tmp_path):
    propagate(ConfigTree({"a": file("x")}), tmp_path / "v")
    before = (tmp_path / "v/a").stat()
    assert propagate(ConfigTree({"a": file("x")}), tmp_path / "v") == []
    after = (tmp_path / "v/a").stat()
    assert (before.st_ino, before.st_ctime_ns) == (after.st_ino, after.st_ctime_ns)


def test_the_folder_itself_stays_the_one_that_containers_have_mounted(tmp_path):
    propagate(ConfigTree({"a": file("x")}), tmp_path / "v")
    inode = (tmp_path / "v").stat().st_ino
    propagate(ConfigTree({"b": file("x")}), tmp_path / "v")
    propagate(ConfigTree(), tmp_path / "v")
    assert (tmp_path / "v").stat().st_ino == inode


def test_a_file_is_replaced_and_never_written_into(tmp_path):
    propagate(ConfigTree({"a": file("old")}), tmp_path)
    with (tmp_path / "a").open() as held:
        propagate(ConfigTree({"a": file("new")}), tmp_path)
        assert held.read() == "old"


@pytest.mark.parametrize("leftover", ["a.treadle-new", "d/b.treadle-new", "gone.treadle-new"])
def test_what_a_killed_run_left_is_swept(tmp_path, leftover):
    wanted = ConfigTree({"a": file("x"), "d": folder(), "d/b": file("y")})
    (tmp_path / "d").mkdir(mode=0o755)
    (tmp_path / leftover).write_text("half")
    propagate(wanted, tmp_path)
    assert from_directory(tmp_path) == wanted


def test_killed_between_staging_and_renaming_then_repeated(tmp_path, monkeypatch):
    old, new = ConfigTree({"a": file("1"), "b": file("1")}), ConfigTree({"a": file("2"), "b": file("2")})
    propagate(old, tmp_path)
    real, renamed = os.replace, []

    class Killed(BaseException):
        pass

    def replace(self, target):
        if renamed:
            raise Killed
        renamed.append(target)
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.replace", replace)
        with pytest.raises(Killed):
            propagate(new, tmp_path)
    assert (tmp_path / "b").read_text() == "1"
    propagate(new, tmp_path)
    assert from_directory(tmp_path) == new


def test_what_reads_back_differently_is_a_failure(tmp_path):
    missing_parent = ConfigTree({"d/a": file("x")})
    with pytest.raises(StepFailed, match="is not what was written"):
        propagate(missing_parent, tmp_path / "v")


def test_difference_and_fingerprints():
    one, two = tree(a="1", b="1"), tree(b="2", c="1")
    assert difference(one, two) == [Change("a", "removed"), Change("b", "changed"), Change("c", "added")]
    assert fingerprints({"v": one}, b"k") == {"v": one.fingerprint(b"k")}


def test_a_full_disk_is_told_and_leaves_every_old_file_whole(small_disk):
    big = "x" * 300_000
    old = ConfigTree({"a": file("old"), "b": file("old"), "gone": file("old"), "d": file("was no folder")})
    new = ConfigTree({"a": file(big), "b": file(big), "c": file(big), "d": folder(), "d/e": file(big)})
    propagate(old, small_disk / "v")
    with pytest.raises(HostError, match="No space left on device"):
        propagate(new, small_disk / "v")
    assert from_directory(small_disk / "v") == old


def test_a_link_to_a_folder_becomes_a_folder_and_what_it_led_to_is_left_alone(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "v").mkdir()
    (tmp_path / "v/d").symlink_to(tmp_path / "elsewhere")
    wanted = ConfigTree({"d": folder(), "d/e": folder(), "d/e/f": file("x")})
    propagate(wanted, tmp_path / "v")
    assert from_directory(tmp_path / "v") == wanted and list((tmp_path / "elsewhere").iterdir()) == []
