"""The rows that add up to a figure: targets, stages of one, bill lines of those, one line."""

from collections.abc import Mapping
from dataclasses import replace

from dash import dcc, html

from costlens.errors import CostLensError
from costlens.money import exact_sum
from costlens.questions.ask import Answer
from costlens.web.answers import changed, declared, line_itself, lines, parts, rank, traced
from costlens.web.behind import cut, draw_changes, draw_claims, draw_worth, net_cards
from costlens.web.data import Data
from costlens.web.formats import UNKNOWN, count, exact
from costlens.web.links import linked, to_cost, to_rows, to_target
from costlens.web.parts import Section, guarded, page, section
from costlens.web.rows import Row, first_row, records
from costlens.web.tables import Part, aria, in_parts, laid_out
from costlens.web.view import LEVELS, View, read_view
from costlens.web.words import CLASSES, GRADES, PARTS, need, residual

PATH, TITLE, ORDER = "/rows", "Rows", 0

_NARROWED = ("source", "billed_in")  # stay on the way down
_KEPT = ("of", "figure", "stage", "service", "class", "lines", "line", "by", *_NARROWED)
_WHOLE = ("bill", "reached", "worth")  # figures that targets add up to
_MOST = 150  # rows of a page; the CSV has all
_KINDS = (*LEVELS, "stage", "pipeline", "service", "class", "source", "outcome", "part")
_FIGURES = {
    "": "{} cost",
    "avoidable": "dropping {} alone would save",
    "stand_alone": "{} would cost if it stood alone",
}


def view(data: Data, query: Mapping[str, str]) -> View:
    """Read the link: a figure, and what it is narrowed to."""
    return read_view(data, query, keep=_KEPT)


def rows(data: Data, view: View) -> Answer:
    """Ask for the rows that add up to the figure of the link."""
    if view.asked("line"):
        return traced(data, view)
    if view.asked("of") == "worth":
        return rank(data, view)
    if view.asked("of") in _WHOLE:
        is_change = view.asked("figure") == "change"
        asked = data.ask("change_by_target" if is_change else "cost_by_target", **view.given)
        return asked if view.asked("of") == "bill" else _named_alone(asked)
    kind = view.asked("of").partition(":")[0]
    if kind not in _KINDS:
        raise CostLensError(f'"{view.asked("of")}" is no figure', hint="follow a figure of a page")
    if view.asked("figure") == "change":
        return changed(data, view)
    return lines(data, view) if view.asked("lines") else parts(data, view)


def _named_alone(answer: Answer) -> Answer:
    """Leave out what no target bears."""
    at = answer.columns.index("name")
    return replace(answer, rows=tuple(row for row in answer.rows if not row[at].startswith("(")))


TABLES = {"rows": rows, "line": line_itself, "benefit": declared}


def layout(data: Data, **query: str) -> Part:
    """Lay out one step down: what adds up to a figure."""
    shown = view(data, query)
    body: list[Part] = [_trail(shown)]
    if shown.asked("line"):
        body += [section(data, shown, one) for one in _line_sections(shown)]
    elif shown.asked("figure") == "net":
        body.append(guarded("rows-cards", lambda: net_cards(data, shown)))
        body += [section(data, shown, one) for one in (_claims(shown), _section(shown))]
    else:
        body.append(section(data, shown, _section(shown)))
    return page(
        data,
        shown,
        title=guarded("rows-title", lambda: _title(shown)),
        stem="rows",
        grouped=shown.asked("of") in _WHOLE,
        body=body,
    )


def _name(view: View) -> str:
    kind, _, name = view.asked("of").partition(":")
    of = f", {view.asked('source')} alone" if view.asked("source") and kind != "source" else ""
    if kind in ("outcome", "part"):
        said = "Work that targets bear" if name == "allocated" else PARTS.get(name, name)
    elif kind == "source":
        said = f"The bill of {name}"
    else:
        said = residual(name) if name.startswith("(") else f"{kind} {name}"
    return f"{said}{of}"


def _title(view: View) -> str:
    if view.asked("line"):
        return f"Bill line {view.asked('line')}, and where it went"
    said = {
        "worth": f"What each {view.level} costs and brings in, {view.months_said}",
        "change": f"How {_moving(view)} moved from {view.before_said} to {view.months_said}",
        "net": f"What {_name(view)} brings in, less what it costs, {view.months_said}",
        "bill": f"What adds up to the bill of {view.months_said}",
        "reached": f"What reached a {view.level} in {view.months_said}",
    }
    if asked := said.get(view.asked("figure")) or said.get(view.asked("of")):
        return asked
    if view.asked("lines"):
        return f"The bill lines behind {_name(view)}, {view.months_said}"
    if not _is_one(view):
        return f"{_name(view)}: {view.months_said}, stage by stage"
    named = _FIGURES.get(view.asked("figure"), "{} cost").format(_name(view))
    return f"What {named} in {view.months_said}, stage by stage"


def _is_one(view: View) -> bool:
    """Say whether the link is about something with a name, not about a part of the bill."""
    kind, _, name = view.asked("of").partition(":")
    return kind not in ("outcome", "part", "source") and not name.startswith("(")


def _section(view: View) -> Section:
    empty = f"Nothing of {view.months_said} adds up to it."
    if view.asked("of") == "worth":
        lead = f"One row for each {view.level}; net is known of those with a benefit in money."
        draw = draw_worth
    elif view.asked("figure") == "change":
        lead, draw = "What each row was before, and is now.", draw_changes
    elif view.asked("of") in _WHOLE:
        lead, draw = f"One row for each {view.level} and for what none bears.", _bill
    elif view.asked("lines"):
        lead = (
            "The dearest lines of each month, as they were billed, and the others of it in one row."
        )
        draw = _lines
    else:
        lead = "A stage's amount leads to the bill lines that it is made of."
        draw = _stages
    return Section(
        page="rows",
        name="rows",
        title="What it costs" if view.asked("figure") == "net" else "The rows, which add up to it",
        lead=lead,
        rows=rows,
        draw=draw,
        empty=empty,
        has_table=True,
    )


def _moving(view: View) -> str:
    if view.asked("of") in _WHOLE:
        return "the whole bill" if view.asked("of") == "bill" else f"what reached a {view.level}"
    return f"the cost of {_name(view)}"


def _claims(view: View) -> Section:
    return Section(
        page="rows",
        name="benefit",
        title="What it was declared to bring in",
        lead="Each claim's part of these months. The benefit is the sum of the likely column.",
        rows=declared,
        draw=draw_claims,
        empty=f"No benefit in money is declared for {_name(view)} in {view.months_said}.",
        has_table=True,
    )


def _line_sections(view: View) -> list[Section]:
    gone = f"No line of this build is {view.asked('line')}."
    return [
        Section(
            page="rows",
            name="line",
            title="What the bill says",
            rows=line_itself,
            draw=_pairs,
            empty=gone,
        ),
        Section(
            page="rows",
            name="rows",
            title="Where it went",
            lead="At each level the amounts add up to the line, to the last unit.",
            rows=rows,
            draw=_went,
            empty=gone,
            has_table=True,
        ),
    ]


def _trail(view: View) -> Part:
    """Show the way back up, step by step."""
    of, steps = view.asked("of"), [("The whole bill", to_rows(view, "bill"))]
    kind, _, name = of.partition(":")
    if name:
        if target := (to_target(view, kind, name) if kind in LEVELS else ""):
            steps.append((name, target))
        narrowed = {key: view.asked(key) for key in _NARROWED if view.asked(key)}
        steps.append((f"{_name(view)}, by stage", to_rows(view, of, **narrowed)))
    if view.asked("lines"):
        steps.append((view.asked("stage") or "its lines", ""))
    if view.asked("line"):
        steps.append((view.asked("line"), ""))
    items = [html.Li(dcc.Link(words, href=link) if link else words) for words, link in steps]
    return html.Nav(html.Ol(items, className="trail"), **aria(label="From the bill to here"))


def _bill(data: Data, view: View, answer: Answer) -> Part:
    found = records(answer)
    rows = [
        html.Tr(
            [
                html.Td(_named(view, row["name"])),
                html.Td(
                    linked(exact(row["allocated"], data.currency), to_cost(view, row["name"])),
                    className="number",
                ),
            ],
            className="residual" if row["name"].startswith("(") else "",
        )
        for row in found[:_MOST]
    ]
    summed = records(rank(data, view, question="ranked_summary"))[0]
    total = summed["bill"] if view.asked("of") == "bill" else summed["cost"]
    foot = html.Tr([html.Td("Together"), html.Td(exact(total, data.currency), className="number")])
    heads = [view.level.capitalize(), "Cost"]
    shown = laid_out(heads, rows, says="The rows", numbers=(1,), foot=foot)
    return html.Div([shown, cut(len(found))])


def _named(view: View, name: str) -> Part:
    return linked(residual(name), to_target(view, view.level, name), is_figure=False)


def _stages(data: Data, view: View, answer: Answer) -> Part:
    found = records(answer)
    kind, _, name = view.asked("of").partition(":")
    is_target = kind in LEVELS and not name.startswith("(")
    rows = [
        html.Tr(
            [
                html.Td(
                    [html.Strong(in_parts(row["stage"])), html.Br(), _bought(row)],
                    className="stage",
                ),
                html.Td(
                    linked(exact(row["amount"], row["currency"]), _to_lines(view, row)),
                    className="number",
                ),
                *[
                    html.Td(exact(row[figure], row["currency"]), className="number")
                    for figure in ("alone", "stage_cost")
                    if is_target
                ],
                *([html.Td(_shared(row["shared"]))] if is_target else []),
                html.Td(row["rule"] or UNKNOWN, className="place"),
                html.Td(GRADES.get(row["grade"], UNKNOWN)),
                html.Td(count(row["lines"]), className="number"),
            ]
        )
        for row in found[:_MOST]
    ]
    beside = ["For it alone", "Whole stage", "How it is shared"] if is_target else []
    heads = ["Stage", "Amount", *beside, "Rule", "Evidence", "Bill lines"]
    numbers = (1, 2, 3, 7) if is_target else (1, 4)
    whole = is_target and not view.asked("stage")
    foot = _together(data, view, kind, name) if whole else _summed(found)
    shown = laid_out(heads, rows, says="The rows", numbers=numbers, foot=foot)
    return html.Div([shown, cut(len(found))])


def _summed(found: list[Row]) -> Part:
    """Add the rows up, each as it is; of one currency, as they are."""
    if len({row["currency"] for row in found}) != 1:
        return None
    total = exact(exact_sum([row["amount"] for row in found]), found[0]["currency"])
    cells = [html.Td("Together"), html.Td(total, className="number")]
    return html.Tr([*cells, *[html.Td() for _ in range(3)]])


def _together(data: Data, view: View, kind: str, name: str) -> Part:
    """Show what the columns add up to, which is what the target's page says."""
    costs = data.ask("cost_by_target", **{**view.given, "level": kind})
    row = first_row(costs, name=name) or {}
    figures = [
        html.Td(exact(row.get(figure), data.currency), className="number")
        for figure in ("allocated", "avoidable", "stand_alone")
    ]
    return html.Tr([html.Td("Together"), *figures, *[html.Td() for _ in range(4)]])


def _shared(rungs: str | None) -> str:
    return "; ".join(need(rung) for rung in rungs.split(", ")) if rungs else UNKNOWN


def _to_lines(view: View, row: Row) -> str:
    if row["service"] is None:  # what rounding left, or what a policy gave
        return ""
    narrowed = {"stage": row["stage"], "service": row["service"], "class": row["class"]}
    narrowed |= {key: view.asked(key) for key in _NARROWED if view.asked(key)}
    return to_rows(view, view.asked("of"), lines="yes", **narrowed)


def _bought(row: Row) -> str:
    said = CLASSES.get(row["class"], row["class"]) if row["class"] else ""
    return " · ".join(one for one in (row["service"], said) if one)


def _lines(data: Data, view: View, answer: Answer) -> Part:
    found = records(answer)
    rows = [
        html.Tr(
            [
                html.Td(linked(row["line"], _to_line(view, row), is_figure=False)),
                html.Td(str(row["day"] or "")),
                html.Td(row["service"] or ""),
                html.Td(row["stage"] or "", className="stage"),
                html.Td(
                    linked(exact(row["amount"], row["currency"]), _to_line(view, row)),
                    className="number",
                ),
            ],
            className="residual" if row["line"].startswith("(") else "",
        )
        for row in found[:_MOST]
    ]
    heads = ["Bill line", "Day", "Service", "Stage", "Amount"]
    shown = laid_out(heads, rows, says="The bill lines", numbers=(4,))
    return html.Div([shown, cut(len(found))])


def _to_line(view: View, row: Row) -> str:
    is_line = ":" in row["line"] and not row["line"].startswith("(")
    return to_rows(view, view.asked("of"), line=row["line"]) if is_line else ""


def _went(data: Data, view: View, answer: Answer) -> Part:
    rows = [
        html.Tr(
            [
                html.Td(row["level"]),
                html.Td(residual(row["target"])),
                html.Td(row["stage"] or UNKNOWN, className="stage"),
                html.Td(exact(row["amount"], row["currency"]), className="number"),
            ]
        )
        for row in records(answer)[:_MOST]
    ]
    shown = laid_out(["Level", "Who bears it", "Stage", "Amount"], rows, says="It", numbers=(3,))
    return html.Div([shown, cut(len(answer.rows))])


def _pairs(data: Data, view: View, answer: Answer) -> Part:
    (row,) = records(answer)
    known = [(name, value) for name, value in row.items() if value is not None]
    return html.Dl(
        [part for name, value in known for part in (html.Dt(name), html.Dd(f"{value}"))],
        className="pairs",
    )
