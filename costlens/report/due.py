"""What is due: moments of a schedule since the last edition, in the time zone of people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from costlens.config.reports import Report, Schedule
from costlens.questions.spans import Span, span_of
from costlens.report.ledger import Event

_MOST = 100_000  # moments that are looked at: more than a year of every five minutes


@dataclass(frozen=True, kw_only=True)
class Due:
    """An edition that has to be made: of which report, when it was due, and its window."""

    report: Report
    at: datetime  # naive UTC
    span: Span

    @property
    def edition(self) -> str:
        """Its name: the moment it was due."""
        return f"{self.at:%Y-%m-%dT%H-%MZ}"


def moments(schedule: str, zone: str, after: datetime) -> Iterator[datetime]:
    """List the moments of a schedule after one in UTC, as naive UTC, without end.

    Over a change of the clock it is as with cron: an hour that is left out is made up for at once,
    an hour that comes twice counts once, but for schedules of every hour.
    """
    from cronsim import CronSim

    local = after.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    for moment in CronSim(schedule, local):
        yield moment.astimezone(UTC).replace(tzinfo=None)


def zone_of(report: Report, schedule: Schedule) -> str:
    """Name the time zone of a report."""
    return report.zone or schedule.zone


def local_day(at: datetime, zone: str) -> datetime:
    """Give a moment in UTC as the clock on the wall of a zone has it."""
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))


def signature(report: Report, schedule: Schedule) -> str:
    """Name a schedule; under another one what was due before is not."""
    return f"{report.schedule} {zone_of(report, schedule)}"


def seen(events: list[Event], report: Report, schedule: Schedule) -> datetime | None:
    """Say since when a report has the schedule that it has."""
    last = None
    for event in events:
        if event.what == "seen" and event.report == report.name:
            last = event
    if last is None or last.detail != signature(report, schedule):
        return None
    return last.at


def due_of(report: Report, schedule: Schedule, events: list[Event], now: datetime) -> list[Due]:
    """List what is due of a report, oldest first; of missed moments of one window the last."""
    since = seen(events, report, schedule)
    if since is None or report.schedule is None:
        return []
    made = [
        event.due
        for event in events
        if event.what == "made" and event.report == report.name and event.due
    ]
    after = max([since, *made])
    zone = zone_of(report, schedule)
    by_window: dict[str, Due] = {}
    for at in islice(moments(report.schedule, zone, after), _MOST):
        if at > now:
            break
        span = span_of(report.window, local_day(at, zone).date())
        by_window.pop(span.label, None)
        by_window[span.label] = Due(report=report, at=at, span=span)
    return list(by_window.values())


def next_of(report: Report, schedule: Schedule, now: datetime) -> datetime | None:
    """Say when a report is due next, in UTC."""
    if report.schedule is None:
        return None
    return next(moments(report.schedule, zone_of(report, schedule), now), None)


def patience(tries: int) -> timedelta:
    """Say how long to wait after so many failures: five minutes, twice as long each time."""
    return min(timedelta(minutes=5 * 2 ** min(tries - 1, 10)), timedelta(hours=6))
