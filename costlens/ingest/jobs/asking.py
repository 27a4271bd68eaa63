"""Ask the services of one region, politely, and say what was not allowed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from costlens.config.access import Access
from costlens.config.notes import listed
from costlens.config.values import Source
from costlens.errors import Finding
from costlens.ingest.aws import code_of, connect
from costlens.ingest.jobs.answers import Answer, Kept, plain

T = TypeVar("T")
_THREADS = 4
_AT_ONCE = 500  # answers, before they are written
_AGAIN = timedelta(hours=1)  # before the last time: what AWS lists late is still seen
_GONE = {  # what is asked for by name went away after it was listed
    "ResourceNotFound",
    "ResourceNotFoundException",
    "EntityNotFoundException",
    "InvalidRequestException",
    "ValidationException",
}


class DeniedError(Exception):
    """AWS does not let us ask this; there is a finding about it."""


@dataclass(kw_only=True)
class Asking:
    """One region of an account, as one source asks it."""

    source: Source
    access: Access
    account: str
    partition: str
    region: str
    kept: Kept
    since: datetime
    as_of: datetime
    say: Callable[[str], None]
    sample: bool  # whether one of each is enough
    read: set[str] = field(default_factory=set)  # tables that could be read
    denied: dict[str, Finding] = field(default_factory=dict)  # action to what it means
    gone: list[str] = field(default_factory=list)  # what was listed and could not be asked for
    _clients: dict[str, Any] = field(default_factory=dict)  # any: boto3 makes them as it runs

    @property
    def upto(self) -> datetime:
        """The time up to which what is asked now is known."""
        return self.as_of - _AGAIN

    def client(self, service: str) -> Any:  # noqa: ANN401 -- boto3 makes its clients as it runs
        """Give the client of a service."""
        if service not in self._clients:
            self._clients[service] = connect(self.access, service, retries="adaptive")
        return self._clients[service]

    def ask(self, service: str, operation: str, **wanted: object) -> Answer:
        """Ask once; give the answer as the CLI prints it."""
        with self._telling(service):
            found: Answer = plain(getattr(self.client(service), operation)(**wanted))
        return found

    def pages(self, service: str, operation: str, under: str, **wanted: object) -> Iterator[Any]:
        """List everything, or one thing for a sample; what boto3 makes of it, times as times."""
        found = self._pages(service, operation, under, wanted)
        yield from islice(found, 1) if self.sample else found

    def all(self, service: str, operation: str, under: str, **wanted: object) -> list[Any]:
        """List all that belongs to one thing, as the CLI prints it."""
        return [plain(one) for one in self._pages(service, operation, under, wanted)]

    def _pages(
        self, service: str, operation: str, under: str, wanted: dict[str, object]
    ) -> Iterator[Any]:
        with self._telling(service):
            pages = iter(self.client(service).get_paginator(operation).paginate(**wanted))
        while True:
            with self._telling(service):
                page = next(pages, None)
            if page is None:
                return
            yield from page.get(under) or ()

    def each(
        self, things: Sequence[T], ask: Callable[[T], Answer], *, of: str = ""
    ) -> Iterator[list[Answer]]:
        """Ask for each of some things, a few at once; give the answers some hundreds at a time.

        What went away after it was listed has no answer, and is unfinished no more in the table
        `of`, by its key or what begins with that.
        """
        with ThreadPoolExecutor(_THREADS) as pool:
            for some in chunks(things[:1] if self.sample else things, _AT_ONCE):
                jobs = [pool.submit(self._unless_gone, partial(ask, one), one, of) for one in some]
                try:
                    yield [found for job in jobs if (found := job.result())]
                finally:
                    for job in jobs:
                        job.cancel()

    @contextmanager
    def table(self, table: str) -> Iterator[None]:
        """Read a table, or go on without it where that is not allowed."""
        self.say(f"ask AWS for {table.replace('_', ' ')} of {self.source.name}, {self.region}")
        try:
            yield
        except DeniedError:
            return
        self.read.add(table)

    def unfinished(self, table: str) -> dict[str, list[str]]:
        """Give what had not ended when it was last read: each with what it is asked for by."""
        return self.kept.unfinished.setdefault(table, {})

    def note(self, table: str, key: str, about: list[str], *, ended: bool) -> None:
        """Note whether a thing is to be asked for again."""
        if ended:
            self.unfinished(table).pop(key, None)
        else:
            self.unfinished(table)[key] = about

    def done(self, table: str) -> None:
        """Note that a table was read up to now; a sample never is."""
        if not self.sample:
            self.kept.done(table, self.upto, self.since)

    def after(self, table: str) -> datetime:
        """Give the time from which on a table is asked for."""
        return self.kept.since(table, self.since)

    def _unless_gone(self, ask: Callable[[], Answer], one: object, of: str) -> Answer | None:
        from botocore.exceptions import ClientError

        try:
            return ask()
        except ClientError as error:
            if code_of(error) not in _GONE:
                raise
            self.gone.append(f"{error.operation_name}: {code_of(error)}")
            if of:
                key = one[0] if isinstance(one, tuple) else one
                self.unfinished(of).pop(str(key), None)
            return None

    @contextmanager
    def _telling(self, service: str) -> Iterator[None]:
        from botocore.exceptions import ClientError

        try:
            yield
        except ClientError as error:
            if code_of(error) != "AccessDenied" or error.operation_name == "AssumeRole":
                raise
            prefix = _PREFIXES.get(service, service)
            self._note(f"{prefix}:{error.operation_name}")
            raise DeniedError from error

    def findings(self) -> Iterator[Finding]:
        """Say what was not allowed, and what went away."""
        yield from self.denied.values()
        if self.gone:
            some = listed(sorted(set(self.gone)), most=4)
            yield Finding(
                message=f"{len(self.gone)} things in {self.region} are not described: {some}",
                where=self.source.place,
                hint="they went away meanwhile; if it stays so, ask AWS for one of them yourself",
                code="not_described",
                severity="warning",
            )

    def _note(self, action: str) -> None:
        self.denied.setdefault(
            action,
            Finding(
                message=f"access denied to {action} in {self.region}",
                where=self.source.place,
                hint=f"allow {action} to whoever runs costlens; until then what it tells is as it "
                "was last read, or missing",
                code="access_denied",
                severity="warning",
            ),
        )


_PREFIXES = {"emr": "elasticmapreduce"}


def chunks(things: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    """Cut a sequence into some of a size."""
    return (things[first : first + size] for first in range(0, len(things), size))
