"""Tables that a tool keeps in PostgreSQL or MySQL: read from there, and only what changed."""

from costlens.ingest.databases.reading import read_database

__all__ = ["read_database"]
