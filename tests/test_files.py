"""Files are the old one or the new one, never half of either."""

import os
import signal
import stat
from pathlib import Path

import pytest

from treadle.errors import HostError, InputError
from treadle.files import append_private, host_error, last_line, read_document, sweep, write_atomic, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("data", "held"), [("é", "é".encode()), (b"\0", b"\0"), ("", b"")])
def test_text_and_bytes(tmp_path, data, held):
    write_atomic(tmp_path / "new/folder/file", data, mode=0o640)
    assert (tmp_path / "new/folder/file").read_bytes() == held
    assert mode(tmp_path / "new/folder/file") == 0o640


def test_a_reader_of_the_old_file_keeps_it(tmp_path):
    path = tmp_path / "file"
    write_atomic(path, "old", mode=0o600)
    with path.open() as reader:
        write_atomic(path, "new")
        assert reader.read() == "old"
    assert path.read_text() == "new" and mode(path) == 0o644


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    write_atomic(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "\udcff")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_left_is_swept(tmp_path):
    write_atomic(tmp_path / "folder/file", "old")
    pid = os.fork()
    if pid == 0:  # it dies between writing and renaming
        Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        write_atomic(tmp_path / "folder/file", "new")
    os.waitpid(pid, 0)
    assert len(list((tmp_path / "folder").iterdir())) == 2
    sweep(tmp_path, deep=False)
    assert len(list((tmp_path / "folder").iterdir())) == 2, "not that deep"
    sweep(tmp_path)
    assert [path.read_text() for path in (tmp_path / "folder").iterdir()] == ["old"]
    sweep(tmp_path / "none")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owner(tmp_path):
    write_atomic(tmp_path / "file", "x", owner=(42435, 42))
    info = (tmp_path / "file").stat()
    assert (info.st_uid, info.st_gid) == (42435, 42)


def test_private_files_and_the_folders_made_for_them(tmp_path):
    write_private(tmp_path / "new/file", "x")
    assert (mode(tmp_path / "new/file"), mode(tmp_path / "new")) == (0o600, 0o700)
    tmp_path.chmod(0o755)
    write_private(tmp_path / "file", "x")
    assert (mode(tmp_path / "file"), mode(tmp_path)) == (0o600, 0o755)


def test_a_document_is_read_missed_or_named_as_damaged(tmp_path):
    path = tmp_path / "runs.json"
    assert read_document(path, dict[str, int]) is None
    path.write_text('{"a": 1}')
    assert read_document(path, dict[str, int]) == {"a": 1}
    path.write_text('{"a": ')
    with pytest.raises(InputError, match=r"runs\.json: is damaged"):
        read_document(path, dict[str, int])


def test_a_full_disk_is_told_and_the_old_file_stays_whole(small_disk):
    write_atomic(small_disk / "a", "old")
    with pytest.raises(HostError, match="cannot be written: No space left on device") as caught:
        write_atomic(small_disk / "a", b"x" * 2_000_000)
    assert f"df -h {small_disk}" in str(caught.value) and str(small_disk / "a") in str(caught.value)
    assert (small_disk / "a").read_text() == "old" and [path.name for path in small_disk.iterdir()] == ["a"]


def test_a_line_is_added_whole_or_not_at_all(small_disk):
    path = small_disk / "made/journal"
    append_private(path, lambda last: last + b"first")
    with pytest.raises(HostError, match="journal: cannot be written: No space left on device"):
        append_private(path, lambda _: b"x" * 2_000_000)
    assert path.read_text() == "first\n" and mode(path) == 0o600 and mode(path.parent) == 0o700
    append_private(path, lambda last: last + b", second", durable=True)
    assert path.read_text() == "first\nfirst, second\n"


@pytest.mark.parametrize(("held", "last", "whole"), [
    (b"", b"", True), (b"a", b"a", False), (b"a\n", b"a", True), (b"a\nb", b"b", False), (b"a\n\n", b"", True),
    (b"a\n" + b"b" * 30_000 + b"\n", b"b" * 30_000, True), (b"b" * 30_000, b"b" * 30_000, False)])
def test_the_last_line_of_a_file(tmp_path, held, last, whole):
    (tmp_path / "f").write_bytes(held)
    with (tmp_path / "f").open("rb") as file:
        assert last_line(file.fileno()) == (last, whole)


@pytest.mark.parametrize(("error", "expected"), [
    (OSError(28, "No space left on device", "/a/b"), ["/a/b: cannot be written: No space", "df -h /a"]),
    (OSError(28, "No space left on device"), ["cannot be written", "df -h /"]),
    (PermissionError(13, "Permission denied", b"/a"), ["/a: Permission denied", "same command again"]),
    (OSError("odd"), ["odd"]),
])
def test_what_the_system_refuses_in_words(error, expected):
    assert all(word in str(host_error(error)) for word in expected)
