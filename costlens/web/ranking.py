"""The shape of three pages: all products, all models or all features, ranked, one row each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from dash import html

from costlens.questions.ask import Answer
from costlens.web.answers import rank
from costlens.web.charts import Span, spans
from costlens.web.data import Data
from costlens.web.formats import change, count, exact, percent, short, whole
from costlens.web.grid import Column, grid
from costlens.web.links import OTHERS, to_change, to_cost, to_level, to_net, to_rows, to_target
from costlens.web.parts import Card, Section, cards, chart, guarded, key, moved, page, section
from costlens.web.rows import Row, records
from costlens.web.tables import Part
from costlens.web.theme import BLUE, GREY
from costlens.web.view import View, read_view
from costlens.web.who import NotForRoleError
from costlens.web.words import residual

_MOST = 500  # rows of the grid; the CSV has all
_BARS = 12
_COLUMNS = (
    Column(field="name", head="Name", width=176, is_text=True),
    Column(field="cost", head="Cost", width=112, hint="Allocated: its fair share of the bill"),
    Column(field="change", head="Against before", width=104, hint="Against the window before"),
    Column(field="avoidable", head="Saved if dropped", width=94, hint="Spent for this one alone"),
    Column(field="stand_alone", head="If it stood alone", width=94, hint="With nobody to share"),
    Column(field="benefit", head="Benefit", width=92, hint="What its owner declared, likely"),
    Column(field="net", head="Net", width=92, hint="Benefit less cost"),
    Column(field="roi", head="ROI", width=70, hint="Net as a share of cost"),
    Column(field="measured", head="Measured", width=98, hint="Rests on direct or measured use"),
    Column(field="evidence", head="Evidence", width=104, hint="Of the benefit", is_text=True),
)
_MONEY = ("cost", "avoidable", "stand_alone", "benefit", "net")


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """What a page of one level takes: its tables, its view, its layout."""

    tables: Mapping[str, Callable[[Data, View], Answer]]
    view: Callable[[Data, Mapping[str, str]], View]
    layout: Callable[..., Part]


def ranking(level: str) -> Ranking:
    """Make the page of a level."""
    stem = f"{level}s"

    def view(data: Data, query: Mapping[str, str]) -> View:
        return read_view(data, query, level=level)

    def layout(data: Data, **query: str) -> Part:
        shown = view(data, query)
        return page(
            data,
            shown,
            title=guarded(f"{stem}-title", lambda: _title(data, shown)),
            stem=stem,
            grouped=False,
            body=[
                guarded(f"{stem}-cards", lambda: _cards(data, shown)),
                *[section(data, shown, one) for one in _sections(shown, stem)],
            ],
        )

    return Ranking(tables={"ranked": rank, "spans": rank}, view=view, layout=layout)


def _sections(view: View, stem: str) -> list[Section]:
    empty = f"No bill covers {view.months_said}."
    return [
        Section(
            page=stem,
            name="ranked",
            title=f"Every {view.level}, and what none of them bears",
            lead="The costs add up to the whole bill. A name leads to its page, a figure to the "
            "rows that add up to it." + _narrowed(view),
            rows=_shown,
            draw=partial(_grid, stem=stem),
            empty=empty,
            has_table=True,
        ),
        Section(
            page=stem,
            name="spans",
            title=f"What would go with a {view.level}, and what would stay?",
            lead="A line from what would be saved if it alone were dropped to what it would cost "
            "with nobody to share; the dot is its fair share. A long line is a cost that others "
            "carry with it.",
            rows=_shown,
            draw=_spans,
            empty=empty,
        ),
    ]


def _shown(data: Data, view: View) -> Answer:
    """Rank as many as a page shows; the CSV has all."""
    return rank(data, view, most=_MOST)


def _narrowed(view: View) -> str:
    """Say that a filter names only some, and that the others are still there."""
    said = [f"of team {view.owner}"] if view.owner else []
    said += [f"that {view.product} needs"] if view.product else []
    if not said:
        return ""
    return f" Named are those {' and '.join(said)}; the others stand together in one row."


def _summary(data: Data, view: View) -> Row:
    return records(rank(data, view, question="ranked_summary"))[0]


def _title(data: Data, view: View) -> str:
    row = _summary(data, view)
    if not row["things"]:
        asked = view.owner or view.product
        return (
            f"No {view.level} is named for {asked}" if asked else f"No {view.level} costs anything"
        )
    noun = view.level if row["things"] == 1 else f"{view.level}s"
    said = (
        f"{count(row['things'])} {noun} cost {whole(row['cost'], data.currency)} "
        f"in {view.months_said}"
    )
    if not row["with_benefit"]:
        return f"{said}; no benefit is declared for any of them."
    worth = whole(row["benefit"], data.currency)
    if row["with_benefit"] == row["things"]:
        return f"{said} and are declared to bring in {worth}."
    return f"{said}; {count(row['with_benefit'])} are declared to bring in {worth}."


def _cards(data: Data, view: View) -> Part:
    row = _summary(data, view)
    if not row["bill"]:
        return html.P("Choose other months above.", className="empty")
    currency = data.currency
    at_a_loss = count(row["at_a_loss"])
    loss = f"benefit less cost; below zero: {at_a_loss} of {count(row['with_benefit'])}"
    return cards(
        [
            Card(
                label=f"Cost of these {view.level}s",
                figure=short(row["cost"], currency),
                exactly=exact(row["cost"], currency),
                hint="their fair shares of the bill, together",
                link=to_level(view),
            ),
            Card(
                label="Declared benefit",
                figure=short(row["benefit"], currency),
                exactly=exact(row["benefit"], currency),
                hint=f"of {count(row['with_benefit'])} of {count(row['things'])}, likely value",
                link=to_level(view) if row["with_benefit"] else "",
            ),
            Card(
                label="Net of those with a benefit",
                figure=short(row["net"], currency),
                exactly=exact(row["net"], currency),
                hint=loss if row["with_benefit"] else "unknown without a declared benefit",
                link=to_level(view) if row["with_benefit"] else "",
            ),
            Card(
                label="The whole bill",
                figure=short(row["bill"], currency),
                exactly=exact(row["bill"], currency),
                moved=moved(
                    row["bill_change"], row["bill_change_share"], view=view, currency=currency
                ),
                hint="what no target bears included",
                link=to_rows(view, "bill"),
                moved_link=to_change(view, "bill"),
            ),
        ]
    )


def _grid(data: Data, view: View, answer: Answer, *, stem: str) -> Part:
    rows = [_linked(_said(row, data), row, view) for row in records(answer)]
    try:
        whole_bill = _summary(data, view)
    except NotForRoleError:  # who sees only their own has no sum of all
        return grid(rows, _COLUMNS, id=f"{stem}-grid")
    foot = {
        "name": "The whole bill",
        "cost": whole_bill["bill"],
        "change": whole_bill["bill_change"],
        "change_share": whole_bill["bill_change_share"],
    }
    leads = {"cost_link": to_rows(view, "bill"), "change_link": to_change(view, "bill")}
    return grid(rows, _COLUMNS, foot=_said(foot, data) | leads, id=f"{stem}-grid")


def _said(row: Row, data: Data) -> Row:
    """Write every figure of a row as it is shown."""
    said = {f"{name}_said": exact(row.get(name), data.currency) for name in _MONEY}
    said["change_said"] = change(row.get("change"), row.get("change_share"), data.currency)
    said["roi_said"] = percent(row.get("roi"))
    said["measured_said"] = percent(row.get("measured_share")) if "measured_share" in row else ""
    said["evidence_said"] = row.get("evidence_level") or ""
    said["name_under"] = row.get("owner") or ""
    return {**row, "measured": row.get("measured_share"), "evidence": said["evidence_said"], **said}


def _linked(said: Row, row: Row, view: View) -> Row:
    """Say what a row in parentheses is, and where a name and its figures lead."""
    name = row["name"]
    if name.startswith("("):
        other = f"{count(row['things'])} other {view.level}s"
        words = other if name.startswith("(other") else residual(name)
        blank = {"evidence_said": "", "measured_said": ""}
        return {
            **said,
            **blank,
            "name": words,
            "is_residual": True,
            "cost_link": to_cost(view, name),
            "change_link": _to_change(view, row),
        }
    target = to_target(view, view.level, name)
    links = {"name_link": target, "cost_link": to_cost(view, name)}
    links |= {"change_link": _to_change(view, row), "measured_link": to_cost(view, name)}
    net = to_net(view, view.level, name)
    links |= {"benefit_link": net, "net_link": net, "roi_link": net}
    for figure in ("avoidable", "stand_alone"):
        links[f"{figure}_link"] = to_cost(view, name, figure=figure)
    known = {**row, "measured": row.get("measured_share")}
    return {**said, **{one: link for one, link in links.items() if known.get(one[:-5]) is not None}}


def _to_change(view: View, row: Row) -> str:
    if row.get("change") is None or row["name"] in (*OTHERS, "(rounding)"):
        return ""
    return to_change(view, f"{view.level}:{row['name']}")


def _spans(data: Data, view: View, answer: Answer) -> Part:
    known = [row for row in records(answer) if row["avoidable"] is not None]
    rows = [row for row in known if row["stand_alone"] is not None]
    if known and not rows:  # less its own cost, it is what others pay
        raise NotForRoleError("what others pay would follow from what it would cost alone")
    shown = [
        Span(
            name=row["name"],
            low=row["avoidable"],
            at=row["cost"],
            high=max(row["stand_alone"], row["cost"]),
        )
        for row in rows[:_BARS]
    ]
    says = "; ".join(
        f"{one.name}: saved if dropped {exact(one.low, data.currency)}, cost "
        f"{exact(one.at, data.currency)}, alone {exact(one.high, data.currency)}"
        for one in shown
    )
    more = f"The {_BARS} dearest of {len(rows)}; all are in the table." if len(rows) > _BARS else ""
    return html.Div(
        [
            key(
                [
                    ("Its fair share", BLUE, ""),
                    ("From saved if dropped to standing alone", GREY, ""),
                ]
            ),
            chart(spans(shown, data.currency), says=says, look="quiet"),
            html.P(more, className="hint") if more else None,
        ]
    )
