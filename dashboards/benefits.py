"""What is declared to come in: by whom, on what evidence, what came in, what is to be reviewed."""

from collections.abc import Mapping
from decimal import Decimal

from dash import dcc, html

from costlens.money import plain
from costlens.questions.ask import Answer
from costlens.web.answers import realised
from costlens.web.bars import by_name
from costlens.web.charts import Series
from costlens.web.data import Data
from costlens.web.formats import UNKNOWN, count, exact, percent
from costlens.web.links import linked, to_target
from costlens.web.parts import Card, Section, cards, chart, guarded, key, page, section
from costlens.web.rows import Row, records
from costlens.web.tables import Part, laid_out
from costlens.web.theme import BLUE, OLIVE, VIOLET
from costlens.web.view import View, read_view
from costlens.web.words import EVIDENCE

PATH, TITLE, ORDER = "/benefits", "Benefits", 8

_ROWS, _BARS = 120, 10
_COLUMNS = (
    ("benefit", "Declared, likely", OLIVE),
    ("evidenced", "Evidenced", BLUE),
    ("realised", "Realised", VIOLET),
)


def view(data: Data, query: Mapping[str, str]) -> View:
    """Read the link; it may name one target whose claims are shown."""
    return read_view(data, query)


def claims(data: Data, view: View) -> Answer:
    """Ask for every claim, as it was declared."""
    given = {"as_of": data.built_at.date(), "target": view.name, "owner": view.owner}
    return data.ask("claims_shown", **given)


def worth(data: Data, view: View) -> Answer:
    """Ask what was declared, evidenced and realised of everything."""
    return data.roi(level=view.level, basis=view.basis, window=view.window)


TABLES = {"claims": claims, "worth": worth, "realised": realised}


def layout(data: Data, **query: str) -> Part:
    """Lay the page out for the filters in its link."""
    shown = view(data, query)
    return page(
        data,
        shown,
        title=guarded("benefits-title", lambda: _title(data, shown)),
        stem="benefits",
        grouped=True,
        about=f"Claims of {shown.name} alone" if shown.name else "",
        body=[
            guarded("benefits-cards", lambda: _cards(data, shown)),
            *[section(data, shown, one) for one in _sections(shown)],
        ],
    )


def _sections(view: View) -> list[Section]:
    of = f" of {view.name}" if view.name else ""
    return [
        Section(
            page="benefits",
            name="worth",
            title=f"What was declared, evidenced and realised{of}?",
            lead=f"By {view.level}, in {view.months_said}. The three are never added up: declared "
            "is what its owner said, evidenced what a test supports, realised what was measured.",
            rows=worth,
            draw=_worth,
            empty=f"No bill covers {view.months_said}.",
        ),
        Section(
            page="benefits",
            name="claims",
            title=f"Every claim{of}, the reviews that are due first",
            lead="Amounts as they were declared: in the claim's own currency, for its own period.",
            rows=claims,
            draw=_claims,
            empty="No benefit is declared. Write one under a product's benefits in the catalogue, "
            "or give a CSV of finance.",
            has_table=True,
        ),
        Section(
            page="benefits",
            name="realised",
            title="How much of what was declared came in?",
            lead="Claims whose time is over, by type. A share is there from eight claims on.",
            rows=realised,
            draw=_realised,
            empty="Nothing to say yet: no claim's time is over.",
            has_table=True,
        ),
    ]


def _summary(data: Data, view: View) -> Row:
    level = data.build.settings["roi"]["evidence_level"]
    given = {"as_of": data.built_at.date(), "owner": view.owner, "evidence_level": level}
    return records(data.ask("claims_due", **given))[0]


def _title(data: Data, view: View) -> str:
    row = _summary(data, view)
    if not row["claims"]:
        return "No benefit is declared yet: of everything only the cost is known"
    said = f"{count(row['claims'])} benefits are declared, {count(row['evidenced'])} of them with "
    said += f"evidence; {count(row['measured'])} have a measured result"
    due = f"{count(row['due'])} reviews are due" if row["due"] else "no review is due"
    return f"{said}, and {due}."


def _cards(data: Data, view: View) -> Part:
    row = _summary(data, view)
    after = f"the next one is on {row['next_review']}" if row["next_review"] else "none is set"
    return cards(
        [
            Card(
                label="Claims",
                figure=count(row["claims"]),
                hint=f"{count(row['without_money'])} of them say nothing of money",
            ),
            Card(
                label="With evidence",
                figure=count(row["evidenced"]),
                hint="a baseline, a comparison or a test",
            ),
            Card(
                label="Measured",
                figure=count(row["measured"]),
                hint="have a figure of what came in",
            ),
            Card(
                label="Reviews due",
                figure=count(row["due"]),
                hint=f"{after}; {count(row['without_review'])} have no day of review",
            ),
        ]
    )


def _worth(data: Data, view: View, answer: Answer) -> Part:
    rows = [row for row in records(answer) if not row["name"].startswith("(")]
    if view.name:
        rows = [row for row in rows if row["name"] == view.name]
    known = [row for row in rows if row["benefit"] is not None or row["realised"] is not None]
    silent = len(rows) - len(known)
    without = f"Of {count(silent)} only the cost is known." if silent else ""
    if not known:
        return html.P(f"No {view.level} has a benefit in money. {without}", className="empty")
    shown = known[:_BARS]
    series = [
        Series(label=words, color=color, amounts=tuple(row[figure] for row in shown))
        for figure, words, color in _COLUMNS
    ]
    says = "; ".join(
        f"{row['name']}: declared {exact(row['benefit'], data.currency)}, evidenced "
        f"{exact(row['evidenced'], data.currency)}, realised "
        f"{exact(row['realised'], data.currency)}"
        for row in shown
    )
    names = [row["name"] for row in shown]
    return html.Div(
        [
            key([(words, color, "") for _, words, color in _COLUMNS]),
            chart(by_name(names, series, data.currency, beside=True), says=says),
            html.P(without, className="hint") if without else None,
        ]
    )


def _claims(data: Data, view: View, answer: Answer) -> Part:
    found = records(answer)
    rows = [_claim(view, row) for row in found[:_ROWS]]
    heads = ["Claim", "Of", "Declared", "Evidence", "Realised", "Owner", "Review"]
    everyone = (
        html.P(dcc.Link("All claims", href=view.link("/benefits")), className="hint")
        if view.name
        else None
    )
    return html.Div([laid_out(heads, rows, says="Claims", numbers=(2, 4)), everyone])


def _claim(view: View, row: Row) -> Part:
    level = row["evidence_level"]
    review = str(row["review_on"] or UNKNOWN)
    due = html.Span("due", className="badge bad") if row["is_due"] else None
    return html.Tr(
        [
            html.Td(
                [
                    html.Strong(row["name"]),
                    html.Div(
                        " · ".join(one for one in (row["type"], row["metric"]) if one),
                        className="why",
                    ),
                ]
            ),
            html.Td(linked(row["target"], _to(view, row), is_figure=False)),
            html.Td(
                [
                    _amount(row["likely"], row["currency"]),
                    html.Div(_range(row), className="why"),
                ],
                className="number",
            ),
            html.Td(
                [
                    f"{level} {EVIDENCE.get(level, '')}" if level is not None else UNKNOWN,
                    html.Div(row["evidence"] or "", className="why"),
                ]
            ),
            html.Td(_amount(row["realised"], row["currency"]), className="number"),
            html.Td(
                [
                    row["owner"] or "no owner",
                    html.Div(
                        f"approved by {row['approver']}" if row["approver"] else "not approved",
                        className="why",
                    ),
                ]
            ),
            html.Td([review, " ", due]),
        ]
    )


def _to(view: View, row: Row) -> str:
    return to_target(view, row["level"], row["target"])


def _amount(amount: Decimal | None, currency: str | None) -> str:
    if amount is None:
        return UNKNOWN
    return exact(amount, currency) if currency else plain(amount)


def _range(row: Row) -> str:
    per = "once" if row["per"] == "once" else f"a {row['per']}" if row["per"] else ""
    if row["low"] is None or row["low"] == row["high"]:
        return per
    low, high = _amount(row["low"], row["currency"]), _amount(row["high"], row["currency"])
    return f"{per}, {low} to {high}"


def _realised(data: Data, view: View, answer: Answer) -> Part:
    rows = [
        html.Tr(
            [
                html.Td(row["type"]),
                *[
                    html.Td(count(row[name]), className="number")
                    for name in ("closed_claims", "unmeasured")
                ],
                *[
                    html.Td(exact(row[name], row["currency"]), className="number")
                    for name in ("declared", "realised")
                ],
                html.Td(percent(row["realised_share"]), className="number"),
            ]
        )
        for row in records(answer)
    ]
    heads = ["Type", "Closed claims", "Not measured", "Declared", "Realised", "Share"]
    return laid_out(heads, rows, says="What came in", numbers=range(1, 6))
