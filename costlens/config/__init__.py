"""Read costlens.yaml and the catalogue into frozen values."""

from costlens.config.json_schema import schema
from costlens.config.workspace import load

__all__ = ["load", "schema"]
