"""What the containers of the small cloud run: a service that rereads its options on SIGHUP, or a one-shot.

    small_program.py serve|once NAME OPTIONS-FILE

It runs in the image's Python, with nothing but the standard library, and keeps in /var/lib/small:

rows    one number a line, each the number before and one, over all its lives: a gap or a repetition is lost data
taken   JSON: the options that it works with, since when, and with which process id
ran     one JSON line for each time that the one-shot came to its end

Options: ``[log] debug`` and ``[log] prefix`` are said to be mutable by those who use it, ``[listen] backlog`` is not.
``[faults]``: ``deaf`` does not take anything on SIGHUP, ``silent`` takes it without a word, ``fail`` is a one-shot's
exit code, ``seconds`` how long it works.
"""

from __future__ import annotations

import configparser
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

DATA = Path(os.environ.get("SMALL_DATA", "/var/lib/small"))
READY = Path("/dev/shm/ready")  # which every start of the container makes anew
PAUSE = 0.02


def read(path: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(default_section="\0")
    if path != "-":
        parser.read_string(Path(path).read_text())
    return {section: dict(parser[section]) for section in parser.sections()}


def said(options: dict[str, dict[str, str]], fault: str, default: str = "") -> str:
    return options.get("faults", {}).get(fault, default)


class Service:
    """One life of a service."""

    def __init__(self, name: str, path: str) -> None:
        self.name, self.path, self.options = name, path, read(path)
        self.began, self.ended = time.time(), False
        signal.signal(signal.SIGHUP, lambda *_: self.reload())
        signal.signal(signal.SIGTERM, lambda *_: self.end())

    def reload(self) -> None:
        """As oslo.config's mutate_config_files does, and with its words."""
        if said(self.options, "deaf") == "true":
            return
        old, self.options = self.options, read(self.path)
        self.tell()
        pairs = {(s, o) for options in (old, self.options) for s, values in options.items() for o in values}
        for section, option in sorted(pairs):
            a, b = old.get(section, {}).get(option), self.options.get(section, {}).get(option)
            if a != b and said(self.options, "silent") != "true":
                print(f"Option {section}.{option} changed from [{a}] to [{b}]", flush=True)

    def end(self) -> None:
        self.ended = True

    def tell(self) -> None:
        replace(DATA / "taken", {"options": self.options, "began": self.began, "pid": os.getpid()})

    def serve(self) -> None:
        print(f"{self.name} began", flush=True)
        rows = DATA / "rows"
        number = last(rows)
        self.tell()
        READY.touch()
        with socket.socket(), rows.open("ab", buffering=0) as out:  # by a socket one sees that a service is up
            while not self.ended:
                number += 1
                out.write(b"%d\n" % number)
                time.sleep(PAUSE)
        print(f"{self.name} ended", flush=True)


def last(rows: Path) -> int:
    """The last number that was written."""
    lines = rows.read_bytes().split() if rows.exists() else []
    return int(lines[-1]) if lines else 0


def replace(path: Path, document: dict[str, Any]) -> None:
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.write_text(json.dumps(document))
    new.replace(path)


def once(path: str) -> int:
    """Work for a while, note that it was done."""
    options = read(path)
    time.sleep(float(said(options, "seconds", "0")))
    code = int(said(options, "fail", "0"))
    print(f"done with {code}", flush=True)
    if code == 0:
        with (DATA / "ran").open("ab", buffering=0) as out:
            out.write(json.dumps({"options": options}).encode() + b"\n")
    return code


if __name__ == "__main__":
    kind, name, path = sys.argv[1:4]
    if kind == "once":
        sys.exit(once(path))
    Service(name, path).serve()
