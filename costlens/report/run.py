"""Make editions and bring them where they go: by hand, or what is due."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from costlens.config.reports import Delivery, Report
from costlens.config.values import Settings
from costlens.errors import CostLensError
from costlens.lake import Lake
from costlens.lake.builds import naive
from costlens.questions.ask import Asked, open_build
from costlens.questions.spans import Span
from costlens.report.delivery import (
    Parcel,
    RefusedError,
    UnclearError,
    UndeliveredError,
    place_of,
    send,
)
from costlens.report.due import Due, due_of, patience, seen, signature
from costlens.report.folder import publish
from costlens.report.ledger import Event, Ledger, What, editions, standing
from costlens.report.told import MANIFEST, NEVER, tell

_PAUSES = (0.5, 2.0)  # seconds between the tries of one run
_MOST = 12  # failures, over about two days
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A workspace's reports, at a moment: naive UTC."""

    settings: Settings
    folder: Path
    now: datetime
    say: Say

    @property
    def lake(self) -> Path:
        """The folder of results."""
        return self.folder / self.settings.lake

    @property
    def ledger(self) -> Ledger:
        """The ledger of editions, beside the lake."""
        return Ledger(self.lake)


def run_due(desk: Desk) -> int:
    """Make what is due and send what is open; return how many things failed.

    Safe to call at any time, any number of times: another run at work means nothing to do.
    """
    with desk.ledger.held() as is_ours:
        if not is_ours:
            return 0
        _note_new(desk)
        failed = _finish(desk)
        for report in desk.settings.reports:
            for due in due_of(report, desk.settings.schedule, desk.ledger.events(), desk.now):
                try:
                    if _has_to_wait(desk, due):
                        break  # and the later ones after it
                    made = _make(desk, report, due.span, edition=due.edition, due=due.at)
                except CostLensError as error:
                    _note_broken(desk, due, error.findings[0].message)
                    failed += 1
                    break
                failed += _deliver(desk, report, made)
        return failed


def run_by_hand(desk: Desk, report: Report, span: Span) -> int:
    """Make an edition now, and send it; return how many places it did not reach."""
    with desk.ledger.held() as is_ours:
        _insist(desk, is_ours)
        edition = _new_name(desk, report)
        made = _make(desk, report, span, edition=edition, due=None)
        return _deliver(desk, report, made)


def _new_name(desk: Desk, report: Report) -> str:
    name = f"by-hand-{desk.now:%Y-%m-%dT%H-%M-%SZ}"
    taken = {one.edition for one in editions(desk.ledger.events(), report.name)}
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(each for each in names if each not in taken)


def send_again(desk: Desk, report: Report) -> int:
    """Send the last edition to where it did not surely arrive, as a person who looked decides."""
    with desk.ledger.held() as is_ours:
        _insist(desk, is_ours)
        made = editions(desk.ledger.events(), report.name)
        if not made:
            raise CostLensError(
                f'report "{report.name}" has no edition yet',
                hint=f"make one: costlens report run {report.name}",
            )
        return _deliver(desk, report, made[-1], again=True)


def is_anything_due(desk: Desk) -> bool:
    """Say whether `run_due` would have something to do."""
    events = desk.ledger.events()
    return any(
        _owes(desk, report, events)
        or any(
            _is_open(desk, events, made, to) for made in _recent(desk, report) for to in report.to
        )
        for report in desk.settings.reports
    )


def _owes(desk: Desk, report: Report, events: list[Event]) -> bool:
    """Say whether an edition of a report can be made now, or its schedule is new."""
    schedule = desk.settings.schedule
    if report.schedule is None:
        return False
    if seen(events, report, schedule) is None:
        return True
    first = due_of(report, schedule, events, desk.now)[:1]
    return any(not _has_to_wait(desk, due) for due in first)


def _recent(desk: Desk, report: Report) -> list[Event]:
    """List the editions of which a delivery may still be open: it is given up within days."""
    since = desk.now - timedelta(days=30)
    return [made for made in editions(desk.ledger.events(), report.name) if made.at >= since]


def _insist(desk: Desk, is_ours: bool) -> None:
    if not is_ours:
        raise CostLensError(
            "another run makes reports just now",
            where=str(desk.ledger.folder),
            hint="try again when it is done",
        )


def _note_new(desk: Desk) -> None:
    """Note schedules that are new: what was due before them never was."""
    events = desk.ledger.events()
    for report in desk.settings.reports:
        if report.schedule and seen(events, report, desk.settings.schedule) is None:
            said = signature(report, desk.settings.schedule)
            desk.ledger.note(Event(at=desk.now, what="seen", report=report.name, detail=said))
            desk.say(f"{report.name}: due from now on, {said}")


def _finish(desk: Desk) -> int:
    """Send editions on that were made and did not reach every place."""
    failed = 0
    events = desk.ledger.events()
    for report in desk.settings.reports:
        for made in _recent(desk, report):
            if any(_is_open(desk, events, made, to) for to in report.to):
                failed += _deliver(desk, report, made)
    return failed


def _is_open(desk: Desk, events: list[Event], made: Event, to: Delivery) -> bool:
    """Say whether a delivery is to be tried now; `sending` is what a dead process left."""
    place = place_of(to)
    if place not in made.places:
        return False  # it was added later
    now = standing(events, made, place)
    if now.state == "failed":
        return now.at is not None and desk.now >= now.at + patience(now.tries)
    return now.state in ("open", "sending")


def _has_to_wait(desk: Desk, due: Due) -> bool:
    """Say whether an edition has to wait: it failed a moment ago, or its bill is not here."""
    broken = [
        event
        for event in desk.ledger.events()
        if (event.what, event.report, event.edition) == ("broken", due.report.name, due.edition)
    ]
    if broken and desk.now < broken[-1].at + patience(len(broken)):
        return True
    return due.report.complete and not _is_complete(desk, due.span)


def _note_broken(desk: Desk, due: Due, said: str) -> None:
    desk.ledger.note(
        Event(
            at=desk.now,
            what="broken",
            report=due.report.name,
            edition=due.edition,
            due=due.at,
            window=due.span.label,
            detail=said,
        )
    )
    desk.say(f"{due.report.name}: cannot be made: {said}")


def _is_complete(desk: Desk, span: Span) -> bool:
    asked = _open(desk)
    try:
        whole = {row[0] for row in asked.ask("bill_months").rows if row[3]}
    finally:
        asked.con.close()
    return set(span.months) <= whole


def _open(desk: Desk) -> Asked:
    return open_build(Lake(desk.lake))


def _make(desk: Desk, report: Report, span: Span, *, edition: str, due: datetime | None) -> Event:
    """Make an edition and keep its files: what is sent later is what was made now."""
    earlier = [one for one in editions(desk.ledger.events(), report.name) if one.built_at]
    since = earlier[-1].built_at if earlier else None
    asked = _open(desk)
    try:
        told = tell(asked, report, span, since=since or NEVER, folder=desk.folder)
        built_at = naive(asked.build.built_at)
    finally:
        asked.con.close()
    publish(desk.ledger.files_of(report.name, edition), told.files, mark=MANIFEST)
    made = Event(
        at=desk.now,
        what="made",
        report=report.name,
        edition=edition,
        due=due,
        window=span.label,
        build=told.manifest["build"],
        built_at=built_at,
        places=[place_of(to) for to in report.to],
    )
    desk.ledger.note(made)
    desk.say(f"{report.name}: {span.label} made as {edition}, rows: {told.manifest['rows']}")
    return made


def _deliver(desk: Desk, report: Report, made: Event, *, again: bool = False) -> int:
    """Send an edition where it is still to go; return how many places it did not reach."""
    folder = desk.ledger.files_of(made.report, made.edition)
    events = desk.ledger.events()
    open_to = [
        to
        for to in report.to
        if _is_open(desk, events, made, to)
        or (again and standing(events, made, place_of(to)).state != "sent")
    ]
    if not open_to:
        return 0
    if not (folder / MANIFEST).is_file():
        for to in open_to:
            _note(desk, made, to, "given_up", "the files of the edition are gone")
        return len(open_to)
    names = sorted(folder.iterdir(), key=lambda path: path.name == MANIFEST)
    parcel = Parcel(
        report=made.report,
        edition=made.edition,
        files={path.name: path.read_bytes() for path in names},
        settings=desk.settings,
        folder=desk.folder,
    )
    return sum(not _deliver_to(desk, parcel, made, to, again=again) for to in open_to)


def _deliver_to(desk: Desk, parcel: Parcel, made: Event, to: Delivery, *, again: bool) -> bool:
    place = place_of(to)

    def note(what: What, detail: str = "") -> None:
        _note(desk, made, to, what, detail)

    now = standing(desk.ledger.events(), made, place)
    if now.state == "sending" and not again:
        note("unclear", "a run died while it was sent")
        return False
    try:
        _try(parcel, to, announce=lambda: note("sending"))
    except UnclearError as error:
        note("unclear", str(error))
        return False
    except UndeliveredError as error:
        note("failed", str(error))
        if now.tries + 1 >= _MOST:
            note("given_up", str(error))
        return False
    note("sent")
    return True


def _note(desk: Desk, made: Event, to: Delivery, what: What, detail: str) -> None:
    """Write down what became of a delivery, and say it."""
    place = place_of(to)
    desk.ledger.note(
        Event(
            at=desk.now,
            what=what,
            report=made.report,
            edition=made.edition,
            to=place,
            detail=detail,
        )
    )
    if what != "sending":
        words = what.replace("_", " ")
        desk.say(f"{made.report}: {place}: {words}{': ' if detail else ''}{detail}")


def _try(parcel: Parcel, to: Delivery, *, announce: Callable[[], None]) -> None:
    """Try a few times; each time what happened before surely did not arrive."""
    for seconds in _PAUSES:
        try:
            send(parcel, to, announce=announce)
        except RefusedError:
            raise
        except UndeliveredError:
            time.sleep(seconds)
        else:
            return
    send(parcel, to, announce=announce)
