"""Read tables of MySQL or MariaDB: in one read-only transaction, row by row as they come."""

import csv
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from costlens.config.address import Address
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
    import pymysql
    from pymysql.cursors import SSCursor

_TIMEOUT_S = 10
_BLOCK = 10_000
_BEGIN = (
    "set session transaction isolation level repeatable read, read only",
    "set session time_zone = '+00:00'",
    "start transaction with consistent snapshot, read only",
)
_COLUMNS = """
select table_name, column_name, data_type from information_schema.columns
where table_schema = database() order by table_name, ordinal_position
"""
_BYTES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
_DENIED = {1044, 1045, 1698}
_NO_DATABASE = 1049
_NOT_ALLOWED = {1142, 1143, 1227, 1370}
_UNREACHED = {2002, 2003, 2005, 2013}
_NO_TLS = 2026


@dataclass(kw_only=True)
class MySQL:
    """A database of MySQL as it was when the transaction began."""

    connection: "pymysql.Connection[SSCursor]"
    bytes: set[tuple[str, str]] = field(default_factory=set)
    reads: str = ""  # what is read just now

    def columns(self) -> dict[str, tuple[str, ...]]:
        """List the tables and views, each with its columns; those the user may read."""
        found: dict[str, tuple[str, ...]] = {}
        for table, column, kind in self._rows(_COLUMNS):
            found[table] = (*found.get(table, ()), column)
            if kind in _BYTES:
                self.bytes.add((table, column))
        return found

    def hash_rows(self, table: str, columns: tuple[str, ...]) -> Groups:
        """Count and hash each group of rows where they are, in whatever order they stand."""
        self.reads = f"the table {table}"
        # A row without a hash is never the same; its group always is.
        hashed = f"select {self._hash(table, columns)} as h from {_name(table)}"
        rows = self._rows(
            f"select {_group('h')}, count(*), "
            "sum(cast(conv(substr(coalesce(h, md5(uuid())), 1, 16), 16, 10) as unsigned)), "
            "sum(cast(conv(substr(coalesce(h, md5(uuid())), 17, 16), 16, 10) as unsigned)) "
            f"from ({hashed}) as hashed group by 1"
        )
        return {int(group): " ".join(map(str, told)) for group, *told in rows}

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
        self.reads = f"the table {table}"
        cells = ", ".join(self._cell(table, column) for column in columns)
        group = _group(self._hash(table, columns))
        select = f"select {group}, {cells} from {_name(table)}"
        if groups is not None:
            select += f" where {group} in ({', '.join(map(str, groups))})"
        if limit:
            select += f" limit {limit}"
        with out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow((GROUP, *columns))
            for rows in self._blocks(select):
                writer.writerows(rows)

    def _hash(self, table: str, columns: tuple[str, ...]) -> str:
        """Hash a row; one that is too long for the server to put together has no hash."""
        cells = ", ".join(f"quote({self._cell(table, column)})" for column in columns)
        return f"md5(concat_ws(',', {cells}))"

    def _cell(self, table: str, column: str) -> str:
        named = _name(column)
        return f"hex({named})" if (table, column) in self.bytes else named

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:  # any: what a server gives
        return [row for rows in self._blocks(sql) for row in rows]

    def _blocks(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:  # any: what a server gives
        cursor = self.connection.cursor()
        cursor.execute(sql)
        while rows := cursor.fetchmany(_BLOCK):
            yield list(rows)


@contextmanager
def opened(address: Address, password: str | None, _schema: str | None) -> Iterator[MySQL]:
    """Open a database in one read-only transaction; say in our words what goes wrong."""
    try:
        import pymysql
        from pymysql.converters import encoders
        from pymysql.cursors import SSCursor
    except ImportError:
        raise not_installed("mysql", "PyMySQL") from None
    as_written: dict[Any, Any] = dict(encoders)  # any: of both ways, of which this is one
    try:
        connection = pymysql.connect(
            host=address.host,
            port=address.port,
            user=address.user,
            password=(password or "").encode(),  # text would go as Latin-1
            database=address.database,
            connect_timeout=_TIMEOUT_S,
            read_timeout=_TIMEOUT_S,  # of the greeting; rows may be hashed for longer
            program_name="costlens",
            charset="utf8mb4",
            conv=as_written,
            cursorclass=SSCursor,
            **_tls(address),
        )
    except (pymysql.Error, OSError, RuntimeError) as error:
        raise _not_opened(address, error, with_password=password is not None) from error
    vars(connection)["_read_timeout"] = None  # there is no public way
    database = MySQL(connection=connection)
    try:
        for statement in _BEGIN:
            database._rows(statement)
        yield database
    except pymysql.Error as error:
        if error.args and error.args[0] in _NOT_ALLOWED:
            raise not_allowed(address, database.reads or "its tables") from error
        raise broken(str(error.args[-1]) if error.args else "no reason given") from error
    finally:
        connection.close()


def _tls(address: Address) -> dict[str, Any]:  # any: what PyMySQL takes
    """Say to PyMySQL what `sslmode` says to libpq; by default it takes TLS where there is some."""
    mode = address.options.get("sslmode", "prefer")
    if mode == "prefer":
        return {}
    if mode == "disable":
        return {"ssl_disabled": True}
    root = address.options.get("sslrootcert", "system")
    context = ssl.create_default_context(cafile=None if root == "system" else root)
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return {"ssl": context}


def _not_opened(address: Address, error: Exception, *, with_password: bool) -> TroubleError:
    code = error.args[0] if error.args else None
    said = str(error.args[-1]) if error.args else str(error)
    if code == _NO_DATABASE:
        return no_database()
    if code in _DENIED:
        return refused(address, with_password=with_password)
    if code == _NO_TLS:
        return TroubleError(f"TLS cannot be agreed on: {said}", "correct ?sslmode= in url:")
    if code in _UNREACHED:
        return no_answer(said.rpartition("(")[2].rstrip(")") if "(" in said else said)
    return TroubleError(f"the connection is refused: {said}", "see what the server allows")


def _group(hashed: str) -> str:
    """Say which group a row is in; those without a hash are in the first."""
    return f"coalesce(cast(conv(substr({hashed}, 1, 4), 16, 10) as unsigned) % {MANY}, 0)"


def _name(text: str) -> str:
    return "`" + text.replace("`", "``") + "`"
