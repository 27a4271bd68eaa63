"""Whether a file of zstd frames is whole, by its frames' own lengths; nothing is unpacked.

What is read of a file that ends within a frame ends before that frame, and nobody says so. The
layout is that of RFC 8878.
"""

from pathlib import Path
from typing import BinaryIO

from costlens.ingest.formats import ZSTD

_SKIPPED = range(0x184D2A50, 0x184D2A60)  # frames of somebody else's


def is_cut(path: Path) -> bool:
    """Say whether a file ends within a frame."""
    size = path.stat().st_size
    with path.open("rb") as opened:
        while opened.tell() < size:
            if not _pass_frame(opened) or opened.tell() > size:
                return True
    return False


def _pass_frame(opened: BinaryIO) -> bool:
    magic = opened.read(4)
    if len(magic) == 4 and int.from_bytes(magic, "little") in _SKIPPED:
        skipped = opened.read(4)
        opened.seek(int.from_bytes(skipped, "little"), 1)
        return len(skipped) == 4
    descriptor = opened.read(1)
    if magic != ZSTD or not descriptor:
        return False
    opened.seek(_header_length(descriptor[0]), 1)
    while True:
        block = opened.read(3)
        if len(block) < 3:
            return False
        told = int.from_bytes(block, "little")
        is_last, kind, length = told & 1, told >> 1 & 3, told >> 3
        opened.seek(1 if kind == 1 else length, 1)  # one byte, repeated; else as many as it says
        if is_last:
            opened.seek(4 if descriptor[0] & 4 else 0, 1)  # the checksum
            return True


def _header_length(descriptor: int) -> int:
    """Add up what stands between a frame's descriptor and its first block."""
    is_single = descriptor >> 5 & 1
    content = (1 if is_single else 0, 2, 4, 8)[descriptor >> 6]
    return (1 - is_single) + (0, 1, 2, 4)[descriptor & 3] + content
