"""``__main__`` of the archive: unpacks it beside itself, once, because compiled modules cannot be loaded out of it."""

import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path


def home(archive: Path) -> Path:
    """The folder of what the archive holds."""
    place = archive.with_suffix("")
    if not place.is_dir():
        draft = tempfile.mkdtemp(dir=archive.parent)
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(draft)
        try:
            os.rename(draft, place)  # noqa: PTH104
        except OSError:  # another session was faster
            shutil.rmtree(draft)
            if not place.is_dir():
                raise
    return place


if __name__ == "__main__":
    sys.path.insert(0, str(home(Path(sys.argv[0]).resolve())))
    from treadle.node.main import main

    sys.exit(main())
