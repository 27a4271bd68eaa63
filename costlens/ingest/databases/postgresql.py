"""Read tables of PostgreSQL: in one read-only transaction, by `copy ... to stdout`."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.config.address import Address
from costlens.config.notes import listed
from costlens.ingest.databases.groups import GROUP, MANY, Groups
from costlens.ingest.databases.trouble import (
    TroubleError,
    broken,
    no_answer,
    no_database,
    not_allowed,
    not_installed,
    refused,
)

if TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composable

_TIMEOUT_S = 10
# From the catalogue itself: information_schema hides what the user may not read.
_COLUMNS = b"""
select c.relname, a.attname, a.atttypid = 'boolean'::regtype
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
join pg_attribute as a on a.attrelid = c.oid
where c.relkind in ('r', 'v', 'm', 'p', 'f') and a.attnum > 0 and not a.attisdropped
    and case
        when %(schema)s::text is not null then n.nspname = %(schema)s
        else pg_table_is_visible(c.oid) and n.nspname not in ('pg_catalog', 'information_schema')
    end
order by c.relname, a.attnum
"""
_SCHEMAS = b"""
select nspname from pg_namespace
where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1
"""


@dataclass(kw_only=True)
class PostgreSQL:
    """A database of PostgreSQL as it was when the transaction began."""

    connection: "psycopg.Connection"
    schema: str | None
    booleans: set[tuple[str, str]] = field(default_factory=set)
    reads: str = ""  # what is read just now

    def columns(self) -> dict[str, tuple[str, ...]]:
        """List the tables and views, each with its columns."""
        rows = self.connection.execute(_COLUMNS, {"schema": self.schema}).fetchall()
        found: dict[str, tuple[str, ...]] = {}
        for table, column, is_boolean in rows:
            found[table] = (*found.get(table, ()), column)
            if is_boolean:
                self.booleans.add((table, column))
        if self.schema and not found:
            self._refuse_schema(self.schema)
        return found

    def _refuse_schema(self, schema: str) -> None:
        schemas = [row[0] for row in self.connection.execute(_SCHEMAS).fetchall()]
        if schema not in schemas:
            raise TroubleError(f'there is no schema "{schema}"', f"it has {listed(schemas)}")

    def hash_rows(self, table: str, columns: tuple[str, ...]) -> Groups:
        """Count and hash each group of rows where they are, in whatever order they stand."""
        from psycopg.sql import SQL

        self.reads = f"the table {table}"
        query = SQL(
            "select {group}, count(*), sum(hashtextextended(one::text, 0)), "
            "sum(hashtextextended(one::text, 1)) from ({rows}) as one group by 1"
        ).format(group=_group(), rows=self._select(table, columns))
        rows = self.connection.execute(query).fetchall()
        return {group: " ".join(map(str, told)) for group, *told in rows}

    def write_csv(
        self,
        table: str,
        columns: tuple[str, ...],
        out: Path,
        *,
        groups: Collection[int] | None = None,
        limit: int | None = None,
    ) -> None:
        """Stream the group and some columns of the rows into a file."""
        from psycopg.sql import SQL, Identifier, Literal

        self.reads = f"the table {table}"
        select = SQL("select {group} as {name}, one.* from ({rows}) as one").format(
            group=_group(), name=Identifier(GROUP), rows=self._select(table, columns)
        )
        if groups is not None:
            select = SQL("{} where {} = any({})").format(select, _group(), Literal([*groups]))
        if limit:
            select = SQL("{} limit {}").format(select, Literal(limit))
        query = SQL("copy ({}) to stdout (format csv, header)").format(select)
        with (
            out.open("wb") as file,
            self.connection.cursor() as cursor,
            cursor.copy(query) as rows,
        ):
            for block in rows:
                file.write(block)

    def _select(self, table: str, columns: tuple[str, ...]) -> "Composable":
        """Select columns; true is 1, as it is in the other databases."""
        from psycopg.sql import SQL, Identifier

        named = [
            SQL("{0}::integer as {0}" if (table, one) in self.booleans else "{0}").format(
                Identifier(one)
            )
            for one in columns
        ]
        place = (self.schema, table) if self.schema else (table,)
        return SQL("select {} from {}").format(SQL(", ").join(named), Identifier(*place))


def _group() -> "Composable":
    """Say which group a row is in."""
    from psycopg.sql import SQL, Literal

    whole = SQL("(hashtextextended(one::text, 0) & {})::integer")
    return whole.format(Literal(MANY - 1))


@contextmanager
def opened(address: Address, password: str | None, schema: str | None) -> Iterator[PostgreSQL]:
    """Open a database in one read-only transaction; say in our words what goes wrong."""
    try:
        import psycopg
    except ImportError:
        raise not_installed("postgresql", "psycopg") from None
    try:
        where = psycopg.conninfo.make_conninfo(
            host=address.host,
            port=address.port,
            user=address.user,
            password=password,
            dbname=address.database,
            connect_timeout=_TIMEOUT_S,
            application_name="costlens",
            client_encoding="utf8",
            **address.options,
        )
        # A pool may give each transaction another session, which knows no prepared statements.
        connection = psycopg.connect(where, prepare_threshold=None)
    except psycopg.Error as error:
        raise _not_opened(address, str(error)) from error
    database = PostgreSQL(connection=connection, schema=schema)
    with connection:
        try:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            for setting in (
                b"set local time zone 'UTC'",
                b"set local datestyle = 'ISO'",
                b"set local intervalstyle = 'iso_8601'",
                b"set local extra_float_digits = 1",
                b"set local bytea_output = 'hex'",
            ):
                connection.execute(setting)
            yield database
        except psycopg.errors.InsufficientPrivilege as error:
            raise not_allowed(address, database.reads or "its tables") from error
        except psycopg.Error as error:
            raise broken(_first_line(str(error))) from error


def _not_opened(address: Address, said: str) -> TroubleError:
    """Tell by the words of libpq why there is no connection; it gives no code."""
    reason = _first_line(said.rpartition("failed: ")[2] if "failed: " in said else said)
    if re.search(r'database ".*" does not exist', said):
        return no_database()
    if "no password supplied" in said:
        return refused(address, with_password=False)
    if re.search(r'password authentication failed|role ".*" does not exist', said):
        return refused(address, with_password=True)
    if re.search(r"FATAL:|SSL|certificate", said):
        return TroubleError(
            f"the server refuses the connection: {reason}",
            "see what the server allows, and write ?sslmode= after the url where it asks for TLS",
        )
    return no_answer(reason)


def _first_line(said: str) -> str:
    return said.strip().split("\n", 1)[0].removeprefix("FATAL:").strip()
