"""What the company's machine learning cost, where the bill went, and what it brought in."""

from decimal import Decimal

from dash import Dash, dcc, html

from costlens.questions.ask import Answer
from costlens.web.answers import alerts, decisions
from costlens.web.asking import lay_out, wire_later
from costlens.web.charts import Series, Worth, by_month, worth_bars
from costlens.web.data import Builds, Data
from costlens.web.formats import change, count, day, exact, percent, short, whole
from costlens.web.links import linked, to_change, to_cost, to_rows, to_target
from costlens.web.parts import (
    Card,
    Section,
    cards,
    chart,
    guarded,
    key,
    moved,
    page,
    ticks,
)
from costlens.web.rows import Row, records
from costlens.web.tables import Part, laid_out
from costlens.web.theme import BLUE, GREY, OLIVE, PINK, RED, VIOLET
from costlens.web.view import LEVELS, View, last_year, read_view
from costlens.web.words import ALERTS, DECISIONS, PARTS, residual

PATH, TITLE, ORDER = "/", "Overview", 1

_LATER = ("decisions", "alerts")
_WHOLE = ("bill", "reached")
_BARS = 8  # things in the chart; the grid has them all
_COLORS = {"work": BLUE, "idle": OLIVE, "waste": PINK, "unmatched": RED, "unneeded": VIOLET}
_MOVERS, _DECISIONS = 6, 8  # rows; the CSV has all


def summary(data: Data, view: View) -> Answer:
    """Ask for the bill in a few figures."""
    return data.ask("bill_summary", **view.given)


def months(data: Data, view: View) -> Answer:
    """Ask where the bill of each month went, a year back."""
    return data.ask("bill_by_month", **{**view.given, **last_year(data).given})


def worth(data: Data, view: View) -> Answer:
    """Ask what everything cost and brought in."""
    return data.roi(level=view.level, basis=view.basis, window=view.window)


def moves(data: Data, view: View) -> Answer:
    """Ask what moved against the window before."""
    return data.ask("change_by_target", **view.given)


TABLES = {
    "summary": summary,
    "months": months,
    "worth": worth,
    "movers": moves,
    "decisions": decisions,
    "alerts": alerts,
}


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
            *lay_out(data, view, _sections(view), late=_LATER),
        ],
    )


def callbacks(app: Dash, builds: Builds) -> None:
    """Bring what takes longer after the page."""
    wire_later(app, builds, stem="overview", names=_LATER, view=read_view, sections=_all)


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
            name="decisions",
            title="What needs a decision?",
            lead="Advice goes by the stages that only these need, never by a share of the bill. "
            "The amount is what stopping would save.",
            rows=decisions,
            draw=_decisions,
            empty="Nothing: no review is due, and nothing costs more than it brings.",
            has_table=True,
        ),
        Section(
            page="overview",
            name="alerts",
            title="What should somebody look at?",
            lead="Budgets that are or will be over, days unlike the four weeks before, and uses "
            "that became dearer; as of the newest bill.",
            rows=alerts,
            draw=_alerts,
            empty="Nothing: budgets hold, and the last days are like those before.",
            has_table=True,
        ),
        Section(
            page="overview",
            name="movers",
            title=f"What moved against {view.before_said}?",
            rows=moves,
            draw=_movers,
            empty=f"No bill covers {view.months_said}.",
            has_table=True,
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
    ]


def _all(_data: Data, view: View) -> list[Section]:
    return _sections(view)


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
        of = figure if figure in _WHOLE else f"{view.level}:({figure})"
        share = "" if figure == "bill" else f"{percent(row['bill_share'])} of the bill: "
        return Card(
            label=label,
            figure=short(row["amount"], data.currency),
            exactly=exact(row["amount"], data.currency),
            hint=f"{share}{hint}",
            moved=moved(row["change"], row["change_share"], view=view, currency=data.currency),
            history=history,
            link=to_rows(view, of),
            moved_link=to_change(view, of) if row["change"] is not None else "",
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
    more = f"The {len(shown)} dearest of {len(rows)}." if len(rows) > _BARS else ""
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
        html.P([more, " ", _to_list(view)], className="hint"),
    ]
    return html.Div(drawn)


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
    leads = {PARTS[part]: to_rows(view, f"part:{part}") for part in present}
    says = f"The bill by month. {view.months_said}: " + "; ".join(
        f"{word} {figure}" for word, _, figure in words
    )
    return html.Div(
        [key(words, leads), chart(by_month(ticks(axis, view), series, data.currency), says=says)]
    )


def _to_list(view: View) -> Part:
    return dcc.Link(f"All {view.level}s, ranked", href=view.link(f"/{view.level}s"))


def _decisions(data: Data, view: View, answer: Answer) -> Part:
    rows = [
        html.Li(
            [
                html.Span(
                    DECISIONS.get(row["decision"], row["decision"]),
                    className=f"badge {'bad' if row['decision'] == 'stop' else 'plain'}",
                ),
                html.Div(
                    [
                        dcc.Link(row["name"], href=to_target(view, row["level"], row["name"])),
                        html.Div(row["why"], className="why"),
                    ]
                ),
                html.Span(
                    _decided(view, row) if row["amount"] is not None else "",
                    className="figure",
                ),
            ]
        )
        for row in records(answer)[:_DECISIONS]
    ]
    left = len(answer.rows) - len(rows)
    more = [html.P(f"{count(left)} more are in the CSV.", className="hint")] if left > 0 else []
    links = html.P(
        [
            dcc.Link("What to keep and what to stop", href=view.link("/portfolio")),
            " · ",
            dcc.Link("Try it out: what if", href=view.link("/whatif")),
        ],
        className="hint",
    )
    return html.Div([html.Ul(rows, className="decisions"), *more, links])


def _decided(view: View, row: Row) -> Part:
    rows = to_rows(view, f"{row['level']}:{row['name']}", figure="avoidable")
    return linked(exact(row["amount"], row["currency"]), rows)


def _alerts(data: Data, view: View, answer: Answer) -> Part:
    rows = [
        html.Li(
            [
                html.Span(ALERTS.get(row["kind"], row["kind"]), className="badge plain"),
                html.Div(
                    [
                        _alerted(view, row["name"]),
                        html.Div(f"{row['period']}: {row['why']}", className="why"),
                    ]
                ),
                html.Span(
                    change(row["change"], row["change_share"], row["currency"]),
                    className="figure",
                ),
            ]
        )
        for row in records(answer)[:_DECISIONS]
    ]
    left = len(answer.rows) - len(rows)
    more = html.P(f"{count(left)} more are in the CSV.", className="hint") if left > 0 else None
    return html.Div([html.Ul(rows, className="decisions"), more])


def _alerted(view: View, node: str) -> Part:
    level, _, name = node.partition(":")
    link = to_target(view, level, name) if level in LEVELS else ""
    return linked(name or node, link, is_figure=False) if link else html.Strong(node)


def _movers(data: Data, view: View, answer: Answer) -> Part:
    found = [row for row in records(answer) if row["change"]]
    found.sort(key=lambda row: -abs(row["change"]))
    if not found:
        return html.P("There are no full months before these to compare with.", className="empty")
    rows = [
        html.Tr(
            [
                html.Td(_mover(view, row)),
                html.Td(
                    linked(exact(row["amount"], data.currency), to_cost(view, row["name"])),
                    className="number",
                ),
                html.Td(
                    linked(
                        change(row["change"], row["change_share"], data.currency),
                        to_change(view, f"{view.level}:{row['name']}")
                        if to_cost(view, row["name"])
                        else "",
                    ),
                    className="number",
                ),
            ],
            className="residual" if row["name"].startswith("(") else "",
        )
        for row in found[:_MOVERS]
    ]
    heads = [view.level.capitalize(), "Cost", f"Against {view.before_short}"]
    left = len(answer.rows) - len(rows)
    more = html.P(f"{count(left)} more are in the CSV.", className="hint") if left > 0 else None
    return html.Div([laid_out(heads, rows, says="What moved", numbers=(1, 2)), more])


def _mover(view: View, row: Row) -> Part:
    name = row["name"]
    return linked(residual(name), to_target(view, view.level, name), is_figure=False)
