"""How much memory there is: the machine's, or less where a control group allows less."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_GROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def memory_of_machine() -> int:
    """Give the bytes of memory that this process may at most count on."""
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    own = _OWN.read_text(encoding="utf-8") if _OWN.exists() else ""
    return min([installed, *limits(own, _GROUPS)])


def limits(own: str, groups: Path) -> Iterator[int]:
    """Read the limits of a process's control groups, of versions 1 and 2, and of those above.

    `own` is what /proc/self/cgroup says. In a container the path it names is often the host's: then
    the limit stands at the top of what is mounted.
    """
    for line in own.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            tops, file = [groups, groups / "unified"], "memory.max"
        elif "memory" in controllers.split(","):
            tops, file = [groups / "memory"], "memory.limit_in_bytes"
        else:
            continue
        inside = PurePosixPath(path.lstrip("/"))
        for top in tops:
            for folder in (inside, *inside.parents):
                limit = top / folder / file
                if limit.is_file() and (text := limit.read_text().strip()).isdigit():
                    yield int(text)
