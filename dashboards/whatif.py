"""What if something were different: one change, and cost and return before and after it."""

from collections.abc import Mapping
from functools import partial

import dash_mantine_components as dmc
from dash import Dash, html

from costlens.money import exact_sum
from costlens.questions.ask import Answer
from costlens.web.answers import read_change, what_would_be
from costlens.web.asking import button, result, wire
from costlens.web.data import Builds, Data
from costlens.web.figures import NOW_AND_THEN, now_and_then
from costlens.web.filters import choice, one_of
from costlens.web.formats import count, exact, short
from costlens.web.links import linked, to_cost, to_net, to_rows, to_target
from costlens.web.parts import Card, Section, cards, chart, guarded, key, page
from costlens.web.rows import Row, first_row, records
from costlens.web.tables import Part, aria, laid_out
from costlens.web.view import LEVELS, View, read_view
from costlens.web.words import residual

PATH, TITLE, ORDER = "/whatif", "What if", 7

_KEPT = ("kind", "what", "into", "factor")
_KINDS = {
    "drop": "Drop",
    "merge": "Merge",
    "volume": "Use more or less",
    "price": "Change a price",
    "weight": "Change a weight",
}
_FACTORS = {"volume": "2", "price": "0.8", "weight": "1"}
_BARS, _ROWS = 8, 120
_TABLE = "#whatif-rows"  # what would be is stored nowhere but there


def view(data: Data, query: Mapping[str, str]) -> View:
    """Read the link: the filters of all pages, and the change."""
    return read_view(data, query, keep=_KEPT)


def then(data: Data, view: View) -> Answer:
    """Allocate once more with the change of the link."""
    return what_would_be(data, view, _change(view))


TABLES = {"then": then}


def layout(data: Data, **query: str) -> Part:
    """Lay the form out for the change in the link; nothing is worked out before it is asked."""
    shown = view(data, query)
    return page(
        data,
        shown,
        title=_title(shown),
        stem="whatif",
        grouped=True,
        body=[
            html.Section(
                [
                    html.H2("What would be different?", id="whatif-change"),
                    html.P(_LEAD, className="lead"),
                    guarded("whatif-form", partial(_form, data, shown)),
                ],
                **aria(labelledby="whatif-change"),
            ),
            result("whatif", "then"),
        ],
    )


_LEAD = (
    "The build is allocated once more with one change. Nothing is stored, and no figure of another "
    "page moves. Where readers have roles, it is for admins; the server works on one such question "
    "at a time, with all its cores for some seconds. Several changes at once: costlens whatif."
)


def callbacks(app: Dash, builds: Builds) -> None:
    """Work the change out when asked to."""
    wire(app, builds, stem="whatif", name="then", view=view, section_of=_section)


def _change(view: View) -> dict[str, str]:
    kind = view.asked("kind") or "drop"
    factor = view.asked("factor") or _FACTORS.get(kind, "")
    what = view.asked("what")
    if (kind == "price") == what.startswith(tuple(f"{level}:" for level in LEVELS)):
        what = ""  # of another kind of change: prices are of services
    return {"kind": kind, "what": what, "into": view.asked("into"), "factor": factor}


def _said(view: View) -> str:
    """Say the change in words."""
    asked = _change(view)
    what = asked["what"].replace(":", " ")
    if asked["kind"] == "merge":
        return f"{what} were merged into {asked['into'].replace(':', ' ') or '…'}"
    if asked["kind"] == "volume":
        return f"{what} were used {asked['factor']} times as much"
    if asked["kind"] == "price":
        return f"{what} cost {asked['factor']} of what it does"
    if asked["kind"] == "weight":
        return f"{what} had the weight {asked['factor']}"
    return f"{what} were dropped"


def _title(view: View) -> str:
    return (
        f"What if {_said(view)}?" if _change(view)["what"] else "What if something were different?"
    )


def _form(data: Data, view: View) -> Part:
    asked = _change(view)
    kind = asked["kind"]
    names = _names(data, view, kind)
    what = asked["what"] if asked["what"] in names else ""
    fields = [one_of("Of what", "what", what or None, names, "Choose one")]
    into = ""
    if kind == "merge":
        others = [name for name in names if name != what]
        into = asked["into"] if asked["into"] in others else ""
        fields.append(one_of("Into what", "into", into or None, others, "Choose one"))
    if kind in _FACTORS:
        label = "Weight" if kind == "weight" else "Times"
        fields.append(_number(label, asked["factor"]))
    is_ready = bool(what) and (kind != "merge" or bool(into))
    return html.Div(
        [
            choice("Change", "kind", kind, list(_KINDS.items())),
            html.Div(
                [*fields, button("whatif", "then", "Work it out", off=not is_ready)],
                className="form",
            ),
        ],
        className="form-lines",
    )


def _names(data: Data, view: View, kind: str) -> list[str]:
    if kind == "price":
        rows = data.ask("cost_by_stage", by="service", **view.given).rows
        return sorted(row[0] for row in rows if not row[0].startswith("("))
    rows = data.ask("targets", level=view.level).rows
    return [f"{view.level}:{row[0]}" for row in rows]


def _number(label: str, value: str) -> Part:
    return dmc.TextInput(
        id={"type": "filter", "key": "factor", "shown": value},
        value=value,
        debounce=600,
        inputProps={"inputMode": "decimal"},
        label=label,
        className="filter",
    )


def _section(view: View) -> Section:
    read_change(_change(view))  # says what is missing before anything is worked out
    return Section(
        page="whatif",
        name="then",
        title=f"If {_said(view)}, in {view.months_said}",
        lead="Capacity is taken to shrink with use, and commitments to end: what is saved at once "
        "is less. Each column of cost adds up to its bill.",
        rows=then,
        draw=_then,
        empty=f"No bill covers {view.months_said}.",
        has_table=True,
    )


def _then(data: Data, view: View, answer: Answer) -> Part:
    found = records(answer)
    named = [row for row in found if not row["name"].startswith("(")]
    moved = [row for row in named if row["change"]]
    drawn: list[Part] = [_cards(data, view, found, answer)]
    if moved:
        drawn.append(_bars(data, moved[:_BARS]))
    else:
        drawn.append(html.P(f"No {view.level} would cost anything else.", className="said"))
    return html.Div([*drawn, _table(data, view, found)])


def _cards(data: Data, view: View, found: list[Row], answer: Answer) -> Part:
    stopped = (first_row(answer, name="(stopped)") or {}).get("cost_then")
    now = exact_sum([row["cost"] for row in found])
    # `(stopped)` is what would not be paid any more.
    later = exact_sum([row["cost_then"] for row in found if row["name"] != "(stopped)"])
    change = exact_sum([later, now.copy_negate()])
    figures = [
        ("The bill now", now, "of these months", to_rows(view, "bill")),
        ("The bill then", later, "with the change", _TABLE),
    ]
    shown = [
        Card(
            label=label,
            figure=short(amount, data.currency),
            exactly=exact(amount, data.currency),
            hint=hint,
            link=link,
        )
        for label, amount, hint, link in (*figures, ("Difference", change, "then less now", _TABLE))
    ]
    if stopped is not None:
        hint = "stages that only what goes had needed"
        shown.append(
            Card(
                label="Would stop",
                figure=short(stopped, data.currency),
                exactly=exact(stopped, data.currency),
                hint=hint,
                link=_TABLE,
            )
        )
    return cards(shown)


def _bars(data: Data, rows: list[Row]) -> Part:
    says = "; ".join(
        f"{row['name']}: {exact(row['cost'], data.currency)} now, "
        f"{exact(row['cost_then'], data.currency)} then"
        for row in rows
    )
    return html.Div(
        [
            key([(words, color, "") for _, words, color in NOW_AND_THEN]),
            chart(now_and_then(rows, data.currency), says=says),
        ]
    )


def _table(data: Data, view: View, found: list[Row]) -> Part:
    figures = ("cost", "cost_then", "change", "net", "net_then")
    rows = [
        html.Tr(
            [
                html.Td(_name(view, row)),
                *[
                    html.Td(
                        linked(exact(row[one], data.currency), _behind(view, row, one)),
                        className="number",
                    )
                    for one in figures
                ],
            ],
            className="residual" if row["name"].startswith("(") else "",
        )
        for row in found[:_ROWS]
    ]
    sums = [exact_sum([row[one] for row in found]) for one in figures[:3]]
    foot = html.Tr(
        [
            html.Td("Together"),
            *[html.Td(exact(one, data.currency), className="number") for one in sums],
            html.Td(),
            html.Td(),
        ]
    )
    heads = [view.level.capitalize(), "Cost now", "Cost then", "Change", "Net now", "Net then"]
    shown = laid_out(heads, rows, says="Before and after", numbers=range(1, 6), foot=foot)
    left = len(found) - len(rows)
    more = html.P(f"{count(left)} more are in the CSV.", className="hint") if left > 0 else None
    return html.Div([shown, more], id=_TABLE[1:])


def _behind(view: View, row: Row, figure: str) -> str:
    """Link what is so now to its rows; what would be then is told by this table alone."""
    if row[figure] is None or row["name"] == "(stopped)":
        return ""
    if figure == "cost":
        return to_cost(view, row["name"])
    return to_net(view, view.level, row["name"]) if figure == "net" else ""


def _name(view: View, row: Row) -> Part:
    name = row["name"]
    words = "Would stop" if name == "(stopped)" else residual(name)
    return linked(words, to_target(view, view.level, name), is_figure=False)
