"""Say which value of which line a pack could not read."""

from typing import TYPE_CHECKING

from costlens.errors import CostLensError, Finding
from costlens.ingest.packs import macro_calls
from costlens.ingest.rows import made_sql
from costlens.ingest.source import Opened
from costlens.lake.views import name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WANTED = {
    "money": ("an amount of money", "write a plain number, such as 1234.56 or -1.5e-7"),
    "quantity": ("a number", "write a plain number, such as 12.5"),
    "whole": ("a whole number", "write digits only, such as 2"),
    "utc": ("a time", "write it in UTC, such as 2026-05-01T13:00:00Z"),
    "instant": (
        "a time",
        "write it in UTC, such as 2026-05-01T13:00:00Z, or as seconds or milliseconds since 1970",
    ),
    "elements": ("a list", 'write it as JSON, such as [{"key": "team", "value": "a"}]'),
    "month_of": ("a month", "write it as 202605"),
}


def unreadable(con: "DuckDBPyConnection", opened: Opened, error: Exception) -> CostLensError:
    """Find the values that made a query fail, one finding a column; else pass on what was said.

    Too little memory is no fault of the file: that goes on as it is.
    """
    import duckdb

    if isinstance(error, duckdb.OutOfMemoryException):
        raise error
    pack = opened.pack
    calls: dict[str, str] = {}
    told = ["findings"] if pack.has_findings else []
    names = (*pack.produces, *pack.description.steps, "control", *told)
    for sql in map(pack.sql, names):
        for macro, column in macro_calls(sql):
            calls.setdefault(column, "money" if macro == "exact" else macro)
    findings = [
        finding
        for column, macro in calls.items()
        for view, columns in pack.views.items()
        if column in columns
        for finding in _in_column(con, opened, view=view, column=column, macro=macro)
    ]
    if findings:
        return CostLensError(findings=list(dict.fromkeys(findings)))
    said = str(error).split("\n", 1)[0]
    return CostLensError(
        f"the pack {pack.name} cannot read it: {said}",
        where=opened.files[0].name,
        hint="if the file is as its source writes it, the pack has an error",
    )


def _in_column(
    con: "DuckDBPyConnection", opened: Opened, *, view: str, column: str, macro: str
) -> list[Finding]:
    """Find the first lines whose value a macro cannot read, and count them all."""
    import duckdb

    what, hint = _WANTED[macro]
    quoted = name(column)
    try:
        rows = (
            con.cursor()
            .execute(
                f"select x_line, {quoted}::varchar as value, count(*) over () as lines "
                f"from {name(view)} "
                f"where words({quoted}) is not null and try_{macro}({quoted}) is null "
                "order by x_line limit 1"
            )
            .fetchall()
        )
    except duckdb.Error:
        types = con.cursor().execute(f"describe {name(view)}").fetchall()
        kind = next((row[1] for row in types if row[0] == column), "unknown")
        message = f"the column {opened.pack.spelled(column)} holds {kind}, where {what} should be"
        return [Finding(message=message, where=opened.files[0].name, hint=hint, code="unreadable")]
    return [
        Finding(
            message=f'"{value}" in the column {opened.pack.spelled(column)} is not {what}'
            + and_more(lines),
            where=opened.line_of(line),
            hint=hint,
            code="unreadable",
        )
        for line, value, lines in rows
    ]


def and_more(lines: int) -> str:
    """Say on how many other lines the same is wrong."""
    return "" if lines == 1 else f" (and on {lines - 1:,} more line{'s' if lines > 2 else ''})"


def told(con: "DuckDBPyConnection", opened: Opened) -> list[Finding]:
    """Find what the pack says about a delivery, and what we say; raise if that stops it."""
    findings = [*opened.notes, *unknown_states(con, opened)]
    findings += [
        Finding(
            message=f"the column {column} stands twice in the header: the last one counts",
            where=file,
            hint="if they are two tags, give one of them another name",
            code="double_column",
            severity="warning",
        )
        for file, column in opened.shadowed
    ]
    findings += [
        Finding(
            message=f"the tags {', '.join(names)} are one tag in flat forms of this file, as in "
            "Parquet",
            where=file,
            hint="a rule finds the spelling that it names: name each of them, or use one",
            code="tags_alike",
            severity="warning",
        )
        for names, file in opened.alike.items()
    ]
    findings += [
        Finding(
            message="its last line does not end: if the file was cut, lines after it are missing",
            where=file,
            hint="see that the last line is whole, else deliver it again",
            code="unended",
            severity="warning",
        )
        for file in opened.unended
    ]
    if opened.pack.has_findings:
        rows = con.cursor().execute(opened.pack.sql("findings")).fetchall()
        findings += [
            Finding(
                message=message,
                where=opened.line_of(line),
                hint=hint,
                code=code,
                severity=severity,
            )
            for severity, code, line, message, hint in rows
        ]
    if any(finding.severity == "error" for finding in findings):
        raise CostLensError(findings=findings)
    return findings


def unknown_states(con: "DuckDBPyConnection", opened: Opened) -> list[Finding]:
    """Find the words for a run's end that we do not know: such a run counts as succeeded."""
    if "attempts" not in opened.pack.produces:
        return []
    rows = (
        con.cursor()
        .execute(
            "select trim(state) as word, count(*), min(x_line) "
            f"from (\n{made_sql(opened.pack, 'attempts')}\n) "
            "where words(state) is not null and run_state(state) is null "
            "group by word order by word"
        )
        .fetchall()
    )
    return [
        Finding(
            message=f'the status "{word}" is unknown: counted as succeeded' + and_more(lines),
            where=opened.line_of(line),
            hint="write succeeded, failed, killed, running, skipped or cached",
            code="unknown_state",
            severity="warning",
        )
        for word, lines, line in rows
    ]
