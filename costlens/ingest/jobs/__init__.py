"""Jobs that AWS ran, as its own answers tell of them: asked for, kept, and read like any file."""

from costlens.ingest.jobs.account import Jobs, jobs_of

__all__ = ["Jobs", "jobs_of"]
