#!/usr/bin/env python3
"""Brings a running MariaDB to what /etc/mysql/my.cnf and /etc/mysql/root.sql say now.

    mysql_reload

Options that the server lets be set while it runs are set by SET GLOBAL and read back; those that are not in the file
any more get their default. Certificate and key are read again. What did not become so is said, with exit status 1:
then it takes a restart. The server is asked as its own user through its socket, and gets statements on standard input:
no password is needed or shown.

Source: MariaDB's information_schema.SYSTEM_VARIABLES.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CLIENT = ("mariadb", "--no-defaults", "--socket=/run/mysqld/mysqld.sock", "--batch", "--skip-column-names")
ROOT = Path("/etc/mysql/root.sql")
SIZES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
ON, OFF = ("ON", "1", "TRUE", "YES"), ("OFF", "0", "FALSE", "NO")


@dataclass(frozen=True)
class Variable:
    """One variable of the server. ``kind`` is BOOLEAN, INT, BIGINT UNSIGNED, DOUBLE, VARCHAR, ENUM, SET or FLAGSET;
    ``origin`` CONFIG, SQL, AUTO, COMPILE-TIME or COMMAND-LINE."""

    name: str
    value: str
    kind: str
    origin: str
    default: str

    @property
    def number(self) -> bool:
        return "INT" in self.kind or self.kind == "DOUBLE"

    def normal(self, text: str) -> str:
        """A value in the one form in which two of them can be compared."""
        if self.kind == "BOOLEAN" or (not self.number and text.upper() in ON + OFF):
            return "ON" if text.upper() in ON else "OFF"
        sized = re.fullmatch(r"(\d+)([KMGT])?", text.strip(), re.IGNORECASE) if self.number else None
        if sized:
            return f"{int(sized[1]) * SIZES.get((sized[2] or '').upper(), 1):.6f}"
        if self.number:
            return f"{float(text):.6f}"
        return text.upper() if self.kind in ("ENUM", "SET", "FLAGSET") else text

    def literal(self, text: str) -> str:
        """A value as SQL has it."""
        if self.number:
            value = self.normal(text)
            return value if self.kind == "DOUBLE" else value.partition(".")[0]
        quoted = text.replace("\\", "\\\\").replace("'", "''")
        return f"'{quoted}'"


def ask(statements: str) -> list[list[str]]:
    done = subprocess.run(CLIENT, input=statements, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr.strip() or f"the client ended with {done.returncode}")
    return [line.split("\t") for line in done.stdout.splitlines()]


def variables() -> dict[str, Variable]:
    """Those that can be set for the whole server while it runs."""
    # A node of a Galera cluster would leave it for new addresses, which it needs at its next start only.
    rows = ask("SELECT LOWER(VARIABLE_NAME), GLOBAL_VALUE, VARIABLE_TYPE, GLOBAL_VALUE_ORIGIN,"
               " IFNULL(DEFAULT_VALUE, '') FROM information_schema.SYSTEM_VARIABLES WHERE READ_ONLY = 'NO'"
               " AND GLOBAL_VALUE IS NOT NULL AND VARIABLE_SCOPE IN ('GLOBAL', 'SESSION')"
               " AND VARIABLE_NAME NOT LIKE 'WSREP\\_%'")
    return {row[0]: Variable(*row) for row in rows}


def options() -> dict[str, str]:
    """What the server's option files say; an option without a value switches something on."""
    done = subprocess.run(["my_print_defaults", "--mysqld"], capture_output=True, text=True, check=True)
    pairs = (line.removeprefix("--").partition("=") for line in done.stdout.splitlines())
    return {name.replace("-", "_").removeprefix("loose_"): value if equals else "ON" for name, equals, value in pairs}


def reload() -> list[str]:
    """Set what differs; gives in words what did not become so."""
    wanted, known = options(), variables()
    changed = [variable for name, variable in known.items()
               if name in wanted and variable.normal(wanted[name]) != variable.normal(variable.value)]
    unset = [variable for name, variable in known.items() if name not in wanted and variable.origin in ("CONFIG", "SQL")
             and variable.normal(variable.value) != variable.normal(variable.default)]
    for variable in changed:
        ask(f"SET GLOBAL {variable.name} = {variable.literal(wanted[variable.name])};")
    for variable in unset:
        ask(f"SET GLOBAL {variable.name} = DEFAULT;")
    if "ssl_cert" in wanted:
        ask("FLUSH SSL;")
    ask(ROOT.read_text())
    now = variables()
    wrong = [f"{v.name} is {now[v.name].value}, not {wanted[v.name]}" for v in changed
             if v.normal(wanted[v.name]) != v.normal(now[v.name].value)]
    return wrong + [f"{v.name} is {now[v.name].value}, not its default {v.default}" for v in unset
                    if v.normal(v.default) != v.normal(now[v.name].value)]


if __name__ == "__main__":
    left = reload()
    print("\n".join(left))
    sys.exit(1 if left else 0)
