"""The rows behind what is no sum of stages: a net, a change, and everything of a level."""

from decimal import Decimal

from dash import html

from costlens.money import exact_sum
from costlens.questions.ask import Answer
from costlens.web.answers import rank
from costlens.web.data import Data
from costlens.web.formats import count, exact, percent
from costlens.web.links import linked, to_change, to_cost, to_net, to_rows, to_target
from costlens.web.parts import Card, cards
from costlens.web.rows import Row, first_row, records
from costlens.web.tables import Part, in_parts, laid_out
from costlens.web.view import View
from costlens.web.words import residual

_MOST = 150  # rows of a page; the CSV has all
_CLAIMED = ("low", "likely", "high", "evidenced", "realised")


def net_cards(data: Data, view: View) -> Part:
    """Say how a net and its ROI come of a benefit and a cost."""
    level, _, name = view.asked("of").partition(":")
    answer = data.roi(level=level, basis=view.basis, window=view.window)
    row = first_row(answer, name=name)
    if row is None:
        return html.P(f"{name} has no cost in {view.months_said}.", className="empty")
    figures = [
        ("Benefit", row["benefit"], "what its owner declared, likely value", "#rows-benefit"),
        ("Cost", row["cost"], "its fair share of the bill", to_rows(view, f"{level}:{name}")),
        ("Net", row["net"], "benefit less cost", ""),
    ]
    shown = [
        Card(label=label, figure=exact(amount, data.currency), hint=hint, link=link)
        for label, amount, hint, link in figures
    ]
    return cards([*shown, Card(label="ROI", figure=percent(row["roi"]), hint="net over cost")])


def draw_claims(data: Data, view: View, answer: Answer) -> Part:
    """List the claims behind a benefit, month by month."""
    level, _, name = view.asked("of").partition(":")
    rows = [
        html.Tr(
            [
                html.Td([row["claim"], html.Div(row["evidence"] or "", className="why")]),
                html.Td(row["month"] or ""),
                *[
                    html.Td(exact(row[figure], row["currency"]), className="number")
                    for figure in _CLAIMED
                ],
                html.Td(row["read_from"] or "", className="place"),
            ]
        )
        for row in records(answer)
    ]
    every = data.roi(level=level, basis=view.basis, window=view.window)
    whole = first_row(every, name=name) or {}
    sums = ("benefit_low", "benefit", "benefit_high", "evidenced", "realised")
    foot = html.Tr(
        [
            html.Td("Together"),
            html.Td(),
            *[html.Td(exact(whole.get(one), data.currency), className="number") for one in sums],
            html.Td(),
        ]
    )
    heads = ["Claim", "Month", "Low", "Likely", "High", "Evidenced", "Realised", "Declared in"]
    return laid_out(heads, rows, says="The claims", numbers=range(2, 7), foot=foot)


def draw_changes(data: Data, view: View, answer: Answer) -> Part:
    """List what an amount was made of before and is now: stage by stage, or by who bears it."""
    found = records(answer)
    is_whole = "name" in answer.columns
    rows = [
        html.Tr(
            [
                _named(view, row["name"]) if is_whole else _stage(row),
                *[
                    html.Td(linked(exact(row[one], data.currency), link), className="number")
                    for one, link in (
                        ("before", ""),
                        ("amount", to_cost(view, row["name"]) if is_whole else ""),
                        ("change", _of(view, row) if is_whole else ""),
                    )
                ],
            ]
        )
        for row in found[:_MOST]
    ]
    first = view.level.capitalize() if is_whole else "Stage"
    heads = [first, view.before_short.capitalize(), "Now", "Change"]
    is_known = all(row["change"] is not None for row in found)
    cells = [
        html.Td(
            exact(exact_sum([row[one] for row in found]) if is_known else None, data.currency),
            className="number",
        )
        for one in ("before", "amount", "change")
    ]
    foot = html.Tr([html.Td("Together"), *cells])
    shown = laid_out(heads, rows, says="The rows", numbers=(1, 2, 3), foot=foot)
    return html.Div([shown, cut(len(found))])


def draw_worth(data: Data, view: View, answer: Answer) -> Part:
    """List what everything of a level costs and brings in; those that a filter names."""
    found = [row for row in records(answer) if not row["name"].startswith("(")]
    rows = [
        html.Tr(
            [
                _named(view, row["name"]),
                _cell(row["cost"], data.currency, to_cost(view, row["name"])),
                *[
                    _cell(row[one], data.currency, to_net(view, view.level, row["name"]))
                    for one in ("benefit", "net")
                ],
                html.Td(percent(row["roi"]), className="number"),
            ]
        )
        for row in found[:_MOST]
    ]
    summed = records(rank(data, view, question="ranked_summary"))[0]
    sums = [
        html.Td(exact(summed[one], data.currency), className="number")
        for one in ("cost", "benefit", "net")
    ]
    foot = html.Tr([html.Td("Together"), *sums, html.Td()])
    heads = [view.level.capitalize(), "Cost", "Benefit", "Net", "ROI"]
    shown = laid_out(heads, rows, says="The rows", numbers=range(1, 5), foot=foot)
    return html.Div([shown, cut(len(found))])


def cut(rows: int) -> Part:
    """Say that not all rows are shown."""
    if rows <= _MOST:
        return None
    return html.P(f"The first {_MOST} of {count(rows)} rows; the CSV has all.", className="hint")


def _of(view: View, row: Row) -> str:
    return to_change(view, f"{view.level}:{row['name']}") if to_cost(view, row["name"]) else ""


def _named(view: View, name: str) -> Part:
    link = to_target(view, view.level, name)
    return html.Td(linked(residual(name), link, is_figure=False))


def _stage(row: Row) -> Part:
    bought = " · ".join(one for one in (row["service"], row["class"]) if one)
    return html.Td([html.Strong(in_parts(row["stage"])), html.Br(), bought], className="stage")


def _cell(amount: Decimal | None, currency: str, link: str) -> Part:
    leads = link if amount is not None else ""
    return html.Td(linked(exact(amount, currency), leads), className="number")
