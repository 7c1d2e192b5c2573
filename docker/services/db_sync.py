#!/usr/bin/python3
"""Brings a service's tables to the version of this image. Run again at any time.

    db_sync.py CONFIG USER COMMAND ...

CONFIG is an oslo.config file with [database] connection; COMMAND is the service's own (such as `cinder-manage db
sync`), run as USER.

MariaDB's DDL is in no transaction. A first migration that was killed leaves tables that no version tells of, and each
later one ends with "Table already exists". Then no service ever worked with them, so they hold nothing but what the
migration itself put there: they are dropped, and the migration begins anew. That it is the first stands in a table of
ours from its begin to its end, because a long one (Neutron's has some two hundred versions) can be killed between any
two.
"""

import configparser
import os
import pwd
import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy
from sqlalchemy import exc, text

PATIENCE = 120.0  # seconds, for the database to answer and for what a killed migration left running
TURN = 900.0  # seconds, for the migrations of the other nodes, each of which may be a first one
SEEDS = 100  # rows that a first migration may have written; more is data that nobody may drop
VERSIONS = ("alembic_version", "migrate_version")
FIRST = "treadle_first_migration"


def main(config: str, user: str, command: list[str]) -> int:
    connection = locked(read(config)["database"]["connection"])
    tables = half_made(connection)
    if tables:
        drop(connection, tables)
    if not sqlalchemy.inspect(connection).get_table_names():
        connection.execute(text(f"CREATE TABLE {FIRST} (id INTEGER)"))
    account = pwd.getpwnam(user)
    code = subprocess.run(command, check=False, user=account.pw_uid, group=account.pw_gid,
                          extra_groups=os.getgrouplist(user, account.pw_gid),
                          env={**os.environ, "HOME": account.pw_dir}).returncode
    if code == 0:
        connection.execute(text(f"DROP TABLE IF EXISTS {FIRST}"))
    return code


def read(config: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(Path(config).read_text(encoding="utf-8"), config)
    return parser


def locked(url: str) -> sqlalchemy.Connection:
    """A connection that no other of these scripts has to this database, one at a time in the whole cluster."""
    engine = sqlalchemy.create_engine(url)
    connection = connect(engine)
    # The server drops the lock with the connection.
    name = f"treadle db_sync {engine.url.database}"[:64]
    if not connection.scalar(text("SELECT GET_LOCK(:name, :patience)"), {"name": name, "patience": int(TURN)}):
        sys.exit(f"Another db_sync of the database {engine.url.database} runs since {TURN:.0f} s.")
    return connection


def connect(engine: sqlalchemy.Engine) -> sqlalchemy.Connection:
    """Waits for a database that is starting. A refused login ends the wait at once."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        except exc.OperationalError as error:
            code = error.orig.args[0] if error.orig else 0
            if code in (1044, 1045, 1049) or time.monotonic() > end:
                sys.exit(f"The database cannot be reached: {error.orig}")
            time.sleep(1)


def half_made(connection: sqlalchemy.Connection) -> list[str]:
    """The tables of a first migration that was killed, or none."""
    tables = sqlalchemy.inspect(connection).get_table_names()
    if FIRST not in tables and any(count(connection, version) for version in VERSIONS if version in tables):
        return []
    full = [table for table in tables if table not in VERSIONS and count(connection, table) > SEEDS]
    if full:
        sys.exit(f"There is no version of the tables, or their first migration was not completed, but data in "
                 f"{', '.join(sorted(full))}: refusing to begin anew. Restore the whole database, with its table "
                 f"alembic_version and without {FIRST}.")
    return [table for table in tables if table not in VERSIONS]


def count(connection: sqlalchemy.Connection, table: str) -> int:
    quoted = connection.dialect.identifier_preparer.quote(table)
    found = connection.scalar(text(f"SELECT COUNT(*) FROM {quoted}"))
    return int(found or 0)


def drop(connection: sqlalchemy.Connection, tables: list[str]) -> None:
    """When the statement that the killed migration left behind in the server has ended."""
    end = time.monotonic() + PATIENCE
    others = text("SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() "
                  "AND id <> CONNECTION_ID() AND command <> 'Sleep'")
    while connection.scalar(others) and time.monotonic() < end:
        time.sleep(0.2)
    tables = sqlalchemy.inspect(connection).get_table_names()
    print(f"The first migration was not completed: dropping its {len(tables)} tables and beginning anew.", flush=True)
    connection.execute(text("SET FOREIGN_KEY_CHECKS = 0"))
    for table in tables:
        connection.execute(text(f"DROP TABLE {connection.dialect.identifier_preparer.quote(table)}"))
    connection.execute(text("SET FOREIGN_KEY_CHECKS = 1"))


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
