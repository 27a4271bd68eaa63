"""Fetch sources, read them through connector packs, and load them."""

from costlens.ingest.check import check_sources
from costlens.ingest.load import Ingested, load_sources
from costlens.ingest.packs import Pack, find_packs

__all__ = ["Ingested", "Pack", "check_sources", "find_packs", "load_sources"]
