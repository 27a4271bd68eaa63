"""The table `loads`: which delivery every period stands on, and which ones it stood on before."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from costlens.errors import Finding
from costlens.lake import TABLES, Draft
from costlens.lake.views import name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


# In place of what supersedes it, of a load that came for a closed month: another bill, or the files
# that are loaded, which a pack that changed since would read anew.
HELD, UNREAD = "(held)", "(unread)"


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """A file of a load; its lines have x_line from `number` * 10^10 on."""

    number: int
    path: str
    sha256: str
    version: str = ""
    manifest: str = ""
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Load:
    """One row of `loads`. `files` holds the files, and what was noted when they were read."""

    load: str
    source: str
    pack: str
    makes: str
    period: str
    currency: str | None = None
    files: str
    pack_hash: str
    content_hash: str
    accounts: str
    tag_keys: str
    rows: int = 0
    source_billed: Decimal | None = None
    source_effective: Decimal | None = None
    billed: Decimal | None = None
    effective: Decimal | None = None
    residual_billed: Decimal | None = None
    residual_effective: Decimal | None = None
    first_day: date | None = None
    last_day: date | None = None
    loaded_at: datetime
    superseded_by: str | None = None

    @property
    def delivered(self) -> tuple[Delivered, ...]:
        """The files it was read from."""
        return tuple(
            Delivered(**{**one, "accounts": tuple(one["accounts"])})
            for one in json.loads(self.files)["files"]
        )

    @property
    def notes(self) -> list[Finding]:
        """The warnings of its reading, which stand as long as the load does."""
        return [Finding(**one) for one in json.loads(self.files)["notes"]]

    @property
    def columns(self) -> list[str]:
        """The columns of its pack that its files had; none where that was not noted."""
        named: list[str] = json.loads(self.files).get("columns", [])
        return named

    @property
    def is_current(self) -> bool:
        """Whether its rows are those that count."""
        return self.superseded_by is None

    @property
    def is_held(self) -> bool:
        """Whether it is another bill of a month that is closed: known, and not counted."""
        return self.superseded_by == HELD

    @property
    def waits(self) -> bool:
        """Whether it is to be read when its month is open again."""
        return self.superseded_by in (HELD, UNREAD)

    @property
    def was_read(self) -> bool:
        """Whether its rows ever counted; one that was held back has none."""
        return self.content_hash != ""


def files_json(
    delivered: Iterable[Delivered], notes: Iterable[Finding], columns: Iterable[str]
) -> str:
    """Write the files of a load, the columns they had, and what was noted about them."""
    whole = {
        "files": [_plain(one) for one in delivered],
        "columns": sorted(set(columns)),
        "notes": [_plain(one) for one in notes],
    }
    return json.dumps(whole, sort_keys=True)


def read_loads(con: "DuckDBPyConnection") -> list[Load]:
    """Read every load from the view `loads`."""
    names = [field.name for field in fields(Load)]
    columns = ", ".join(name(column) for column in names)
    rows = con.cursor().execute(f"select {columns} from loads").fetchall()
    return [Load(**dict(zip(names, row, strict=True))) for row in rows]


def write_loads(con: "DuckDBPyConnection", draft: Draft, loads: Sequence[Load]) -> None:
    """Write the table whole, in the order of its keys."""
    declared = TABLES["loads"].columns
    columns = ", ".join(f"{name(column)} {kind}" for column, kind in declared.items())
    con.execute(f"create or replace temp table loads_now ({columns})").fetchall()
    if loads:
        marks = ", ".join("?" for _ in declared)
        con.executemany(
            f"insert into loads_now values ({marks})",
            [[getattr(one, column) for column in declared] for one in sorted(loads, key=_order)],
        )
    draft.write(con, "loads", "select * from loads_now")
    con.execute("drop table loads_now").fetchall()


def _order(load: Load) -> tuple[str, ...]:
    return load.source, load.makes, load.period, load.load, load.currency or ""


def _plain(value: Delivered | Finding) -> dict[str, Any]:  # any: what JSON holds
    return {field.name: getattr(value, field.name) for field in fields(value)}
