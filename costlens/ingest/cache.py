"""The copy of a bucket that a source is read from: `<lake>/.s3/<source>/<bucket>/<key>`.

Beside each file a hidden one holds the ETag it came with. It goes before the file is replaced and
comes back after: a file with its ETag beside it is whole, whatever died in between. The folder may
be deleted at any time; the next refresh then fetches all again. The tables of a database are kept
in the same way, in `.databases`, each with the hash of its rows, and parsed logs in `.parsed`.
"""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

_NAME = ".s3"
DATABASES = ".databases"
PARSED = ".parsed"
_PART = ".part"
_TAG = ".etag"


def cache_of(lake: Path, source: str, bucket: str, *, kind: str = _NAME) -> Path:
    """Name the folder that what is kept of a source lies in: of a bucket, if of nothing else."""
    return lake.resolve() / kind / quote(source, safe="").replace(".", "%2E") / bucket


def local(cache: Path, key: str) -> Path:
    """Name the file for a key; parts of a key that no file can be called are spelled out."""
    return cache.joinpath(*(_spelled(part) for part in key.split("/")))


def name_in_bucket(path: Path) -> str | None:
    """Name a file or a folder of a copy as it is in its bucket; None for any other path."""
    if _NAME not in path.parts:
        return None
    _source, *parts = path.parts[path.parts.index(_NAME) + 1 :]
    return "s3://" + "/".join("" if part == "%" else unquote(part) for part in parts)


def is_known(path: Path, etag: str, size: int | None = None) -> bool:
    """Say whether the copy of an object is here, as it is now in the bucket."""
    try:
        same_size = size in (None, path.stat().st_size)
        return same_size and path.is_file() and tag_of(path) == etag
    except OSError:
        return False


def tag_of(path: Path) -> str | None:
    """Read what is told beside a whole file."""
    try:
        return _beside(path, _TAG).read_text()
    except OSError:
        return None


def part_of(path: Path) -> Path:
    """Name the file that a download is written to until it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return _beside(path, _PART)


def keep(path: Path, etag: str) -> None:
    """Make a finished download the copy of its object."""
    tag, new = _beside(path, _TAG), _beside(path, _TAG + _PART)
    tag.unlink(missing_ok=True)
    part_of(path).replace(path)
    new.write_text(etag)
    new.replace(tag)


def forget_others(cache: Path, kept: Collection[Path]) -> None:
    """Delete all but these files: what is gone from the bucket, and what dead downloads left."""
    folder = cache.parent  # a source may have had another bucket before
    wanted = {*kept, *(_beside(path, _TAG) for path in kept)}
    for path in sorted(folder.rglob("*"), reverse=True):  # a folder comes after what is in it
        if path.is_dir():
            with suppress(OSError):  # not empty
                path.rmdir()
        elif path not in wanted and path.parent != folder:  # there lies the lock
            path.unlink()


def _spelled(part: str) -> str:
    if part in ("", ".", ".."):
        return "%" + "".join(f"{ord(mark):X}%" for mark in part)[:-1]
    return part.replace("%", "%25").replace("\0", "%00")


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f".{path.name}{suffix}")
