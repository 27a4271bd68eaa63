"""What the company's machine learning cost, where the bill went, and what it brought in."""

from decimal import Decimal

from dash import html

from costlens.questions.ask import Answer
from costlens.web.charts import Series, Worth, by_month, worth_bars
from costlens.web.data import Data
from costlens.web.formats import change, day, exact, percent, short, whole
from costlens.web.grid import Column, grid
from costlens.web.parts import (
    Card,
    Section,
    cards,
    chart,
    guarded,
    key,
    moved,
    page,
    section,
    ticks,
)
from costlens.web.rows import Row, first_row, records
from costlens.web.tables import Part
from costlens.web.theme import BLUE, GREY, OLIVE, PINK, RED, VIOLET
from costlens.web.view import View, last_year, read_view
from costlens.web.words import PARTS, residual

PATH, TITLE, ORDER = "/", "Overview", 1

_BARS = 8  # things in the chart; the grid has them all
_COLORS = {"work": BLUE, "idle": OLIVE, "waste": PINK, "unmatched": RED, "unneeded": VIOLET}
_COLUMNS = (
    Column(field="name", head="Name", width=150, is_text=True),
    Column(field="cost", head="Cost", width=90, hint="Its fair share of the bill"),
    Column(field="change", head="Against before", width=120, hint="Against the window before"),
    Column(field="avoidable", head="Saved if dropped", width=98, hint="Spent for this one alone"),
    Column(field="benefit", head="Benefit", width=90, hint="What its owner declared, likely"),
    Column(field="net", head="Net", width=90, hint="Benefit less cost"),
    Column(field="roi", head="ROI", width=72, hint="Net as a share of cost"),
    Column(field="evidence", head="Evidence", width=120, is_text=True, hint="Of the benefit"),
)


def summary(data: Data, view: View) -> Answer:
    """Ask for the bill in a few figures."""
    return data.ask("bill_summary", **view.given)


def months(data: Data, view: View) -> Answer:
    """Ask where the bill of each month went, a year back."""
    return data.ask("bill_by_month", **{**view.given, **last_year(data).given})


def worth(data: Data, view: View) -> Answer:
    """Ask what everything cost and brought in."""
    return data.roi(level=view.level, basis=view.basis, window=view.window)


TABLES = {"summary": summary, "months": months, "worth": worth, "all": worth}


def layout(data: Data, **query: str) -> Part:
    """Lay the page out for the filters in its link."""
    view = read_view(data, query)
    return page(
        data,
        view,
        title=guarded("overview-title", lambda: _title(data, view)),
        stem="overview",
        grouped=True,
        body=[
            guarded("overview-cards", lambda: _cards(data, view)),
            *[section(data, view, one) for one in _sections(view)],
        ],
    )


def _sections(view: View) -> list[Section]:
    return [
        Section(
            page="overview",
            name="worth",
            title=f"What does each {view.level} cost, and what does it bring in?",
            lead=f"Cost is the fair share of the bill of {view.months_said}; the benefit is what "
            "its owner declared, with its likely value and range. Without a declaration only the "
            "cost is known.",
            rows=worth,
            draw=_worth,
            empty=f"No bill covers {view.months_said}.",
        ),
        Section(
            page="overview",
            name="months",
            title="Where did the bill go?",
            lead="Each month's whole bill. The months of the window stand out; a striped month "
            "is not over.",
            rows=months,
            draw=_months,
            empty="No month is billed yet.",
        ),
        Section(
            page="overview",
            name="all",
            title=f"Every {view.level}, and what none of them bears",
            lead="The costs add up to the whole bill. A name leads to why it costs that.",
            rows=worth,
            draw=_grid,
            empty=f"No bill covers {view.months_said}.",
            has_table=True,
        ),
    ]


def _title(data: Data, view: View) -> str:
    """Say in one sentence what happened."""
    figures = {row["figure"]: row for row in records(summary(data, view))}
    bill = figures.get("bill")
    if bill is None:
        return f"No bill covers {view.months_said}"
    said = f"{view.months_said} cost {whole(bill['amount'], data.currency)}"
    open_month = next((one for one in data.months if one.is_partial), None)
    if open_month and view.last == open_month.month:
        said += f" up to {day(open_month.last_day)}"
    elif bill["change_share"] is not None:
        more = "more" if bill["change"] >= 0 else "less"
        said += f", {percent(abs(bill['change_share']))} {more} than {view.before_said}"
    reached = figures.get("reached")
    share = percent(reached["bill_share"]) if reached else "none"
    parts = [f"{share} of it reached a {view.level}"]
    for figure, words in (("idle", "stood idle"), ("unmatched", "nobody claimed")):
        if figure in figures and figures[figure]["amount"]:
            parts.append(f"{whole(figures[figure]['amount'], data.currency)} {words}")
    return f"{said}; {', '.join(parts)}."


def _cards(data: Data, view: View) -> Part:
    figures = {row["figure"]: row for row in records(summary(data, view))}
    past = records(months(data, view))

    def card(figure: str, label: str, hint: str) -> Card:
        row = figures.get(figure)
        history = [one["amount"] for one in past if one["figure"] == figure]
        if row is None:
            return Card(label=label, figure=exact(Decimal(0), data.currency), hint=hint)
        share = "" if figure == "bill" else f"{percent(row['bill_share'])} of the bill: "
        return Card(
            label=label,
            figure=short(row["amount"], data.currency),
            exactly=exact(row["amount"], data.currency),
            hint=f"{share}{hint}",
            moved=moved(row["change"], row["change_share"], view=view, currency=data.currency),
            history=history,
        )

    if not figures:
        return html.P("Choose other months above.", className="empty")
    return cards(
        [
            card("bill", "The whole bill", "every line of every source, credits included"),
            card("reached", f"Reached a {view.level}", f"work that a {view.level} needs"),
            card("idle", "Stood idle", "machines paid for and not used"),
            card("unmatched", "Claimed by nobody", "no rule names an owner"),
        ]
    )


def _worth(data: Data, view: View, answer: Answer) -> Part:
    rows = [row for row in records(answer) if not row["name"].startswith("(")]
    shown = [
        Worth(
            name=row["name"],
            cost=row["cost"],
            low=row["benefit_low"],
            likely=row["benefit"],
            high=row["benefit_high"],
        )
        for row in rows[:_BARS]
    ]
    more = f" The {len(shown)} dearest of {len(rows)}; all are in the table." * (len(rows) > _BARS)
    says = f"Cost and benefit by {view.level}. " + "; ".join(
        f"{one.name}: cost {exact(one.cost, data.currency)}, "
        f"benefit {exact(one.likely, data.currency)}"
        for one in shown
    )
    colors = [("Cost", BLUE, ""), ("Declared benefit, line: low to high", OLIVE, "")]
    nothing = [(f"Cost only: no {view.level} has a declared benefit", BLUE, "")]
    drawn = [
        key(colors if any(one.likely is not None for one in shown) else nothing),
        chart(worth_bars(shown, data.currency), says=says),
        html.P(more.strip(), className="hint") if more else None,
    ]
    return html.Div(drawn)


def _grid(data: Data, view: View, answer: Answer) -> Part:
    moves = {row["name"]: row for row in records(data.ask("change_by_target", **view.given))}
    bill = first_row(summary(data, view), figure="bill")
    rows = [_grid_row(row, moves.get(row["name"], {}), data, view) for row in records(answer)]
    foot = None
    if bill is not None:
        whole_bill = {"name": "The whole bill", "cost": bill["amount"], "change": bill["change"]}
        foot = _said({"avoidable": None, "benefit": None, **whole_bill}, bill, data)
    return grid(rows, _COLUMNS, foot=foot, id="overview-grid")


def _grid_row(row: Row, move: Row, data: Data, view: View) -> Row:
    made = {**row, "change": move.get("change"), "evidence": row["evidence_level"]}
    is_target = not row["name"].startswith("(")
    made["name"] = residual(row["name"])
    made["link"] = view.link("/feature", level=view.level, name=row["name"]) if is_target else ""
    if not is_target:
        made["evidence"] = ""
    return _said(made, move, data)


def _said(row: Row, move: Row, data: Data) -> Row:
    """Write every figure of a row as it is shown."""
    said = {
        f"{name}_said": exact(row.get(name), data.currency)
        for name in ("cost", "avoidable", "benefit", "net")
    }
    said["change_said"] = change(move.get("change"), move.get("change_share"), data.currency)
    said["roi_said"] = percent(row.get("roi"))
    said["evidence_said"] = row.get("evidence") or ""
    return row | said


def _months(data: Data, view: View, answer: Answer) -> Part:
    rows = {(row["month"], row["figure"]): row["amount"] for row in records(answer)}
    axis = [one for one in data.months if (one.month, "bill") in rows]
    present = [part for part in PARTS if any(figure == part for _, figure in rows)]
    series = [
        Series(
            label=PARTS[part],
            color=_COLORS.get(part, GREY),
            amounts=tuple(rows.get((one.month, part)) for one in axis),
            is_striped=part not in _COLORS,
        )
        for part in present
    ]
    now = {row["figure"]: row["amount"] for row in records(summary(data, view))}
    words = [
        (PARTS[part], _COLORS.get(part, GREY), exact(now[part], data.currency))
        for part in present
        if part in now
    ]
    says = f"The bill by month. {view.months_said}: " + "; ".join(
        f"{word} {figure}" for word, _, figure in words
    )
    return html.Div(
        [key(words), chart(by_month(ticks(axis, view), series, data.currency), says=says)]
    )
