"""What became of the editions, and which reports there are."""

from costlens.questions.ask import Answer
from costlens.report.delivery import place_of
from costlens.report.due import next_of, zone_of
from costlens.report.ledger import editions, standing
from costlens.report.run import Desk

_HISTORY = {
    "report": "VARCHAR",
    "edition": "VARCHAR",
    "window": "VARCHAR",
    "build": "BIGINT",
    "made_at": "TIMESTAMP",
    "goes_to": "VARCHAR",
    "state": "VARCHAR",
    "failures": "BIGINT",
    "at": "TIMESTAMP",
    "why": "VARCHAR",
}
_LIST = {
    "report": "VARCHAR",
    "tells": "VARCHAR",
    "window": "VARCHAR",
    "format": "VARCHAR",
    "schedule": "VARCHAR",
    "zone": "VARCHAR",
    "next_due": "TIMESTAMP",
    "goes_to": "VARCHAR",
    "last_edition": "VARCHAR",
}


def history_of(desk: Desk, report: str) -> Answer:
    """List editions by the places they go to, newest first; those that could not be made too."""
    events = desk.ledger.events()
    rows: list[tuple[object, ...]] = []
    for made in reversed(editions(events, report)):
        head = (made.report, made.edition, made.window, made.build, made.at)
        for place in made.places:
            now = standing(events, made, place)
            state = "unclear" if now.state == "sending" else now.state
            rows.append((*head, place, state, now.tries, now.at, now.detail or None))
        if not made.places:
            rows.append((*head, None, "kept", 0, None, None))
    done = {(made.report, made.edition) for made in editions(events)}
    broken = {
        (event.report, event.edition): event
        for event in events
        if event.what == "broken" and report in ("", event.report)
    }
    rows = [
        (one.report, one.edition, one.window, None, None, None, "broken", None, one.at, one.detail)
        for key, one in broken.items()
        if key not in done
    ] + rows
    return _answer(_HISTORY, rows)


def list_of(desk: Desk) -> Answer:
    """List the reports of costlens.yaml, in its order; times are UTC."""
    events = desk.ledger.events()
    rows: list[tuple[object, ...]] = []
    for report in desk.settings.reports:
        made = editions(events, report.name)
        rows.append(
            (
                report.name,
                report.question or report.sql,
                report.window,
                report.format,
                report.schedule,
                zone_of(report, desk.settings.schedule) if report.schedule else None,
                next_of(report, desk.settings.schedule, desk.now),
                "; ".join(place_of(to) for to in report.to) or None,
                made[-1].edition if made else None,
            )
        )
    return _answer(_LIST, rows)


def _answer(columns: dict[str, str], rows: list[tuple[object, ...]]) -> Answer:
    return Answer(columns=tuple(columns), types=tuple(columns.values()), rows=tuple(rows))
