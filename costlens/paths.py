"""Where the data folders that ship with CostLens are."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """Find a data folder (`connectors`, `sample_data`): in the wheel, else beside the package."""
    shipped = _PACKAGE / "_bundled" / name
    return shipped if shipped.is_dir() else _PACKAGE.parent / name
