"""What shared machines were paid for: who ran on them, what stood idle, what failed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from dash import Dash, dcc, html

from costlens.questions.ask import Answer
from costlens.web.answers import machines as ask_machines
from costlens.web.asking import lay_out, wire_later
from costlens.web.bars import Stretch, by_name, by_time, timeline
from costlens.web.charts import Series
from costlens.web.data import Builds, Data
from costlens.web.filters import select
from costlens.web.formats import UNKNOWN, count, exact, percent, short, whole
from costlens.web.links import linked, to_rows
from costlens.web.parts import Card, Section, cards, chart, guarded, key, page
from costlens.web.rows import Row, records
from costlens.web.tables import Part, in_parts, laid_out
from costlens.web.theme import BLUE, GREY, OLIVE, PINK, RED, VIOLET
from costlens.web.view import View, read_view
from costlens.web.words import residual

PATH, TITLE, ORDER = "/pipelines", "Pipelines", 5

_LATER = ("runs", "hours", "waste")
_MACHINES, _BARS, _ROWS = 4, 10, 80
_COLORS = (BLUE, VIOLET, PINK, RED)
_DAYS_OF_DAYS, _DAYS_OF_WEEKS = 95, 400  # longer windows are added up by week, then by month
_PARTS = (
    ("work", "Work that counted", BLUE),
    ("waste", "Failed or repeated", PINK),
    ("idle", "Idle beside it", GREY),
)


def view(data: Data, query: Mapping[str, str]) -> View:
    """Read the link; it may name the day whose runs are shown."""
    return read_view(data, query, keep=("day",))


def machines(data: Data, view: View) -> Answer:
    """Ask what shared machines were paid for, along the window."""
    days = (_first_day(view.window.after) - _first_day(view.first)).days
    grain = "day" if days <= _DAYS_OF_DAYS else "week" if days <= _DAYS_OF_WEEKS else "month"
    return ask_machines(data, grain=grain, basis=view.basis, window=view.window)


def hours(data: Data, view: View) -> Answer:
    """Ask what shared machines were paid for, hour by hour of the day that is shown."""
    shown = _day(data, view)
    window = replace(view.window, start=shown, stop=shown + timedelta(days=1))
    return ask_machines(data, grain="hour", basis=view.basis, window=window)


def runs(data: Data, view: View) -> Answer:
    """Ask what ran when on the day that is shown."""
    shown = _day(data, view)
    return data.ask("day_runs", start=shown, stop=shown + timedelta(days=1))


def pipelines(data: Data, view: View) -> Answer:
    """Ask what each pipeline cost."""
    return data.ask("pipeline_costs", by="pipeline", **view.scoped)


def parts(data: Data, view: View) -> Answer:
    """Ask what each part of a pipeline cost."""
    return data.ask("pipeline_costs", by="part", **view.scoped)


def waste(data: Data, view: View) -> Answer:
    """Ask where money went into work that failed."""
    return data.ask("waste", **view.given)


TABLES = {
    "machines": machines,
    "hours": hours,
    "runs": runs,
    "pipelines": pipelines,
    "parts": parts,
    "waste": waste,
}


def layout(data: Data, **query: str) -> Part:
    """Lay the page out for the filters in its link."""
    shown = view(data, query)
    return page(
        data,
        shown,
        title=guarded("pipelines-title", lambda: _title(data, shown)),
        stem="pipelines",
        grouped=False,
        body=[
            guarded("pipelines-cards", lambda: _cards(data, shown)),
            *lay_out(data, shown, _sections(data, shown), late=_LATER),
        ],
    )


def _sections(data: Data, view: View) -> list[Section]:
    nothing = f"No shared machine is billed in {view.months_said}. Name one under resources in the "
    nothing += "catalogue, and its idle time shows."
    of_day = f"{_day(data, view):%a} {_day(data, view).isoformat()}"
    mine = f" Named are those of team {view.owner}." if view.owner else ""
    return [
        Section(
            page="pipelines",
            name="machines",
            title="What were shared machines paid for?",
            lead="Each machine's whole cost along time, by the pipelines that ran on it; dotted is "
            "what was paid for and not used.",
            rows=machines,
            draw=_machines,
            empty=nothing,
        ),
        Section(
            page="pipelines",
            name="runs",
            title=f"What ran when on {of_day}?",
            lead="Tries of a part within five minutes are one bar. Times are UTC.",
            rows=runs,
            draw=_runs,
            empty=f"No run is known of {of_day}.",
        ),
        Section(
            page="pipelines",
            name="hours",
            title=f"How was each hour of {of_day} split?",
            rows=hours,
            draw=_machines,
            empty=f"No shared machine is billed on {of_day}.",
        ),
        Section(
            page="pipelines",
            name="pipelines",
            title="What does each pipeline cost?",
            lead="Idle beside it is the part of idle machines that goes with its use; nobody is "
            f"charged for it here.{mine}",
            rows=pipelines,
            draw=_pipelines,
            empty=f"No bill covers {view.months_said}.",
        ),
        Section(
            page="pipelines",
            name="parts",
            title="How does it split by part?",
            lead=f"An amount leads to its bill lines.{mine}",
            rows=parts,
            draw=_parts,
            empty=f"No bill covers {view.months_said}.",
            has_table=True,
        ),
        Section(
            page="pipelines",
            name="waste",
            title="Where did failed work cost money?",
            rows=waste,
            draw=_waste,
            empty=f"Nowhere: no failed, killed or repeated work is billed in {view.months_said}.",
            has_table=True,
        ),
    ]


def callbacks(app: Dash, builds: Builds) -> None:
    """Bring what takes longer after the page."""
    wire_later(app, builds, stem="pipelines", names=_LATER, view=view, sections=_sections)


def _title(data: Data, view: View) -> str:
    figures = _figures(data, view)
    if "bill" not in figures:
        return f"No bill covers {view.months_said}"
    idle, failed = figures.get("idle"), figures.get("waste")
    said = [f"{whole(idle['amount'], data.currency)} of machines stood idle"] if idle else []
    said += [f"{whole(failed['amount'], data.currency)} went into failed work"] if failed else []
    if not said:
        return f"No machine is known to have stood idle in {view.months_said}."
    return f"In {view.months_said} {' and '.join(said)}."


def _figures(data: Data, view: View) -> dict[str, Row]:
    return {row["figure"]: row for row in records(data.ask("bill_summary", **view.given))}


def _cards(data: Data, view: View) -> Part:
    figures = _figures(data, view)
    if not figures:
        return html.P("Choose other months above.", className="empty")
    several = [
        ("work", "Work that counted", "features, models and products needed it"),
        ("idle", "Stood idle", "machines paid for and not used"),
        ("waste", "Failed or repeated", "work that had to be done again"),
        ("unneeded", "Needed by nothing", "work that no target needs"),
    ]
    return cards(
        [
            Card(
                label=label,
                figure=short(figures[name]["amount"], data.currency),
                exactly=exact(figures[name]["amount"], data.currency),
                hint=f"{percent(figures[name]['bill_share'])} of the bill: {hint}",
                link=to_rows(view, f"part:{name}"),
            )
            for name, label, hint in several
            if name in figures
        ]
    )


def _first_day(month: str) -> date:
    return date.fromisoformat(f"{month}-01")


def _day(data: Data, view: View) -> date:
    """Find the day that is shown: that of the link, else the last one billed in the window."""
    last = max((one.last_day for one in data.months if one.month <= view.last), default=None)
    try:
        return date.fromisoformat(view.asked("day"))
    except ValueError:
        return last or _first_day(view.last)


def _machines(data: Data, view: View, answer: Answer) -> Part:
    found: dict[str, list[Row]] = {}
    for row in records(answer):
        found.setdefault(row["resource"], []).append(row)
    drawn = [_machine(data, name, rows) for name, rows in list(found.items())[:_MACHINES]]
    left = len(found) - _MACHINES
    if left > 0:
        drawn.append(html.P(f"{count(left)} cheaper machines are in the table.", className="hint"))
    return html.Div(drawn)


def _machine(data: Data, name: str, rows: list[Row]) -> Part:
    times = sorted({row["time"] for row in rows})
    amounts = {(row["pipeline"], row["time"]): row["amount"] for row in rows}
    names = sorted({row["pipeline"] for row in rows if not row["pipeline"].startswith("(")})
    colors = [*zip(names, names, _COLORS, strict=False)]
    colors.append(("(other pipelines)", "Other pipelines", OLIVE))
    colors.append(("(idle)", "Idle", GREY))
    series = [
        Series(label=words, color=color, amounts=tuple(amounts.get((one, at)) for at in times))
        for one, words, color in colors
        if any(row["pipeline"] == one for row in rows)
    ]
    says = f"{name}, {len(times)} times, by " + ", ".join(one.label for one in series)
    return html.Div(
        [
            html.H3(name),
            key([(one.label, one.color, "") for one in series]),
            chart(by_time(times, series, data.currency, height=220), says=says),
        ]
    )


def _runs(data: Data, view: View, answer: Answer) -> Part:
    found = records(answer)
    shown = _day(data, view)
    stretches = [
        Stretch(
            lane=_lane(row),
            start=row["start"],
            stop=row["stop"],
            color=PINK if row["is_failed"] else BLUE,
            says=f"{_lane(row)}: {row['start']:%H:%M} to {row['stop']:%H:%M}, "
            f"{count(row['tries'])} tries{', failed' * row['is_failed']}",
        )
        for row in found
    ]
    first = datetime.combine(shown, time())
    lanes = dict.fromkeys(one.lane for one in stretches)
    failed = sum(1 for row in found if row["is_failed"])
    says = f"{len(lanes)} lanes: {', '.join(lanes)}. {failed} failed."
    return html.Div(
        [
            _choose_day(data, view),
            key([("Ran", BLUE, ""), ("Failed or killed", PINK, "")]),
            chart(timeline(stretches, first, first + timedelta(days=1)), says=says),
        ]
    )


def _lane(row: Row) -> str:
    if row["pipeline"].startswith("("):
        return "Other parts"
    return (
        f"{row['part']} \N{MIDDLE DOT} {row['pipeline']}" if row["part"] else str(row["pipeline"])
    )


def _choose_day(data: Data, view: View) -> Part:
    """Offer the days of the window, and the ones beside the one that is shown."""
    shown, first, stop = _day(data, view), _first_day(view.first), _first_day(view.window.after)
    days = [first + timedelta(days=at) for at in range((stop - first).days)]
    if shown not in days:
        days.append(shown)
    choices = [{"value": one.isoformat(), "label": f"{one:%a} {one}"} for one in days]
    beside = [
        dcc.Link(words, href=view.link("/pipelines", day=other.isoformat()), className="plain-link")
        for words, other in (
            ("Day before", shown - timedelta(days=1)),
            ("Day after", shown + timedelta(days=1)),
        )
    ]
    return html.Div([select("Day", "day", shown.isoformat(), choices), *beside], className="form")


def _pipelines(data: Data, view: View, answer: Answer) -> Part:
    rows = records(answer)
    shown = rows[:_BARS]
    names = [_words(row["pipeline"]) for row in shown]
    series = [
        Series(label=words, color=color, amounts=tuple(row[part] for row in shown))
        for part, words, color in _PARTS
    ]
    says = "; ".join(
        f"{name}: {exact(row['cost'], data.currency)}"
        for name, row in zip(names, shown, strict=True)
    )
    left = len(rows) - len(shown)
    return html.Div(
        [
            key([(words, color, "") for _, words, color in _PARTS]),
            chart(by_name(names, series, data.currency), says=says),
            html.P(f"{count(left)} more are in the table.", className="hint") if left > 0 else None,
        ]
    )


def _words(pipeline: str) -> str:
    known = {"(no pipeline)": "Cost of no pipeline", "(other teams)": "Of other teams"}
    return known.get(pipeline) or residual(pipeline)


def _parts(data: Data, view: View, answer: Answer) -> Part:
    found = records(answer)
    rows = [
        html.Tr(
            [
                html.Td(
                    _words(row["pipeline"]) if row["stage"] is None else in_parts(row["stage"]),
                    className="stage",
                ),
                html.Td(row["owner"] or ""),
                html.Td(
                    linked(exact(row["cost"], data.currency), _to_stage(view, row)),
                    className="number",
                ),
                html.Td(
                    linked(exact(row["waste"], data.currency), _to_waste(view, row)),
                    className="number",
                ),
                html.Td(exact(row["idle"], data.currency), className="number"),
            ],
            className="residual" if row["stage"] is None else "",
        )
        for row in found[:_ROWS]
    ]
    heads = ["Part", "Team", "Cost", "Of it failed", "Idle beside it"]
    shown = laid_out(heads, rows, says="By part", numbers=(2, 3, 4))
    return html.Div([shown, _cut(len(found))])


def _to_stage(view: View, row: Row) -> str:
    return to_rows(view, "outcome:allocated", stage=row["stage"]) if row["stage"] else ""


def _to_waste(view: View, row: Row) -> str:
    if not row["stage"] or not row["waste"]:
        return ""
    return to_rows(view, "part:waste", stage=row["stage"])


def _waste(data: Data, view: View, answer: Answer) -> Part:
    found = records(answer)
    rows = [
        html.Tr(
            [
                html.Td(in_parts(row["stage"]), className="stage"),
                html.Td(count(row["runs"]), className="number"),
                html.Td(str(row["last_day"] or UNKNOWN)),
                html.Td(
                    linked(
                        exact(row["amount"], data.currency),
                        to_rows(view, f"stage:{row['stage']}", **{"class": "waste"}),
                    ),
                    className="number",
                ),
            ]
        )
        for row in found[:_ROWS]
    ]
    heads = ["Part", "Runs", "Last on", "Cost"]
    shown = laid_out(heads, rows, says="Failed work", numbers=(1, 3))
    return html.Div([shown, _cut(len(found))])


def _cut(rows: int) -> Part:
    if rows <= _ROWS:
        return None
    return html.P(f"The first {_ROWS} of {count(rows)} rows; the CSV has all.", className="hint")
