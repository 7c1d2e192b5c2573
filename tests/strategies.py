"""Hypothesis strategies: config trees as a file system can hold them, odd names, symbolic links and modes included."""

from __future__ import annotations

import os

from hypothesis import strategies as st

from treadle.generate.tree import ConfigTree, File

_ROOT = os.geteuid() == 0
#: Bytes that no UTF-8 text has, blanks, quotes, backslashes, tabs and line ends are all names to a kernel.
_raw = st.one_of(
    st.sampled_from([b"a", b"b.conf", b"etc", b" lead", b"trail ", b'q"uote', b"it's", b"back\\slash", b"new\nline",
                     b"tab\t", b"\xff\xfe", "é".encode(), b"-dash", b"@secret:A@", b"..x", b"*", b"{a,b}"]),
    st.binary(min_size=1, max_size=12))
_names = _raw.map(lambda raw: os.fsdecode(raw.replace(b"/", b"_").replace(b"\0", b"_"))).filter(
    lambda name: name not in (".", "..", ".git") and not name.endswith(".treadle-new"))
_ids = st.sampled_from([0, 1, 42, 42435, 65534]) if _ROOT else st.just(os.geteuid())
_groups = _ids if _ROOT else st.just(os.getegid())
_file_modes = st.sampled_from([0o644, 0o600, 0o640, 0o755, 0o444, 0o4755, 0o2750, *([0] if _ROOT else [])])
_dir_modes = st.sampled_from([0o755, 0o700, 0o1777, 0o2775])
contents = st.one_of(st.binary(max_size=64), st.sampled_from([b"", b"\n", b"a = 1\n", b"x\0y", b"@secret:", b"\r\n"]))
_targets = st.one_of(st.sampled_from(["/etc/hosts", "../x", "no where", "@secret:=@"]), _names)


@st.composite
def _entries(draw: st.DrawFn, depth: int = 3) -> dict[str, File]:
    found: dict[str, File] = {}
    for name in draw(st.lists(_names, max_size=4, unique=True)):
        uid, gid = draw(_ids), draw(_groups)
        kind = draw(st.sampled_from(["file", "file", "link", "dir"] if depth else ["file", "link"]))
        if kind == "dir":
            found[name] = File("dir", draw(_dir_modes), uid, gid)
            found.update({f"{name}/{inner}": entry for inner, entry in draw(_entries(depth - 1)).items()})
        elif kind == "link":
            found[name] = File("link", 0o777, uid, gid, os.fsencode(draw(_targets)))
        else:
            found[name] = File("file", draw(_file_modes), uid, gid, draw(contents))
    return found


trees = _entries().map(ConfigTree)
