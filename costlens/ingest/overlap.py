"""Find lines that stand in two exports of one bill, where lines say when they were exported.

Such lines have no number. Two files overlap if a line of one is equal, in all it becomes, to a line
of the other that was exported at the same instant. Parts of one delivery are not compared.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from costlens.errors import Finding
from costlens.ingest.fetch import part_key
from costlens.ingest.lines import LINES_A_FILE, SECOND_LINE
from costlens.ingest.packs import Pack
from costlens.ingest.rows import hash_sql, rows_sql
from costlens.ingest.source import Opened
from costlens.lake.views import name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLES = """
create or replace temp table stamps (delivery varchar, stamp timestamp);
create or replace temp table stamped (
    file integer, delivery varchar, line bigint, stamp timestamp, content hugeint
)
"""
# Most exports share no instant at all: then no line is compared.
_SHARED = """
create or replace temp table shared_stamps as
select stamp from stamps group by stamp having count(distinct delivery) > 1
"""
_TWICE = """
select l.file, min(e.file), count(distinct l.line), min(l.line)
from stamped as l
join stamped as e
    on l.stamp = e.stamp and l.content = e.content and l.file > e.file and l.delivery <> e.delivery
group by l.file
order by l.file
"""


def overlaps(con: "DuckDBPyConnection", pack: Pack, files: Sequence[Opened]) -> list[Finding]:
    """Compare the files of a source; one finding for each that repeats lines of an earlier one."""
    keys = [part_key(one.files[0].name) for one in files]
    if not pack.description.stamp or len(set(keys)) < 2:
        return []
    stamp = f"utc({name(pack.description.stamp)})"
    con.execute(_TABLES).fetchall()
    for one, key in zip(files, keys, strict=True):
        one.view(con)
        con.execute(f"insert into stamps select distinct ?, {stamp} from source", [key]).fetchall()
    con.execute(_SHARED).fetchall()
    for number, (one, key) in enumerate(zip(files, keys, strict=True)):
        one.view(con)
        rows = rows_sql(con, pack, "charges", tag_keys=frozenset())
        con.execute(
            f"insert into stamped select ?, ?, x_line, stamp, {hash_sql('charges')} "
            f"from (\n{rows}\n) as made "
            f"join (select x_line, {stamp} as stamp from source) as s using (x_line) "
            "semi join shared_stamps using (stamp) "
            f"where x_line % {LINES_A_FILE} < {SECOND_LINE} group by x_line, stamp",
            [number, key],
        ).fetchall()
    return [
        Finding(
            message=f"{lines:,} line{'s' if lines > 1 else ''} from here on "
            f"stand{'' if lines > 1 else 's'} in {files[earlier].files[0].name} too: "
            "the exports overlap",
            where=files[later].line_of(line),
            hint="keep one of the two files, or export every line once, by its "
            f"{pack.description.stamp}",
            code="delivered_twice",
        )
        for later, earlier, lines, line in con.execute(_TWICE).fetchall()
    ]
