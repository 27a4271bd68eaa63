"""What every ML feature, model and product costs, tied to the bill to the last unit.

`costlens.open()` gives a workspace's answers as pandas frames with exact amounts.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from costlens.lens import Lens

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def open(path: str | Path | None = None, *, build: int | None = None) -> "Lens":
    """Open a build of a workspace for questions.

    `path` is costlens.yaml or its folder; by default what COSTLENS_CONFIG names, else costlens.yaml
    here or in a parent. `build` is its number; by default the latest.
    """
    from costlens.lens import open_lens

    return open_lens(None if path is None else Path(path), build=build)
