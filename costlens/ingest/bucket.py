"""Copy what a source on S3 is made of: list its prefix, and fetch what is not here as it is now."""

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from re import sub
from threading import Event
from typing import Any, BinaryIO

from costlens.config.access import Access
from costlens.config.values import Source, Workspace
from costlens.errors import Finding
from costlens.ingest.aws import THREADS, connect, in_our_words, refusal
from costlens.ingest.cache import (
    cache_of,
    forget_others,
    is_known,
    keep,
    local,
    name_in_bucket,
    part_of,
)
from costlens.ingest.manifests import is_manifest
from costlens.lake.lock import writing_lock

_CHUNK = 1 << 20
_TRIES = 5


@dataclass(frozen=True, kw_only=True)
class _Object:
    """An object as the bucket lists it."""

    key: str
    etag: str
    size: int


@dataclass(kw_only=True)
class Bucket:
    """A source's prefix, and the copy of it in the lake."""

    source: Source
    cache: Path
    say: Callable[[str], None]
    sample: bool  # whether a few files are enough
    client: Any = None  # any: boto3 makes its clients as it runs
    objects: dict[Path, _Object] = field(default_factory=dict)
    manifests: list[Path] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def find(self, patterns: Collection[str]) -> list[Path]:
        """Name the copies of all that lies there now, and make those of the manifests."""
        with self._told(f'"{self.source.path}"'):
            self.client = connect(self.source.s3 or Access())
            self.objects = {local(self.cache, one.key): one for one in self._objects()}
        paths = sorted(self.objects)
        self.manifests = [path for path in paths if is_manifest(path, patterns)]
        self._fetch(self.manifests)
        return paths

    def copy(self, paths: list[Path]) -> list[Path]:
        """Make the copies that are not here yet, and forget those that count no more.

        A check fetches only a sample, unless all are here: where the names of folders, or of files
        in one, differ by a number or a day, it takes the last.
        """
        if self.sample and self._missing(paths):
            paths = _sample(paths)
        self._fetch(paths)
        if not self.sample:
            with writing_lock(self.cache.parent):
                forget_others(self.cache, {*paths, *self.manifests})
        return paths

    def _objects(self) -> Iterator[_Object]:
        """List what a path means: all below it as a folder, else the one object of that name."""
        _, _, name, *rest = self.source.path.split("/", 3)
        prefix = rest[0] if rest else ""
        below = prefix if prefix == "" or prefix.endswith("/") else f"{prefix}/"
        pages = self.client.get_paginator("list_objects_v2")
        found = False
        for page in pages.paginate(Bucket=name, Prefix=below):
            for one in page.get("Contents", ()):
                inner = one["Key"].removeprefix(below).split("/")
                found = found or bool(inner[-1])
                if inner[-1] and not any(part[:1] in (".", "_") for part in inner if part):
                    yield _Object(key=one["Key"], etag=one["ETag"], size=one["Size"])
        if found:
            return
        page = self.client.list_objects_v2(Bucket=name, Prefix=prefix, MaxKeys=1)
        for one in page.get("Contents", ()):
            if one["Key"] == prefix and not prefix.endswith("/"):
                yield _Object(key=prefix, etag=one["ETag"], size=one["Size"])
                return
        raise refusal(self.source, f'nothing lies in "{self.source.path}"', self._near(name, below))

    def _near(self, name: str, below: str) -> str:
        """Say what there is instead of a prefix that holds nothing, where we may see that."""
        from botocore.exceptions import ClientError

        try:
            return self._above(name, below)
        except ClientError:
            return "correct path:, or wait for the first delivery"

    def _above(self, name: str, below: str) -> str:
        parent = below.rstrip("/").rpartition("/")[0]
        while True:
            prefix = f"{parent}/" if parent else ""
            page = self.client.list_objects_v2(Bucket=name, Prefix=prefix, Delimiter="/", MaxKeys=6)
            folders = [one["Prefix"] for one in page.get("CommonPrefixes", ())]
            found = [*folders, *(one["Key"] for one in page.get("Contents", ()))]
            if found:
                shown = ", ".join(one.removeprefix(prefix) for one in found[:5])
                return f"s3://{name}/{prefix} holds: {shown}"
            if not parent:
                return "the bucket is empty: correct path:, or wait for the first delivery"
            parent = parent.rpartition("/")[0]

    def _missing(self, paths: Collection[Path]) -> list[Path]:
        named = ((path, self.objects[path]) for path in paths)
        return [path for path, one in named if not is_known(path, one.etag, one.size)]

    def _fetch(self, paths: Collection[Path]) -> None:
        """Fetch what is not here as it is now, several at once; what is finished is kept."""
        if not self._missing(paths):
            return
        with writing_lock(self.cache.parent):
            missing = self._missing(paths)
            whole = sum(self.objects[path].size for path in missing)
            stop, done = Event(), 0
            with ThreadPoolExecutor(THREADS) as pool:
                jobs = {pool.submit(self._fetch_one, path, stop): path for path in missing}
                try:
                    for number, job in enumerate(as_completed(jobs), start=1):
                        self._finish(job, jobs[job])
                        done += self.objects[jobs[job]].size
                        self.say(
                            f"fetched {number} of {len(missing)} files of {self.source.name}, "
                            f"{done / 1e6:,.1f} of {whole / 1e6:,.1f} MB"
                        )
                finally:
                    stop.set()
                    pool.shutdown(cancel_futures=True)

    def _finish(self, job: "Future[None]", path: Path) -> None:
        with self._told(name_in_bucket(path) or path.name):
            job.result()

    def _fetch_one(self, path: Path, stop: Event) -> None:
        """Fetch an object; where the connection breaks, go on from there."""
        from botocore import exceptions as aws

        one = self.objects[path]
        with part_of(path).open("wb") as file:
            for again in range(_TRIES):
                try:
                    self._pour(one, file, stop)
                except (aws.HTTPClientError, aws.IncompleteReadError):
                    if again == _TRIES - 1:
                        raise
                    stop.wait(0.2 * 2**again)
                if stop.is_set():
                    return
                if file.tell() == one.size:
                    break
            else:
                raise aws.IncompleteReadError(actual_bytes=file.tell(), expected_bytes=one.size)
        keep(path, one.etag)

    def _pour(self, one: _Object, file: BinaryIO, stop: Event) -> None:
        """Write what is still missing of an object, if it is the one that was listed."""
        have = file.tell()
        if have == one.size:
            return
        name = self.source.path.split("/")[2]
        more = {"Range": f"bytes={have}-"} if have else {}
        got = self.client.get_object(Bucket=name, Key=one.key, IfMatch=one.etag, **more)
        with got["Body"] as body:
            while not stop.is_set() and (chunk := body.read(_CHUNK)):
                file.write(chunk)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            said = in_our_words(error, self.source, what)
            if said is None:
                raise
            raise said from error


def _sample(paths: Iterable[Path]) -> list[Path]:
    folders: dict[str, Path] = {}
    names: dict[tuple[Path, str], Path] = {}
    for path in sorted(paths, key=lambda path: (path.parent, path.name)):
        folders[_shape(str(path.parent))] = path.parent
        names[path.parent, _shape(path.name)] = path
    return sorted(path for path in names.values() if path.parent in folders.values())


def _shape(name: str) -> str:
    """Take every word with a digit out of a name."""
    return sub(r"[^\W_]*\d[^\W_]*", "", name)


def bucket_of(
    source: Source, workspace: Workspace, *, say: Callable[[str], None], sample: bool = False
) -> Bucket | None:
    """Give the way to a source on S3; None for one on this machine."""
    if not source.path.startswith("s3://"):
        return None
    lake = workspace.folder / workspace.settings.lake
    cache = cache_of(lake, source.name, source.path.split("/")[2])
    return Bucket(source=source, cache=cache, say=say, sample=sample)
