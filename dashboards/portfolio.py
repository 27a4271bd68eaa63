"""What to keep and what to stop, why, and whether the ranking holds under other rules."""

from collections.abc import Mapping

from dash import Dash, dcc, html

from costlens.questions.ask import Answer
from costlens.web.answers import advice, gain, savings, sensitivity
from costlens.web.asking import lay_out, wire_later
from costlens.web.data import Builds, Data
from costlens.web.figures import under_rules
from costlens.web.formats import UNKNOWN, count, exact, short, whole
from costlens.web.links import linked, to_cost, to_net, to_rows, to_target
from costlens.web.parts import Card, Section, cards, chart, guarded, key, page
from costlens.web.rows import Row, records
from costlens.web.tables import Part, laid_out
from costlens.web.theme import BLUE, GREY
from costlens.web.view import View, read_view
from costlens.web.words import ADVICE, SAVINGS, residual

PATH, TITLE, ORDER = "/portfolio", "Portfolio", 6

_ROWS, _BARS = 120, 12
_LATER = ("savings", "sensitivity")
_LOOKS = {"stop": "bad", "keep": "good"}


def view(data: Data, query: Mapping[str, str]) -> View:
    """Read the link."""
    return read_view(data, query)


TABLES = {"advice": advice, "gain": gain, "savings": savings, "sensitivity": sensitivity}


def layout(data: Data, **query: str) -> Part:
    """Lay the page out for the filters in its link."""
    shown = view(data, query)
    return page(
        data,
        shown,
        title=guarded("portfolio-title", lambda: _title(data, shown)),
        stem="portfolio",
        grouped=True,
        body=[
            guarded("portfolio-cards", lambda: _cards(data, shown)),
            *lay_out(data, shown, _sections(shown), late=_LATER),
        ],
    )


def callbacks(app: Dash, builds: Builds) -> None:
    """Bring what takes longer after the page."""
    wire_later(app, builds, stem="portfolio", names=_LATER, view=view, sections=_all)


def _sections(view: View) -> list[Section]:
    return [
        Section(
            page="portfolio",
            name="advice",
            title=f"Which {view.level} to keep, which to stop, and why?",
            lead="A stage is paid as long as one of those who need it is kept, so a benefit is "
            "never held against a fair share: that would stop good things one after the other. The "
            "page advises; it never acts.",
            rows=advice,
            draw=_advice,
            empty=f"No {view.level} costs anything in {view.months_said}.",
            has_table=True,
        ),
        Section(
            page="portfolio",
            name="savings",
            title="What could be merged, and what else could be saved?",
            lead="Savings overlap, so they are not added up. What is a guess is better measured "
            "before anything is stopped.",
            rows=savings,
            draw=_savings,
            empty="Nothing: no two are alike, all is used, and no machine waits.",
            has_table=True,
        ),
        Section(
            page="portfolio",
            name="sensitivity",
            title="Does the ranking hold under other rules?",
            lead="What each would bear under seven other ways to share: the dot is the share it "
            "has, the line goes from the lowest to the highest. Short lines hold.",
            rows=sensitivity,
            draw=_sensitivity,
            empty=f"No {view.level} bears a cost in {view.months_said}.",
        ),
    ]


def _all(_data: Data, view: View) -> list[Section]:
    return _sections(view)


def _gain(data: Data, view: View) -> Row:
    return records(gain(data, view))[0]


def _title(data: Data, view: View) -> str:
    row = _gain(data, view)
    if not row["stopped"] and not row["kept"] and not row["either"]:
        return f"No {view.level} has a benefit in money, so there is nothing to advise on"
    if not row["stopped"]:
        return f"Every {view.level} with a benefit brings more than stopping it would save."
    names = [one["name"] for one in records(advice(data, view)) if one["advice"] == "stop"]
    named = ", ".join(names[:3]) + (f" and {count(len(names) - 3)} more" if len(names) > 3 else "")
    return f"Stopping {named} would gain {whole(row['gain'], data.currency)} in {view.months_said}."


def _cards(data: Data, view: View) -> Part:
    row = _gain(data, view)
    figures = [
        ("net", "As it is", "benefit less all stages that are needed"),
        ("net_advised", "As advised", f"with {count(row['stopped'])} stopped"),
        ("gain", "What that gains", "if capacity shrinks with use"),
    ]
    shown = [
        Card(
            label=label,
            figure=short(row[figure], data.currency),
            exactly=exact(row[figure], data.currency),
            hint=hint,
            link="#portfolio-advice" if row[figure] is not None else "",
        )
        for figure, label, hint in figures
    ]
    hint = "no benefit in money is declared; they are taken as kept"
    unknown = Card(label="Not known", figure=count(row["unknown"]), hint=hint)
    return cards([*shown, unknown])


def _advice(data: Data, view: View, answer: Answer) -> Part:
    found = [row for row in records(answer) if row["advice"] is not None]
    mine = _mine(data, view)
    wanted = [row for row in found if mine is None or row["name"] in mine]
    rows = [_advised(data, view, row) for row in wanted[:_ROWS]]
    heads = ["Advice", view.level.capitalize(), "Benefit", "Saved if stopped", "Fair share"]
    heads += ["Margin", "Ask first"]
    says = "What to keep and what to stop"
    left = len(found) - len(wanted)
    more = f"{count(left)} others are not in the filter. " if left > 0 else ""
    more += f"The first {_ROWS} are shown; the CSV has all. " if len(wanted) > _ROWS else ""
    return html.Div(
        [
            laid_out(heads, rows, says=says, numbers=(2, 3, 4, 5)),
            html.P(
                [
                    more,
                    "Margin: how much less it may bring, or how much more it has to, until the "
                    "advice turns. ",
                    dcc.Link("Try a change out", href=view.link("/whatif")),
                ],
                className="hint",
            ),
        ]
    )


def _mine(data: Data, view: View) -> set[str] | None:
    """Name what the filters ask for; None where they ask for all."""
    if not view.owner and not view.product:
        return None
    return {row[0] for row in data.ask("scope", **view.scoped).rows}


def _advised(data: Data, view: View, row: Row) -> Part:
    name, said = row["name"], row["advice"]
    ask = [row["owner"] or "no owner", *(row["used_by"] or "").split(", ")[:3]]
    read = f"last read {row['last_read']}" if row["last_read"] else ""
    return html.Tr(
        [
            html.Td(html.Span(ADVICE[said], className=f"badge {_LOOKS.get(said, 'plain')}")),
            html.Td(
                [
                    linked(name, to_target(view, view.level, name), is_figure=False),
                    html.Div(row["why"], className="why"),
                ]
            ),
            html.Td(
                linked(exact(row["benefit"], data.currency), _to_claims(view, row)),
                className="number",
            ),
            *[
                html.Td(
                    linked(exact(row[figure], data.currency), to_cost(view, name, figure=which)),
                    className="number",
                )
                for figure, which in (("avoidable", "avoidable"), ("allocated", ""))
            ],
            html.Td(exact(row["margin"], data.currency), className="number"),
            html.Td([", ".join(one for one in ask if one), html.Div(read, className="why")]),
        ]
    )


def _to_claims(view: View, row: Row) -> str:
    return to_net(view, view.level, row["name"]) if row["benefit"] is not None else ""


def _savings(data: Data, view: View, answer: Answer) -> Part:
    level = view.level if view.level == "model" else "feature"
    found = records(answer)
    rows = [
        html.Li(
            [
                html.Span(
                    SAVINGS.get(row["kind"], row["kind"]),
                    className=f"badge {'plain' if row['kind'] in ('guess', 'reuse') else 'bad'}",
                ),
                html.Div([_saved(view, level, row), html.Div(_why(row), className="why")]),
                html.Span(
                    linked(
                        exact(row["saving"], data.currency),
                        _to_saving(view, level, row),
                    )
                    if row["saving"] is not None
                    else "",
                    className="figure",
                ),
            ]
        )
        for row in found[:_ROWS]
    ]
    return html.Ul(rows, className="decisions")


def _saved(view: View, level: str, row: Row) -> Part:
    name = row["name"]
    if row["kind"] not in ("duplicate", "unused", "unread"):
        return html.Strong(residual(name) if name != "(shared)" else "What is shared")
    kind = "merge" if row["kind"] == "duplicate" else "drop"
    asked = {"by": level, "kind": kind, "what": f"{level}:{name}"}
    return html.Span(
        [
            dcc.Link(name, href=to_target(view, level, name)),
            " · ",
            dcc.Link("what if", href=view.link("/whatif", **asked)),
        ]
    )


def _to_saving(view: View, level: str, row: Row) -> str:
    if row["kind"] in ("duplicate", "unused", "unread"):
        return to_rows(view, f"{level}:{row['name']}", figure="avoidable")
    return to_rows(view, f"stage:{row['name']}") if row["kind"] in ("idle", "zombie") else ""


def _why(row: Row) -> str:
    said = [row["why"]]
    said += [f"ask {row['owner']}"] if row["owner"] else []
    said += [f"used by {row['used_by'].replace(':', ' ')}"] if row["used_by"] else []
    said += [f"{row['notice_days']} days of notice"] if row["notice_days"] is not None else []
    return "; ".join(said)


def _sensitivity(data: Data, view: View, answer: Answer) -> Part:
    found = [row for row in records(answer) if not row["name"].startswith("(")]
    says = "; ".join(
        f"{row['name']}: rank {row['rank']}, between {row['best_rank']} and {row['worst_rank']}"
        for row in found[:_BARS]
    )
    ranks = [
        html.Tr(
            [
                html.Td(row["name"]),
                html.Td(count(row["rank"]), className="number"),
                html.Td(_between(row), className="number"),
            ]
        )
        for row in found[:_BARS]
    ]
    heads = [view.level.capitalize(), "Rank", "Under other rules"]
    return html.Div(
        [
            key([("Its fair share", BLUE, ""), ("Under other rules", GREY, "")]),
            chart(under_rules(found[:_BARS], data.currency), says=says, look="quiet"),
            laid_out(heads, ranks, says="Ranks under other rules", numbers=(1, 2)),
        ]
    )


def _between(row: Row) -> str:
    if row["best_rank"] is None:
        return UNKNOWN
    if row["best_rank"] == row["worst_rank"]:
        return "the same"
    return f"{row['best_rank']} to {row['worst_rank']}"
