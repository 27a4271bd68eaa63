"""Split the bill over what ran, and over what needed it."""

from costlens.allocate.library import Allocated, allocate

__all__ = ["Allocated", "allocate"]
