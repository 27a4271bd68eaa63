"""Sources that are not here yet: a bucket, an account of AWS, or a database."""

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Protocol

from costlens.config.values import Source, Workspace
from costlens.errors import Finding
from costlens.ingest.bucket import bucket_of
from costlens.ingest.databases import read_database
from costlens.ingest.fetch import SourceFile, find_files
from costlens.ingest.jobs import jobs_of
from costlens.ingest.packs import Pack


def files_of(
    source: Source,
    pack: Pack,
    workspace: Workspace,
    *,
    as_of: datetime,
    say: Callable[[str], None],
    sample: Path | None = None,
) -> tuple[list[SourceFile], list[Finding]]:
    """Find the files of a source, wherever it is, with warnings about what is left out.

    `sample` is a folder for what need not be kept: then a few files, or the first rows, are enough.
    """
    if source.url is not None:
        return [read_database(source, pack, workspace, say=say, sample=sample)], []
    remote = remote_of(source, workspace, as_of=as_of, say=say, sample=sample is not None)
    return find_files(source, workspace.folder, pack.description, remote)


class Remote(Protocol):
    """Makes copies here of what a source is made of."""

    findings: list[Finding]
    sample: bool  # whether a few files are enough

    def find(self, patterns: Collection[str], /) -> list[Path]:
        """Name the copies of all there is, and make those of the manifests."""
        ...

    def copy(self, paths: list[Path]) -> list[Path]:
        """Make the copies that are not here yet; name those that are read."""
        ...


def remote_of(
    source: Source,
    workspace: Workspace,
    *,
    as_of: datetime,
    say: Callable[[str], None],
    sample: bool = False,
) -> Remote | None:
    """Give the way to a source that is elsewhere; None for one on this machine."""
    if source.aws is not None:
        return jobs_of(source, workspace, as_of=as_of, say=say, sample=sample)
    return bucket_of(source, workspace, say=say, sample=sample)
