"""Runs on a node, given to its Python as text: takes the archive where it is not there yet, and becomes it.

Anything from Python 3.4 on understands it, so that another Python than the archive's is told by a message.
"""

import hashlib
import json
import os
import shutil
import sys
import sysconfig

FOLDER = "/var/lib/treadle/agent"
KEPT = 2


def whole(path: str, digest: str) -> bool:
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return hashlib.sha256(file.read()).hexdigest() == digest
    except OSError:
        return False


def received(size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = os.read(0, size - len(data))
        if not part:
            sys.exit("the deployer is gone")
        data += part
    return data


def tidy(path: str) -> None:
    """Keep this version and the one that was used before it: who goes back to it need not copy it again."""
    names = os.listdir(FOLDER)  # noqa: PTH208
    others = [os.path.join(FOLDER, name) for name in names if name.endswith(".pyz")]  # noqa: PTH118
    others.remove(path)
    if not others:
        return
    os.utime(path)  # the order in which they were used
    for old in sorted(others, key=os.path.getmtime, reverse=True)[KEPT - 1:]:
        os.remove(old)  # noqa: PTH107
        shutil.rmtree(old[:-len(".pyz")], ignore_errors=True)


def main(digest: str, size: str, suffix: str) -> None:
    path = os.path.join(FOLDER, digest[:16] + ".pyz")  # noqa: PTH118
    mine = sysconfig.get_config_var("EXT_SUFFIX")
    usable = os.geteuid() == 0 and mine == suffix
    there = usable and whole(path, digest)
    print(json.dumps({"uid": os.geteuid(), "python": sys.version.split()[0], "suffix": mine, "there": there}))
    sys.stdout.flush()
    if not usable:
        sys.exit(1)
    if not there:
        data = received(int(size))
        if hashlib.sha256(data).hexdigest() != digest:
            sys.exit("what was copied is not what was sent")
        os.makedirs(FOLDER, mode=0o700, exist_ok=True)  # noqa: PTH103
        draft = "%s.%d" % (path, os.getpid())  # noqa: UP031
        with open(draft, "wb") as file:  # noqa: PTH123
            file.write(data)
        os.rename(draft, path)  # noqa: PTH104
    tidy(path)
    os.execv(sys.executable, [sys.executable, "-I", path])


if __name__ == "__main__":
    main(*sys.argv[1:])
