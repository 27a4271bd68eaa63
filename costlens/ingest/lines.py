"""Where a row stands in the file it came from, and DuckDB's words about a file turned into ours."""

import csv
import re
import zlib
from collections.abc import Iterator, Sequence
from itertools import islice

from costlens.errors import CostLensError
from costlens.ingest.fetch import SourceFile
from costlens.ingest.formats import packing_of
from costlens.ingest.header import csv_header, cut_short, open_text

LINES_A_FILE = 10**10  # x_line = number of the file in its load * this + number of the row
SECOND_LINE = 5 * 10**9  # what second_line() adds to the number of a row


def line_at(files: Sequence[SourceFile], line: int) -> str:
    """Say where the line of that x_line stands, in the files of a load or of a delivery."""
    return line_of(files[line // LINES_A_FILE], line % LINES_A_FILE)


def line_of(file: SourceFile, row: int) -> str:
    """Say where a row stands in its file: its line, or for Parquet its row."""
    row %= SECOND_LINE
    if file.format == "parquet":
        return f"{file.name}, row {row}"
    if file.format == "jsonl":
        if packing_of(file.path) == "zstd":  # which Python cannot unpack
            return f"{file.name}:{row}"
        with open_text(file, errors="replace") as opened:
            filled = (at for at, text in enumerate(opened, start=1) if text.strip())
            return f"{file.name}:{next(islice(filled, row - 1, None), row)}"
    lines = (line for line, _ in records(file))
    return f"{file.name}:{next(islice(lines, row, None), row)}"


def _ragged_line(file: SourceFile, *, longer: bool = False) -> int | None:
    """Find the first line of a CSV file that has not as many columns as its header, or more."""
    header = 0
    for line, columns in records(file):
        header = header or columns
        if columns > header if longer else columns != header:
            return line
    return None


def records(file: SourceFile) -> Iterator[tuple[int, int]]:
    """Give the line each record of a CSV file starts at, the header first, and its columns."""
    delimiter = csv_header(file).delimiter
    csv.field_size_limit(2**31 - 1)  # an open quote swallows the rest of the file
    with open_text(file) as opened:
        start = 0
        reader = csv.reader(opened, delimiter=delimiter)
        for cells in reader:
            if cells:
                yield start + 1, len(cells)
            start = reader.line_num


def read_error(error: Exception, file: SourceFile) -> Exception:
    """Turn DuckDB's words about a file into ours; what is no fault of the file stays a bug."""
    import duckdb

    if isinstance(error, CostLensError | duckdb.OutOfMemoryException):
        return error
    if isinstance(error, EOFError | zlib.error):
        return cut_short(file)
    text = str(error)
    line = re.search(r"Line: (\d+)|in line (\d+)", text)
    number = int(line[1] or line[2]) if line else None
    columns = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    if columns or "unterminated quote" in text:
        longer = columns is not None and int(columns[2]) > int(columns[1])
        number = _ragged_line(file, longer=longer) or number  # DuckDB counts a folded line as one
    where = f"{file.name}:{number}" if number else file.name
    if number and file.format == "jsonl":
        # DuckDB counts lines that are not blank, of malformed ones the one after it.
        where = line_of(file, number - ("Malformed JSON" in text))
    if columns:
        return CostLensError(
            f"this line has {columns[2]} columns, the header {columns[1]}",
            where=where,
            hint="put a value that holds a comma or a line end in quotes; if this is the last "
            "line, the file is cut short: deliver it again",
        )
    for part, message, hint in _WORDED:
        if part in text:
            return CostLensError(message, where=where, hint=hint)
    if line or file.format == "parquet":
        first = text.split("\n", 1)[0].removeprefix("Invalid Input Error: ")
        return CostLensError(f"cannot be read: {first}", where=where, hint="deliver it again")
    return error


_WORDED = (
    (
        "unterminated quote",
        "a quote opens here and never closes",
        "close it; if this is the last line, the file is cut short: deliver it again",
    ),
    (
        "state machine reached an invalid state",
        "its lines end in two ways, some with CR LF and some with LF",
        "write all of them with the same line end",
    ),
    ("Invalid unicode", "this line is not UTF-8 text", "save the file as UTF-8"),
    ("GZIP", "is cut short: its gzip data ends too early", "deliver it again, whole"),
    ("gzip", "is cut short: its gzip data ends too early", "deliver it again, whole"),
    ("Malformed JSON", "this line is not JSON", "write one JSON object a line"),
    ("JSON transform error", "this line has another shape than such a log", "deliver it again"),
    ("maximum_object_size", "an event is larger than can be read", "leave it out of the log"),
    ("Missing required", "is cut short or damaged", "deliver it again, whole"),
)
