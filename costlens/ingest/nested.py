"""Open files of nested JSON: logs of one event a line, or documents of one event or many.

A pack names what it reads of an event by the keys that lead to it (`paths`). The files of a
delivery are parsed together into one Parquet file in the order of the files, of text columns but
for those that the pack gives a type; beside them it has `x_file`, the number of the file. What a
former refresh parsed is read where it was kept. The view adds `x_log`, the path of the log that the
file is a part of.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.errors import CostLensError, Finding
from costlens.ingest.diagnose import and_more
from costlens.ingest.fetch import SourceFile
from costlens.ingest.formats import packing_of
from costlens.ingest.header import refuse_format
from costlens.ingest.lines import LINES_A_FILE, line_at, line_of, read_error
from costlens.ingest.packs import Pack
from costlens.ingest.parsed import STAGED, Parsed, Place
from costlens.ingest.source import Opened
from costlens.ingest.typed import How, columns_of, kinds_of, misfits, path_of
from costlens.ingest.zstd import is_cut
from costlens.lake.views import literal, name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_VERSION = 2  # of how events are written: another one parses all logs again
_SUFFIX = {"zstd": ".zst", "gzip": ".gz", "none": ".json"}  # by which DuckDB knows a packing
_LARGEST = 64 << 20  # bytes of an event: the plan of a query can be long
_SAMPLED = 500  # files of which each one's first rows are looked at
_SHOWN = 20  # files are named one by one
_GOES_ON = "what is still being written goes on; else deliver it again, whole"


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One of the files, with its number and a name that has no marks of a glob."""

    number: int
    file: SourceFile
    link: Path
    torn: bool = False  # its last line is cut off, which is to be passed over
    worded: bool = False  # its values are read as text, and then as what they should be


def open_nested(
    con: "DuckDBPyConnection",
    files: Sequence[SourceFile],
    *,
    pack: Pack,
    staging: Path,
    limit: int | None = None,
    parsed: Parsed | None = None,
) -> Opened:
    """Parse the files of a delivery and make them readable as one; raise what is wrong with any.

    What is `parsed` already is not parsed again, and what is whole is kept there.
    """
    folder = staging / f"nested-{len(list(staging.iterdir()))}"
    folder.mkdir()
    parts: Sequence[_Part] = [
        _link(number, file, folder, pack) for number, file in enumerate(files)
    ]
    known = parsed.places() if parsed else {}
    fresh: Sequence[_Part] = [one for one in parts if one.file.sha256 not in known]
    notes: list[Finding] = []
    staged = folder / "events.parquet"
    if fresh:
        last = _last_parts(parts)
        fresh, notes = _stage(con, fresh, pack=pack, staged=staged, limit=limit, last=last)
        _refuse(_without_needs(con, fresh, pack=pack, staged=staged))
    if fresh and parsed:
        staged = _keep(parsed, fresh, staged)
    torn = {one.number for one in fresh if one.torn}
    places = [
        known.get(one.file.sha256) or Place(path=staged, number=one.number, size=one.file.size)
        for one in parts
    ]
    counted = folder / "files.parquet"
    is_one = len(parts) == 1 and len(fresh) == 1
    if not is_one:
        _count(con, parts, places=places, counted=counted)
    view = _view(parts, pack, places=places, counted=None if is_one else counted, torn=torn)
    return Opened(
        files=tuple(files),
        pack=pack,
        version="",
        selects={"source": view},
        shadowed=(),
        alike={},
        unended=(),
        currency_if_missing=None,
        columns=pack.columns,
        line_of=lambda line: line_at(files, line),
        notes=tuple(notes),
    )


def _link(number: int, file: SourceFile, folder: Path, pack: Pack) -> _Part:
    refuse_format(file, pack)
    link = folder / f"{number}{_SUFFIX[packing_of(file.path)]}"
    link.symlink_to(file.path.resolve())
    return _Part(number=number, file=file, link=link)


def parsing_of(pack: Pack) -> str:
    """Tell what decides how a log is parsed for a pack."""
    import duckdb

    paths = {column: path_of(pack, column) for column in pack.columns}
    described = pack.description
    return json.dumps([_VERSION, duckdb.__version__, described.needs, described.types, paths])


def _keep(parsed: Parsed, fresh: Sequence[_Part], staged: Path) -> Path:
    """Keep what was parsed of the logs that are whole; say where it is now."""
    whole = {one.number: one.file for one in fresh if not (one.torn or _is_cut(one))}
    return parsed.keep(staged, whole, of=[one.file for one in fresh]) if whole else staged


def _stage(
    con: "DuckDBPyConnection",
    parts: Sequence[_Part],
    *,
    pack: Pack,
    staged: Path,
    limit: int | None,
    last: Collection[int],
) -> tuple[Sequence[_Part], list[Finding]]:
    """Parse all files into one; where that fails, find every file that cannot be read."""
    import duckdb

    notes: list[Finding] = []
    is_sure = bool(limit) or not any(_breaks_off(one) for one in parts)
    try:
        _copy(con, parts, pack=pack, staged=staged, limit=limit)
    except duckdb.Error:
        is_sure = False
    if not is_sure:
        parts, notes = _judge(con, parts, pack, last=last)
        _refuse(notes)
        _copy(con, parts, pack=pack, staged=staged, limit=limit)
    notes += _cut(parts, last)
    _refuse(notes)
    return parts, notes


def _refuse(findings: Sequence[Finding]) -> None:
    errors = [one for one in findings if one.severity == "error"]
    if errors:
        raise CostLensError(findings=errors)


def _copy(
    con: "DuckDBPyConnection",
    parts: Sequence[_Part],
    *,
    pack: Pack,
    staged: Path,
    limit: int | None,
    as_text: bool = False,
) -> None:
    """Write what a pack reads of every event, in the order of the files and their lines."""
    ways = [(False, False), (False, True), (True, True)]
    groups = [[one for one in parts if (one.torn, one.worded) == way] for way in ways]
    if limit and len(parts) < _SAMPLED:
        groups = [[one] for one in parts]
    cut = f" limit {limit}" if limit else ""
    rows = " union all ".join(
        f"({_read(group, pack, as_text=as_text)}{cut})" for group in groups if group
    )
    con.cursor().execute(f"copy ({rows}) to {literal(str(staged))} ({STAGED})").fetchall()


def _read(parts: Sequence[_Part], pack: Pack, *, as_text: bool) -> str:
    """Select a pack's columns of the events of some files, and the number of the file."""
    how: How = "text" if as_text else "cast" if parts[0].worded else "typed"
    links = ", ".join(literal(str(one.link)) for one in parts)
    return (
        f"select parse_filename(filename, true)::bigint as x_file, {columns_of(pack, how)} "
        f"from read_json([{links}], columns = {{{kinds_of(pack, how)}}}, "
        f"format = 'newline_delimited', ignore_errors = {str(parts[0].torn).lower()}, "
        f"filename = true, compression = 'auto', maximum_object_size = {_LARGEST})"
    )


def _count(
    con: "DuckDBPyConnection", parts: Sequence[_Part], *, places: Sequence[Place], counted: Path
) -> None:
    """Write where the events of each file begin, its number, and to which log it belongs."""
    con.cursor().execute(
        "copy (select x_path, x_file, min(file_row_number) as first, any_value(number) as number, "
        f"any_value(x_log) as x_log from (select *, filename as x_path from {_events(places)}) "
        "inner join (select unnest($paths) as x_path, unnest($files) as x_file, "
        "unnest($numbers) as number, unnest($logs) as x_log) using (x_path, x_file) "
        f"group by x_path, x_file) to {literal(str(counted))} (format parquet)",
        {
            "paths": [str(one.path) for one in places],
            "files": [one.number for one in places],
            "numbers": [one.number for one in parts],
            "logs": [one.file.log or one.file.name for one in parts],
        },
    ).fetchall()


def _events(places: Sequence[Place]) -> str:
    listed = ", ".join(dict.fromkeys(literal(str(one.path)) for one in places))
    return f"read_parquet([{listed}], file_row_number = true, hive_partitioning = false)"


def _view(
    parts: Sequence[_Part],
    pack: Pack,
    *,
    places: Sequence[Place],
    counted: Path | None,
    torn: Collection[int],
) -> str:
    """Select a pack's columns of every event, with its number and its log."""
    fixed = {one: f"{literal(value)}::varchar" for one, value in pack.fixed.items()}
    columns = ", ".join(
        f"{fixed.get(one, f'e.{name(one)}')} as {name(one)}" for one in pack.columns
    )
    events = _events(places)
    same = "e.x_file = f.x_file"
    if len({one.path for one in places}) > 1:
        same += " and e.filename = f.x_path"
    if counted is None:
        log = literal(parts[0].file.log or parts[0].file.name)
        rest = f"e.file_row_number + 1 as x_line, {log} as x_log from {events} as e where true"
    else:
        rest = (
            f"f.number * {LINES_A_FILE} + e.file_row_number - f.first + 1 as x_line, f.x_log "
            f"from {events} as e inner join read_parquet({literal(str(counted))}) as f "
            f"on {same}"
        )
    number = "e.x_file" if counted is None else "f.number"
    needed = " and ".join(f"e.{name(one)} is null" for one in pack.description.needs)
    ends = ", ".join(map(str, sorted(torn)))
    left = f" and not ({number} in ({ends}) and {needed})" if torn else ""
    return f"select {columns}, {rest}{left}"


def _without_needs(
    con: "DuckDBPyConnection", parts: Sequence[_Part], *, pack: Pack, staged: Path
) -> list[Finding]:
    """Find the events that lack what every event has: whole files of them, or lines."""
    lacking = " or ".join(f"{name(one)} is null" for one in pack.description.needs)
    rows = (
        con.cursor()
        .execute(
            f"select x_file, count(*) filter ({lacking}) as lines, count(*) as events, "
            f"min(file_row_number) filter ({lacking}) - min(file_row_number) + 1 as row "
            f"from read_parquet({literal(str(staged))}, file_row_number = true) "
            "group by x_file having lines > 0 order by x_file"
        )
        .fetchall()
    )
    numbered = {one.number: one for one in parts}
    findings = []
    keys = [".".join(path_of(pack, one)) for one in pack.description.needs]
    for number, lines, events, row in rows:
        part = numbered[number]
        if lines - part.torn <= 0:
            continue
        whole = lines == events
        findings.append(
            Finding(
                message=f"is none of {pack.description.title}: {' and '.join(keys)} is missing"
                if whole
                else f"this event lacks {' or '.join(keys)}{and_more(lines - part.torn)}",
                where=part.file.name if whole else line_of(part.file, row),
                hint="take it out of this source's path",
                code="missing_column",
            )
        )
    return findings[:_SHOWN]


def _judge(
    con: "DuckDBPyConnection", parts: Sequence[_Part], pack: Pack, *, last: Collection[int]
) -> tuple[list[_Part], list[Finding]]:
    """Read each file by itself, and say what is wrong with it; a last line may be cut off."""
    judged: list[_Part] = []
    findings: list[Finding] = []
    for part in parts:
        one, found = _judge_one(con, part, pack, may_be_torn=part.number in last)
        judged.append(one)
        findings += found
    return judged, findings


def _judge_one(
    con: "DuckDBPyConnection", part: _Part, pack: Pack, *, may_be_torn: bool
) -> tuple[_Part, list[Finding]]:
    import duckdb

    tried = part.link.with_suffix(".tried")
    breaks_off = _breaks_off(part)
    try:
        _copy(con, [part], pack=pack, staged=tried, limit=None)
    except duckdb.Error:
        worded = replace(part, worded=True)
    else:
        worded = replace(part, worded=breaks_off)
    if not worded.worded:
        return part, []
    try:
        _copy(con, [worded], pack=pack, staged=tried, limit=None, as_text=True)
    except duckdb.Error as error:
        said = read_error(error, part.file)
        if not isinstance(said, CostLensError):
            raise
        if "Malformed JSON" not in str(error):
            return part, list(said.findings)
    else:
        if not breaks_off:
            return worded, misfits(con, pack, texts=tried, file=part.file)
    torn = replace(worded, torn=True)
    _copy(con, [torn], pack=pack, staged=tried, limit=None, as_text=True)
    lacking = " and ".join(f"{name(one)} is null" for one in pack.description.needs)
    ((lines, row, events),) = (
        con.cursor()
        .execute(
            f"select count(*) filter ({lacking}), min(file_row_number) filter ({lacking}) + 1, "
            f"count(*) from read_parquet({literal(str(tried))}, file_row_number = true)"
        )
        .fetchall()
    )
    if breaks_off and not lines:  # it was passed over already
        lines, row, events = 1, events + 1, events + 1
    goes_on = events > 1 or part.file.log != part.file.name  # a part may have just begun
    if may_be_torn and lines == 1 and row == events and goes_on:
        return torn, [
            Finding(
                message="the last line is cut off: the log counts up to there",
                where=line_of(part.file, row),
                hint=_GOES_ON,
                code="torn_log",
                severity="warning",
            ),
            *misfits(con, pack, texts=tried, file=part.file),
        ]
    return part, [
        Finding(
            message="this line is not JSON" + and_more(lines),
            where=line_of(part.file, row),
            hint="deliver the file again, whole",
            code="bad_file",
        )
    ]


def _breaks_off(part: _Part) -> bool:
    """Say whether the last line of a plain file is cut off; now and then DuckDB does not say so."""
    size = part.file.path.stat().st_size
    if part.link.suffix != _SUFFIX["none"] or not size:
        return False
    with part.file.path.open("rb") as opened:
        opened.seek(size - 1)
        if opened.read() == b"\n":
            return False
        opened.seek(max(size - _LARGEST, 0))
        last = opened.read().rpartition(b"\n")[2]
    try:
        json.loads(last or b"0")
    except ValueError:
        return True
    return False


def _cut(parts: Sequence[_Part], last: Collection[int]) -> list[Finding]:
    """Find the files whose packing ends too early: what was in the last piece is not there."""
    return [
        Finding(
            message="its last piece is cut off"
            + (": the log counts up to there" if part.number in last else ""),
            where=part.file.name,
            hint=_GOES_ON if part.number in last else "deliver it again, whole",
            code="torn_log",
            severity="warning" if part.number in last else "error",
        )
        for part in parts
        if _is_cut(part)
    ]


def _is_cut(part: _Part) -> bool:
    return part.link.suffix == _SUFFIX["zstd"] and is_cut(part.file.path)


def _last_parts(parts: Sequence[_Part]) -> set[int]:
    """Find the numbers of the parts that may still be written to: the last one of each log."""
    return set({one.file.log or one.file.name: one.number for one in parts}.values())
