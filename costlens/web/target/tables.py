"""The tables of a target's page: who uses it, why it costs that, what one use of it costs."""

from decimal import Decimal

from dash import dcc, html

from costlens.questions.ask import Answer
from costlens.web.data import Data
from costlens.web.formats import UNKNOWN, count, exact, fine, percent
from costlens.web.links import linked, to_rows, to_target
from costlens.web.rows import Row, first_row, records
from costlens.web.tables import Part, in_parts, laid_out
from costlens.web.target.story import row_of
from costlens.web.view import View
from costlens.web.words import CLASSES, GRADES, TIERS, need

_ROWS = 80


def draw_users(data: Data, view: View, answer: Answer) -> Part:
    """List who uses it, directly or by way of others, and what they cost themselves."""
    rows = []
    for row in records(answer):
        link = to_target(view, row["kind"], row["name"])
        how = "directly" if row["is_direct"] else "by way of another"
        rows.append(
            html.Tr(
                [
                    html.Td(dcc.Link(row["name"], href=link)),
                    html.Td(row["kind"]),
                    html.Td(row["owner"] or UNKNOWN),
                    html.Td(how),
                    html.Td(count(row["reads"]), className="number"),
                    html.Td(
                        linked(
                            exact(row["cost"], row["currency"] or data.currency),
                            to_rows(view, f"{row['kind']}:{row['name']}"),
                        ),
                        className="number",
                    ),
                ]
            )
        )
    heads = ["Name", "Kind", "Owner", "Uses it", "Reads measured", "Its own cost"]
    return laid_out(heads, rows, says=f"Who uses {view.name}", numbers=(4, 5))


def draw_explained(data: Data, view: View, answer: Answer) -> Part:
    """List the stages it pays for, each with how it is shared, the rule and the evidence."""
    cost = row_of(data, view)
    together = exact(cost.get("allocated"), data.currency)
    lead = (
        f"The stages it pays for; their amounts add up to {together}. "
        f"{percent(cost.get('measured_share'))} of it rests on direct or measured use, the rest on "
        "models, declarations or even splits, as each row says."
    )
    known = first_row(data.ask("coverage", **view.given), name=view.name) or {}
    if known.get("convention_share") is not None:
        lead += (
            f" Of its cost, {percent(known['convention_share'])} is convention: others need it "
            "too, and a rule shares it out."
        )
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
                html.Td(exact(row["stage_cost"], row["currency"]), className="number"),
                html.Td(need(row["need"]) if row["need"] else UNKNOWN),
                html.Td(_rule(row)),
                html.Td(GRADES.get(row["grade"], UNKNOWN)),
            ]
        )
        for row in records(answer)[:_ROWS]
    ]
    sums = [html.Td("Together"), html.Td(together, className="number")]
    heads = ["Stage", "Its amount", "Whole stage", "How it is shared", "Claimed by", "Evidence"]
    says = f"Why {view.name} costs that"
    foot = html.Tr([*sums, *[html.Td() for _ in heads[2:]]])
    shown = laid_out(heads, rows, says=says, numbers=(1, 2), foot=foot)
    left = len(answer.rows) - len(rows)
    more = html.P(f"{count(left)} more are in the CSV.", className="hint") if left > 0 else None
    return html.Div([html.P(lead, className="lead"), shown, more])


def _to_lines(view: View, row: Row) -> str:
    if row["service"] is None:
        return ""
    narrowed = {"stage": row["stage"], "service": row["service"], "class": row["class"]}
    return to_rows(view, f"{view.level}:{view.name}", lines="yes", **narrowed)


def _bought(row: Row) -> str:
    if row["service"] is None:  # what converting each amount once leaves of the whole
        return "of converting each amount once"
    said = CLASSES.get(row["class"], row["class"])
    return f"{row['service']} · {said}" if said else row["service"]


def _rule(row: Row) -> list[Part]:
    tier = TIERS.get(row["tier"], UNKNOWN)
    return [tier, html.Br(), html.Span(row["rule"], className="place")] if row["rule"] else [tier]


def draw_units(data: Data, view: View, answer: Answer) -> Part:
    """List what a thousand uses of it cost, the window first, then its months."""
    shown = [
        html.Tr(
            [
                html.Td(f"1,000 {row['measure']}"),
                html.Td(view.months_said if row["month"] == "(window)" else row["month"]),
                html.Td(count(row["quantity"]), className="number"),
                html.Td(
                    linked(exact(row["cost"], row["currency"]), _of_month(view, row["month"])),
                    className="number",
                ),
                html.Td(
                    fine(row["cost_per_1000"], row["currency"])
                    if row["cost_per_1000"] is not None
                    else UNKNOWN,
                    className="number",
                ),
            ]
        )
        for row in records(answer)
    ]
    heads = ["Of", "Months", "Used", "Its cost", "Cost of 1,000"]
    return laid_out(heads, shown, says="What one use of it costs", numbers=(2, 3, 4))


def _of_month(view: View, month: str) -> str:
    narrowed = {} if month == "(window)" else {"month": month}
    return to_rows(view, f"{view.level}:{view.name}", **narrowed)


def draw_measures(data: Data, view: View, answer: Answer) -> Part:
    """List every measure, with its cost base in the name, and how it is worked out."""
    return _measures(records(answer), f"What {view.name} costs and is worth")


def _measures(rows: list[Row], says: str) -> Part:
    shown = [
        html.Tr(
            [
                html.Td(row["measure"].replace("_", " ")),
                html.Td(_amount(row), className="number"),
                html.Td(row["unit"] or ""),
                html.Td(row["how"] or "", className="place"),
            ]
        )
        for row in rows
    ]
    return laid_out(["Measure", "Figure", "Unit", "How"], shown, says=says, numbers=(1,))


def _amount(row: Row) -> str:
    amount: Decimal | None = row["amount"]
    if amount is None:
        return UNKNOWN
    unit = row["unit"] or ""
    code, _, _ = unit.partition(" ")
    return fine(amount, code) if code.isupper() and len(code) == 3 else fine(amount, "")
