"""Groups of the rows of a table by their own hash: changes are found without a key or a time."""

from collections.abc import Collection, Mapping
from pathlib import Path

from costlens.engine import connect
from costlens.lake.views import literal

Groups = Mapping[int, str]  # group to the count of its rows, a space, and their hashes
GROUP = "x_group"  # the first column of every copy
MANY = 65_536  # groups, at most: a table of ten million rows has 150 in each


def count_of(rows: str) -> int:
    """Read how many rows a group has."""
    return int(rows.split(" ", 1)[0])


def put_in_place(
    kept: Path, came: Path, groups: Collection[int], out: Path, *, columns: Collection[str]
) -> None:
    """Write a copy anew, with the rows that came in the place of all that it had of some groups."""
    con = connect()
    try:
        con.execute(
            f"copy (select * from {_rows(kept, columns)} where {GROUP}::integer not in "
            f"(select unnest($groups::integer[])) union all from {_rows(came, columns)}) "
            f"to {literal(str(out))} (format csv, header, quote '\"', escape '\"', nullstr '')",
            {"groups": sorted(groups)},
        )
    finally:
        con.close()


def _rows(path: Path, columns: Collection[str]) -> str:
    """Read a copy as it was written, with nothing guessed: nothing is not an empty word."""
    named = ", ".join(f"{literal(one)}: 'VARCHAR'" for one in (GROUP, *columns))
    return (
        f"read_csv({literal(str(path))}, columns = {{{named}}}, auto_detect = false, "
        "header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
        "allow_quoted_nulls = false)"
    )
