"""A lake: a folder of Delta tables, one a subfolder, whose last word is the table `builds`."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from costlens.errors import CostLensError
from costlens.lake.builds import Build, number_of, read_builds
from costlens.lake.closings import read_closings
from costlens.lake.draft import Draft
from costlens.lake.lock import writing_lock
from costlens.lake.log import files_at_head, paths_at
from costlens.lake.partitions import check_place
from costlens.lake.tables import TABLES
from costlens.lake.vacuum import Vacuumed, vacuum
from costlens.lake.views import create_views

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Lake:
    """The published builds in a folder, and the way to the next one.

    Reading takes no lock and never waits: a build's files are not touched by later ones.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        check_place(self.folder)
        # Neither a build's file nor a version's list of files ever changes: both are read once.
        self._read: dict[Path, Build] = {}
        self._listed: dict[tuple[str, int | None], list[Path]] = {}

    def builds(self) -> list[Build]:
        """List the published builds, oldest first; none where no lake is yet."""
        return self._builds(list(self._build_files().values()))

    def newest(self) -> int | None:
        """Name the latest build without opening it; None where nothing is built yet."""
        return max(self._build_files(), default=None)

    def build(self, number: int | None = None) -> Build:
        """Find the latest build, or the one of a number."""
        files = self._build_files()
        if not files:
            raise CostLensError(
                "nothing is built yet", where=str(self.folder), hint="run: costlens refresh"
            )
        wanted = max(files) if number is None else number
        if wanted not in files:
            raise CostLensError(
                f"no build {wanted}", where=str(self.folder), hint=_what_exists(sorted(files))
            )
        return self._builds([files[wanted]])[0]

    def open(
        self, con: "DuckDBPyConnection", build: Build, *, tables: Collection[str] = TABLES
    ) -> None:
        """Make a view of every table as the build has it, in the connection's own database.

        The view `builds` has this build and those before it. `tables` are all, or a few.
        """
        files = self._files(build)
        create_views(con, {table: files[table] for table in tables})

    def files(self, build: Build) -> list[str]:
        """List the paths of every file that the views of a build read."""
        return [str(path) for paths in self._files(build).values() for path in paths]

    @contextmanager
    def writing(self) -> Iterator[Draft]:
        """Hold the lake for writing and draft the next build; without publish, nothing changes."""
        with writing_lock(self.folder):
            files = self._build_files()
            draft = Draft(self.folder, self.build() if files else None)
            try:
                yield draft
            finally:
                draft.close()

    def vacuum(self, *, keep: int | None, as_of: datetime) -> Vacuumed:
        """Forget all but the newest `keep` builds, and delete the files that no kept one needs.

        Builds that closed a month are kept as long as it is closed. None keeps every build: only
        what dead refreshes left goes. A reader that still has a forgotten build open will miss its
        files. `as_of` is written to the log as the time.
        """
        if keep is not None and keep < 1:
            raise ValueError("the latest build is always kept: keep at least 1")
        if not self.folder.is_dir():
            return Vacuumed(builds=(), files=(), bytes=0)
        with writing_lock(self.folder):
            builds = self.builds()
            return vacuum(self.folder, builds, kept=self._kept(builds, keep), as_of=as_of)

    def _kept(self, builds: Sequence[Build], keep: int | None) -> list[Build]:
        """Choose the newest builds, and those that a closed month stays as."""
        if keep is None or not builds:
            return list(builds)
        import duckdb

        with duckdb.connect() as con:
            self.open(con, builds[-1])
            closed = {one.build for one in read_closings(con) if one.holds}
        newest = {build.number for build in builds[-keep:]}
        return [build for build in builds if build.number in newest | closed]

    def _files(self, build: Build) -> dict[str, list[Path]]:
        found = {table: self._paths(table, build.versions.get(table)) for table in TABLES}
        rows = self._build_files()
        return found | {"builds": [rows[n] for n in sorted(rows) if n <= build.number]}

    def _paths(self, table: str, version: int | None) -> list[Path]:
        if (table, version) not in self._listed:
            folder = self.folder / table
            paths = paths_at(folder, TABLES[table], version)
            self._listed[table, version] = [folder / path for path in paths]
        return self._listed[table, version]

    def _build_files(self) -> dict[int, Path]:
        folder = self.folder / "builds"
        files = files_at_head(folder, TABLES["builds"])
        return {number_of(path): folder / path for path in files}

    def _builds(self, paths: list[Path]) -> list[Build]:
        unread = [path for path in paths if path not in self._read]
        if unread:
            by_number = {build.number: build for build in read_builds(unread)}
            self._read |= {path: by_number[number_of(path.name)] for path in unread}
        return sorted((self._read[path] for path in paths), key=lambda build: build.number)


def _what_exists(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"there is only build {numbers[0]}"
    return f"there are {len(numbers)} builds, from {numbers[0]} to {numbers[-1]}"
