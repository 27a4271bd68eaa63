"""Publish builds, open them, keep their history."""

from costlens.lake.builds import Build
from costlens.lake.draft import Draft
from costlens.lake.lake import Lake
from costlens.lake.tables import TABLES, Table
from costlens.lake.vacuum import Vacuumed

__all__ = ["TABLES", "Build", "Draft", "Lake", "Table", "Vacuumed"]
