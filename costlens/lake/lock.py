"""The lake's writing lock: one writer at a time; readers take none."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from costlens.errors import CostLensError

_NAME = ".writing"


@contextmanager
def writing_lock(folder: Path) -> Iterator[None]:
    """Hold the lake for writing, creating its folder; refuse at once if another process does.

    The operating system drops the lock with the process, so a dead writer never blocks the next.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CostLensError(f"cannot write the lake: {reason}", where=str(folder)) from error
    try:
        _take(handle, folder)
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(handle, 20, 0).decode() or "that has just begun"
        raise CostLensError(
            f"the lake is being written by process {pid}",
            where=str(folder),
            hint="one refresh at a time: try again when it is done",
        ) from None
