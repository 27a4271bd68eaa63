"""Put a folder of files in place as one: a reader finds the former one, or the new one, whole."""

import ctypes
import errno
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from costlens.errors import CostLensError

_EXCHANGE = 2  # RENAME_EXCHANGE of Linux
_HERE = -100  # AT_FDCWD


def publish(folder: Path, files: Mapping[str, bytes], *, mark: str) -> None:
    """Write files beside a folder, then put them in its place at once.

    Only a folder that holds the file `mark`, or nothing, is replaced: others are somebody else's.
    """
    folder = folder.resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder.parent):
            _check_place(folder, mark)
            _publish(folder, files)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CostLensError(f"cannot write: {reason}", where=str(folder)) from error


def put_file(path: Path, content: bytes) -> Path:
    """Write a file aside, then put it in its place at once."""
    aside = path.with_name(f".{path.name}.writing")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content)
        aside.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CostLensError(f"cannot write: {reason}", where=str(path)) from error
    return path


def _check_place(folder: Path, mark: str) -> None:
    if not folder.exists() or (folder / mark).is_file():
        return
    if not folder.is_dir() or any(folder.iterdir()):
        raise CostLensError(
            f"this is no report, for it holds no {mark}; it stays as it is",
            where=str(folder),
            hint="move it away, or name another folder with -o",
        )


def _publish(folder: Path, files: Mapping[str, bytes]) -> None:
    aside = folder.with_name(f".{folder.name}.writing")
    former = folder.with_name(f".{folder.name}.former")
    if former.exists() and not folder.exists():  # died between two renames
        former.rename(folder)
    for left in (aside, former):
        if left.exists():
            shutil.rmtree(left)
    aside.mkdir()
    try:
        for name, content in files.items():
            (aside / name).write_bytes(content)
        if not folder.exists():
            aside.rename(folder)
        elif not _exchanged(aside, folder):
            folder.rename(former)
            aside.rename(folder)
            shutil.rmtree(former)
    finally:
        if aside.exists():
            shutil.rmtree(aside)


def _exchanged(one: Path, other: Path) -> bool:
    """Swap two folders in a single step, where the system and the file system can."""
    swap = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if not sys.platform.startswith("linux") or swap is None:
        return False
    if swap(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
        return False
    raise OSError(number, os.strerror(number))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Write into a folder one after the other; a process that dies lets go."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
