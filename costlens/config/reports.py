"""Reports as code: what is told, of which window, when, as what, and to whom."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from costlens.config.access import Access, Password
from costlens.config.value import Value, mistake, required, setting
from costlens.errors import Finding

Question = Literal[
    "chargeback_by_team",
    "chargeback_by_cost_centre",
    "cost_by_product",
    "cost_by_model",
    "cost_by_feature",
    "roi_by_product",
    "roi_by_model",
    "roi_by_feature",
    "idle_and_waste",
    "unmatched",
    "never_read",
    "restatements",
    "statement",
]
_TIMES = ("0 7 3 * * is at seven on the third of each month: minute, hour, day, month, weekday",)


@dataclass(frozen=True, kw_only=True)
class Delivery(Value):
    """Where an edition goes."""

    folder: str | None = setting(
        "a folder, relative to costlens.yaml: REPORT/WINDOW/ in it is put in place at once",
        None,
        choice="folder",
    )
    s3: str | None = setting("s3://BUCKET/PREFIX, likewise", None, choice="s3")
    access: Access | None = setting("how the bucket is reached")
    mail: tuple[str, ...] = setting("addresses, in one mail; needs `mail` below", (), choice="mail")
    webhook: Password | None = setting(
        "where the URL is kept that takes a message as Slack's does",
        None,
        choice="webhook",
        hidden="{env: NAME} or {file: PATH}",
    )


@dataclass(frozen=True, kw_only=True)
class Report(Value):
    """A report: a question, asked again for every window and kept as an edition."""

    name: str = required("its name, which folders and files bear", form="file")
    title: str | None = setting("what its mail is called; by default its name")
    question: Question | None = setting("one of the built-in questions", None, choice="question")
    sql: str | None = setting(
        "in its place a file of one select, relative to costlens.yaml; may take $start, $stop, "
        "$first, $after and $basis",
        None,
        choice="sql",
    )
    window: str = setting(
        "the time it is about, seen from when it is due", "last month", form="window"
    )
    basis: Literal["effective", "billed"] | None = setting(
        "which basis; by default that of `allocation`"
    )
    currency: str | None = setting(
        "convert to this; by default as billed, and for ROI the reporting currency",
        None,
        form="currency",
    )
    columns: tuple[str, ...] = setting("these columns alone, in this order", ())
    format: Literal["csv", "excel", "parquet", "json"] = setting("of its file", "csv")
    schedule: str | None = setting(
        "when, as cron has it: minute hour day month weekday; else by hand alone"
    )
    zone: str | None = setting("the time zone of that, as Europe/Berlin; else that of `schedule`")
    complete: bool = setting(
        "wait until the bill of every month of the window reaches its last day", False
    )
    to: tuple[Delivery, ...] = setting("where it goes; one text is a folder", (), short="folder")


@dataclass(frozen=True, kw_only=True)
class Mail(Value):
    """The server that mail goes out by."""

    host: str = required("its name")
    port: int = setting("its port", 587, least=1, most=65535)
    security: Literal["starttls", "tls", "none"] = setting(
        "starttls and tls check the server's certificate; none is for one on this machine",
        "starttls",
    )
    ca_file: str | None = setting(
        "certificates to trust in place of the system's, relative to costlens.yaml"
    )
    user: str | None = setting("who logs in, if anyone")
    password: Password | None = setting(
        "where that user's password is kept", None, hidden="{env: NAME} or {file: PATH}"
    )
    sender: str = required("the address that it comes from")


@dataclass(frozen=True, kw_only=True)
class Schedule(Value):
    """What `costlens schedule` does beside the reports, and the time zone of all of it."""

    refresh: str | None = setting(
        "when the lake is brought up to date, as cron has it", "0 * * * *"
    )
    zone: str = setting("the time zone, as Europe/Berlin", "UTC")


def check_report(value: Value) -> Iterator[Finding]:
    """Check when a report is due, and that it has somewhere to go."""
    assert isinstance(value, Report)
    yield from _cron(value, value.schedule)
    yield from _zone(value, value.zone)
    if value.schedule and not value.to:
        yield mistake(
            value, f'report "{value.name}" is due and goes nowhere', "write to: and a folder"
        )


def check_schedule(value: Value) -> Iterator[Finding]:
    """Check when refreshes are due."""
    assert isinstance(value, Schedule)
    yield from _cron(value, value.refresh)
    yield from _zone(value, value.zone)


def check_delivery(value: Value) -> Iterator[Finding]:
    """Check that an edition can get where it goes, by the looks of it."""
    assert isinstance(value, Delivery)
    if value.s3 and not re.fullmatch(
        r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^*?\[]*)?", value.s3
    ):
        yield mistake(value, '"s3" names no bucket', "write s3://BUCKET/PREFIX")
    if value.access and not value.s3:
        yield mistake(value, '"access" says how to reach s3, and there is none', "take it out")
    for address in value.mail:
        yield from _address(value, address)


def check_mail(value: Value) -> Iterator[Finding]:
    """Check that a login is whole, and goes over no open line."""
    assert isinstance(value, Mail)
    yield from _address(value, value.sender)
    if (value.user is None) != (value.password is None):
        yield mistake(value, 'one of "user" and "password" is missing', "write both, or neither")
    if value.password and value.security == "none":
        yield mistake(
            value, "the password would go over an open line", "write security: starttls, or tls"
        )


def _address(value: Value, address: str) -> Iterator[Finding]:
    if not re.fullmatch(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+", address):
        yield mistake(value, f'"{address}" is no address', "write it as name@example.org")


def _cron(value: Value, schedule: str | None) -> Iterator[Finding]:
    if schedule is None:
        return
    from datetime import UTC, datetime

    from cronsim import CronSim, CronSimError

    try:
        if len(schedule.split()) != 5:  # a sixth field would be seconds
            raise CronSimError
        next(CronSim(schedule, datetime(2026, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration):
        yield mistake(value, f'"{schedule}" is no time that comes, as cron has it', _TIMES[0])


def _zone(value: Value, zone: str | None) -> Iterator[Finding]:
    if zone is None:
        return
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield mistake(value, f'there is no time zone "{zone}"', "write one such as Europe/Berlin")
