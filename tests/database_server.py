"""A server of databases, with what a test makes on it."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
import pymysql

from costlens.config.address import Address, address_of
from costlens.ingest.databases import mysql, postgresql
from costlens.ingest.databases.reading import Database

Connection = psycopg.Connection | pymysql.Connection
# What the tools make of these types there.
TYPES = {
    "postgresql": {
        "TIMESTAMP": "timestamp with time zone",
        "DATETIME": "timestamp with time zone",
        "BLOB": "bytea",
        "FLOAT": "double precision",
    },
    "mysql": {
        "TIMESTAMP": "timestamp(6) null",
        "DATETIME": "timestamp(6) null",
        "BLOB": "blob",
        "FLOAT": "double",
        "TEXT": "mediumtext",
    },
}


@dataclass(kw_only=True)
class Server:
    """A server as its own user sees it, and the databases and users that were made there."""

    address: Address
    databases: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    connections: dict[str, Connection] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.address.kind

    def run(
        self, *statements: str, database: str = "", rows: Sequence[Sequence[object]] = ()
    ) -> None:
        """Run statements; the rows go into the last of them."""
        with self._connection(database or self.address.database).cursor() as cursor:
            for statement in statements:
                if rows and statement is statements[-1]:
                    cursor.executemany(statement, rows)
                else:
                    cursor.execute(statement)

    def _connection(self, database: str) -> Connection:
        if database not in self.connections:
            where = {
                "host": self.address.host,
                "port": self.address.port,
                "user": self.address.user,
            }
            if self.kind == "postgresql":
                made = psycopg.connect(
                    dbname=database, autocommit=True, connect_timeout=60, **where
                )
                made.execute("set time zone 'UTC'")
            else:
                made = pymysql.connect(
                    database=database,
                    autocommit=True,
                    connect_timeout=60,
                    charset="utf8mb4",
                    ssl_disabled=True,
                    password=os.environ.get("MYSQL_PWD", ""),
                    **where,
                )
                made.cursor().execute("set time_zone = '+00:00', sql_mode = 'ansi_quotes'")
            self.connections[database] = made
        return self.connections[database]

    def make(self) -> str:
        """Make a database; give its name."""
        name = f"costlens_test_{uuid4().hex[:12]}"
        self.run(f"create database {name}" + (" charset utf8mb4" if self.kind == "mysql" else ""))
        self.databases.append(name)
        return name

    def make_user(self, database: str, *tables: str, password: str) -> str:
        """Make a user that may read some tables of a database and no more."""
        name = f"costlens_{uuid4().hex[:12]}"
        if self.kind == "postgresql":
            self.run(f"create role {name} login password '{password}'")
            self.users.append(name)
            self.run(*(f"grant select on {table} to {name}" for table in tables), database=database)
        else:
            self.run(f"create user {name} identified by '{password}'")
            self.users.append(name)
            self.run(*(f"grant select on {database}.{table} to {name}" for table in tables))
        return name

    def url(self, database: str, *, user: str = "") -> str:
        host, port = self.address.host, self.address.port
        return f"{self.kind}://{user or self.address.user}@{host}:{port}/{database}"

    def opened(self, database: str) -> AbstractContextManager[Database]:
        """Open a database as a source does."""
        address = address_of(self.url(database))
        assert address is not None
        how = postgresql if self.kind == "postgresql" else mysql
        return how.opened(address, None, None)

    def asks_for_passwords(self, user: str) -> bool:
        """Say whether the server refuses a user who gives a wrong one."""
        place = {"host": self.address.host, "port": self.address.port, "user": user}
        try:
            if self.kind == "postgresql":
                psycopg.connect(dbname="postgres", password="wrong", **place).close()
            else:
                pymysql.connect(password="wrong", **place).close()
        except (psycopg.Error, pymysql.Error):
            return True
        return False

    def shown(self, database: str) -> str:
        found = address_of(self.url(database))
        assert found is not None
        return found.shown

    def copy(self, store: Path, database: str, *tables: str) -> None:
        """Copy tables of a SQLite database, with the types that the tools use on such a server."""
        with closing(sqlite3.connect(store)) as con:
            columns = {
                table: [
                    (row[1], TYPES[self.kind].get(row[2], row[2]))
                    for row in con.execute(f"pragma table_info({table})")
                ]
                for table in tables
            }
            for table, one in columns.items():
                made = ", ".join(f'"{name}" {kind}' for name, kind in one)
                self.run(f"create table {table} ({made})", database=database)
            self.run("begin", database=database)
            for table, one in columns.items():
                kinds = [kind for _, kind in one]
                rows = [
                    tuple(map(_cell, row, kinds)) for row in con.execute(f"select * from {table}")
                ]
                if rows:
                    marks = ", ".join("%s" for _ in one)
                    self.run(f"insert into {table} values ({marks})", database=database, rows=rows)
            self.run("commit", database=database)

    def clear(self) -> None:
        """Take away all that was made."""
        for name in self.databases:
            if name in self.connections:
                self.connections.pop(name).close()
        for name in self.databases:
            self.run(f"drop database {name}" + (" (force)" if self.kind == "postgresql" else ""))
        for name in self.users:
            self.run(f"drop {'role' if self.kind == 'postgresql' else 'user'} {name}")


def _cell(cell: object, kind: str) -> object:
    """Give a value of SQLite, which has no truth values, as one of a type."""
    return bool(cell) if cell is not None and kind == "BOOLEAN" else cell
