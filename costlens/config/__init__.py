"""Read costlens.yaml and the catalogue into frozen values."""

from costlens.config.json_schema import schema
from costlens.config.workspace import (
    find_folder,
    find_lake,
    find_settings,
    load,
    read_catalogue,
)

__all__ = ["find_folder", "find_lake", "find_settings", "load", "read_catalogue", "schema"]
