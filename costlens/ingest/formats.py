"""Know a file's format by its name and its first and last bytes."""

import zipfile
from pathlib import Path
from typing import BinaryIO

from costlens.errors import CostLensError, Finding
from costlens.ingest.packs import Description

_SUFFIXES = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "jsonl",  # where a pack reads that; else it is somebody's manifest
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_DATABASES = {".db", ".sqlite", ".sqlite3"}
STRANGELY_PACKED = "strangely_packed"
ZSTD = b"\x28\xb5\x2f\xfd"
_OPENS = (b"{", b"[")  # of JSON
# As Java's tools write them.
_STRANGE = {b"LZ4Block": "lz4", b"\x82SNAPPY\0": "snappy", b"ZV\0": "lzf", b"ZV\1": "lzf"}


def kind_of(path: Path) -> str | None:
    """Know a file's format by its name."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in (".gz", ".gzip", ".zip", ".zst", ".zstd"):
        suffixes.pop()
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def packing_of(path: Path) -> str:
    """Know how a text file is packed by its first bytes, in DuckDB's words."""
    with path.open("rb") as opened:
        start = opened.read(4)
    if start == ZSTD:
        return "zstd"
    return "gzip" if start[:2] == b"\x1f\x8b" else "none"


def is_strange(path: Path, described: Description) -> bool:
    """Say whether a file is JSON beside those of a pack that reads none: a tool's own."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    reads = {"jsonl", "json"} & {*described.format}
    return not reads and ".json" in suffixes[-2:]


def format_of(
    opened: BinaryIO, path: Path, shown: str, size: int, *, named: bool, assumed: str = ""
) -> tuple[str, bool] | None:
    """Know a file's format and whether it is zipped, by its first and last bytes and its name.

    `assumed` is what a file is taken for whose name says nothing.
    """
    start = opened.read(16)
    opened.seek(max(0, size - 4))
    end = opened.read(4)
    opened.seek(0)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = start[:2] == b"\x1f\x8b"
    last = suffixes[-1] if suffixes else ""
    if last in (".gz", ".gzip") and not zipped:
        raise CostLensError("is named .gz but is not gzipped", where=shown, hint="deliver it again")
    if last in (".zst", ".zstd") and start[:4] != ZSTD:
        raise CostLensError(
            f"is named {last} but is not packed so", where=shown, hint="deliver it again"
        )
    kind = kind_of(path) or assumed or None
    if start == b"SQLite format 3\0" or (zipped and {*suffixes[-2:]} & _DATABASES):
        return "sqlite", zipped
    if last == ".zip" and kind == "csv" and start[:2] == b"PK":
        return "csv", False
    if start[:4] == b"PAR1" or kind == "parquet":
        if start[:4] != b"PAR1":
            raise CostLensError("is not a Parquet file", where=shown, hint="deliver it again")
        if end != b"PAR1" or size < 12:
            raise CostLensError(
                "is cut short: a Parquet file ends in its index, this one does not",
                where=shown,
                hint="deliver it again, whole",
            )
        return "parquet", False
    if kind is None and not named:
        return None
    _refuse_strange(start, shown)
    is_packed = start[:4] == ZSTD
    if (is_packed and kind in (None, "jsonl")) or (kind is None and start.lstrip()[:1] in _OPENS):
        return "jsonl", zipped
    if start[:2] == b"PK" or last in (".zst", ".xlsx", ".zip", ".bz2", ".xz"):
        raise CostLensError(
            "is packed in a way that is not read", where=shown, hint="unpack it to .csv or .csv.gz"
        )
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CostLensError("is UTF-16 text", where=shown, hint="save it as UTF-8")
    return kind or "csv", zipped


def _refuse_strange(start: bytes, shown: str) -> None:
    """Refuse what is packed as Java's tools pack by default."""
    for magic, packing in _STRANGE.items():
        if start.startswith(magic):
            raise CostLensError(
                findings=[
                    Finding(
                        message=f"is packed by {packing}, which is not read",
                        where=shown,
                        hint="have it written plain, or packed by gzip or zstd",
                        code=STRANGELY_PACKED,
                    )
                ]
            )


def member_of(path: Path, shown: str) -> str:
    """Find the one file in a zip file."""
    try:
        with zipfile.ZipFile(path) as packed:
            names = [name for name in packed.namelist() if not name.endswith("/")]
    except zipfile.BadZipFile:
        raise CostLensError(
            "is cut short: a zip file ends in its index, this one does not",
            where=shown,
            hint="deliver it again, whole",
        ) from None
    if len(names) != 1:
        raise CostLensError(
            f"holds {len(names)} files, where one should be", where=shown, hint="unpack it"
        )
    return names[0]
