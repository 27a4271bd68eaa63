"""Whether the figures can be trusted: they tie to the invoice, and how well each one is known."""

from collections.abc import Mapping

from dash import Dash, html

from costlens.questions.ask import Answer, Cell
from costlens.web.answers import builds, compared, coverage, statement
from costlens.web.asking import lay_out, wire, wire_later
from costlens.web.data import Builds, Data
from costlens.web.figures import GRADES, by_grade
from costlens.web.formats import UNKNOWN, change, count, day, exact, moment, percent, short
from costlens.web.history import changes, offer, published_builds
from costlens.web.links import linked, to_rows
from costlens.web.parts import Card, Section, cards, chart, guarded, key, page
from costlens.web.rows import Row, first_row, records
from costlens.web.tables import Part, laid_out
from costlens.web.view import View, read_view
from costlens.web.words import PARTS

PATH, TITLE, ORDER = "/trust", "Trust", 9

_LATER = ("coverage",)
_BARS, _ROWS, _BUILDS = 8, 60, 12
_WENT = ("allocated", "idle", "unmatched", "unneeded", "stranded", "excluded")
_HEADS = ("To targets", "Idle", "Nobody's", "Unneeded", "Stranded", "Excluded")


def view(data: Data, query: Mapping[str, str]) -> View:
    """Read the link; it may name an earlier build to compare with."""
    return read_view(data, query, keep=("since",))


def unborne(data: Data, view: View) -> Answer:
    """Ask what nobody bears, and why."""
    return data.ask("unborne", **view.given)


def sources(data: Data, _view: View) -> Answer:
    """Ask how fresh each source is."""
    return data.ask("sources", sources="[]")


def loads(data: Data, view: View) -> Answer:
    """Ask what was delivered, and what each delivery restated."""
    return data.ask("loads", **view.window.given)


def findings(data: Data, _view: View) -> Answer:
    """Ask what is wrong or missing."""
    return data.ask("findings")


TABLES = {
    "statement": statement,
    "coverage": coverage,
    "unborne": unborne,
    "sources": sources,
    "loads": loads,
    "findings": findings,
    "builds": builds,
    "compared": compared,
}


def layout(data: Data, **query: str) -> Part:
    """Lay the page out for the filters in its link."""
    shown = view(data, query)
    return page(
        data,
        shown,
        title=guarded("trust-title", lambda: _title(data, shown)),
        stem="trust",
        grouped=True,
        body=[
            guarded("trust-cards", lambda: _cards(data, shown)),
            *lay_out(data, shown, _sections(shown), late=_LATER),
            guarded("trust-compare", lambda: offer(data, shown)),
        ],
    )


def callbacks(app: Dash, builds: Builds) -> None:
    """Bring what takes longer after the page; compare two builds when asked to."""
    wire_later(app, builds, stem="trust", names=_LATER, view=view, sections=_all)
    wire(app, builds, stem="trust", name="compared", view=view, section_of=changes)


def _all(_data: Data, view: View) -> list[Section]:
    return _sections(view)


def _sections(view: View) -> list[Section]:
    empty = f"No bill covers {view.months_said}."
    several = [
        ("statement", "Does it tie to the invoice?", statement, _statement, empty),
        ("coverage", f"How well is the cost of each {view.level} known?", coverage, _known, empty),
        ("unborne", "What does nobody bear, and why?", unborne, _unborne, "Every line is borne."),
        ("sources", "How fresh is each source?", sources, _sources, "No source is read yet."),
        ("loads", "Was anything restated?", loads, _loads, "Nothing was delivered."),
        ("findings", "What is wrong or missing?", findings, _findings, "Nothing was found."),
        ("builds", "What was published when?", builds, published_builds, "Nothing is built yet."),
    ]
    return [
        Section(
            page="trust",
            name=name,
            title=title,
            lead=_LEADS.get(name, ""),
            rows=rows,
            draw=draw,
            empty=nothing,
            has_table=name != "coverage",
        )
        for name, title, rows, draw, nothing in several
    ]


_LEADS = {
    "statement": "What each bill says, and where all of it went. The difference is always zero, or "
    "nothing would have been published.",
    "coverage": "The worst step on the way of each amount: from the bill itself to an even split.",
    "unborne": "These amounts are rows of their own on every page. An amount leads to its lines.",
    "sources": "The newest day of each source's data, and when it was read.",
    "loads": "A delivery that took the place of an earlier one, and by how much it differs.",
    "findings": "Dearest first, with the place and what to do.",
    "builds": "Each build stays as it was. A link with a build shows what was true then.",
}


def _title(data: Data, view: View) -> str:
    found = records(statement(data, view))
    if not found:
        return f"No bill covers {view.months_said}"
    bill = first_row(data.ask("bill_summary", **view.given), figure="bill") or {}
    said = exact(bill.get("amount"), data.currency)
    off = [row for row in found if row["difference"]]
    if off:
        return f"{said} of {view.months_said}; {len(off)} bills do not tie."
    return f"All {said} of {view.months_said} ties to the invoices, to the last unit."


def _cards(data: Data, view: View) -> Part:
    figures = {row["figure"]: row for row in records(data.ask("bill_summary", **view.given))}
    if not figures:
        return html.P("Choose other months above.", className="empty")
    known = first_row(data.ask("coverage", **{**view.given, "level": "bill"}), name="(all bills)")
    worst = [row for row in records(findings(data, view)) if row["severity"] != "info"]
    last = data.months[-1].last_day

    def part(name: str, label: str, hint: str) -> Card:
        row = figures.get(name)
        if row is None:
            return Card(label=label, figure="none", hint=hint)
        return Card(
            label=label,
            figure=short(row["amount"], data.currency),
            exactly=exact(row["amount"], data.currency),
            hint=f"{percent(row['bill_share'])} of the bill: {hint}",
            link=to_rows(view, f"{view.level}:({name})"),
        )

    return cards(
        [
            Card(
                label="Known by measure",
                figure=percent(known["measured_share"]) if known else UNKNOWN,
                hint="of the bill is matched directly or by measured use, as far as its stages",
            ),
            part("unmatched", "Claimed by nobody", "no rule names an owner"),
            part("idle", "Stood idle", "paid for and not used"),
            Card(
                label="Data to",
                figure=f"{day(last)} {last.year}",
                hint=f"{count(len(worst))} findings are errors or warnings",
            ),
        ]
    )


def _statement(data: Data, view: View, answer: Answer) -> Part:
    rows = [
        html.Tr(
            [
                html.Td(row["source"]),
                html.Td(row["period"] + (" closed" if row["state"] == "closed" else "")),
                _cell(view, row, "source_total", f"source:{row['source']}"),
                *[_cell(view, row, name, f"outcome:{name}") for name in _WENT],
                _money(row["difference"], row),
            ]
        )
        for row in records(answer)
        if row["basis"] == view.basis
    ]
    heads = ["Source", "Month", "The bill", *_HEADS, "Difference"]
    return laid_out(heads, rows, says="Does it tie", numbers=range(2, 10))


def _cell(view: View, row: Row, name: str, of: str) -> Part:
    """Lead an amount of the statement to its rows: of its bill, month and currency alone."""
    narrowed = {"source": row["source"], "month": row["period"], "billed_in": row["currency"]}
    # What bears no line was taken off the bill before anything was shared out.
    leads = row[name] and (name != "source_total" or not row["residual"])
    link = to_rows(view, of, **narrowed) if leads else ""
    return html.Td(linked(exact(row[name], row["currency"]), link), className="number")


def _money(amount: Cell, row: Row) -> Part:
    return html.Td(exact(amount, row["currency"]), className="number")


def _known(data: Data, view: View, answer: Answer) -> Part:
    rows = [row for row in records(answer) if not row["name"].startswith("(")]
    every = first_row(answer, name="(all targets)")
    shown = rows[:_BARS]
    words = [
        (label, color, exact(every[grade], data.currency) if every else "")
        for grade, label, color in GRADES
    ]
    says = "; ".join(f"{row['name']}: {percent(row['measured_share'])} measured" for row in shown)
    left = len(rows) - len(shown)
    return html.Div(
        [
            key(words),
            chart(by_grade(shown, data.currency), says=says),
            html.P(f"The figures above are of all {count(len(rows))}.", className="hint")
            if left > 0
            else None,
        ]
    )


def _unborne(data: Data, view: View, answer: Answer) -> Part:
    rows = [
        html.Tr(
            [
                html.Td(PARTS.get(row["outcome"], row["outcome"])),
                html.Td([row["service"], *_stage(row)]),
                html.Td(row["why"] or UNKNOWN, className="place"),
                html.Td(
                    linked(exact(row["amount"], row["currency"]), _to_lines(view, row)),
                    className="number",
                ),
            ]
        )
        for row in records(answer)[:_ROWS]
    ]
    heads = ["What it is", "What was bought", "Why", "Amount"]
    return _cut(laid_out(heads, rows, says="What nobody bears", numbers=(3,)), answer)


def _stage(row: Row) -> list[Part]:
    if row["stage"].startswith("("):
        return []
    return [html.Br(), html.Span(row["stage"], className="place")]


def _to_lines(view: View, row: Row) -> str:
    of = f"{view.level}:({row['outcome']})"
    return to_rows(view, of, lines="yes", stage=row["stage"], service=row["service"])


def _sources(data: Data, view: View, answer: Answer) -> Part:
    rows = [
        html.Tr(
            [
                html.Td([html.Strong(row["source"]), html.Br(), _pack(row)]),
                html.Td(row["makes"] or UNKNOWN),
                html.Td(str(row["last_day"] or UNKNOWN)),
                html.Td(f"{row['first_period']} to {row['last_period']}"),
                html.Td(count(row["rows"]), className="number"),
                _of_source(view, row) if row["currency"] else html.Td(UNKNOWN, className="number"),
                html.Td(moment(row["loaded_at"]) if row["loaded_at"] else UNKNOWN),
                html.Td(count(row["findings"]), className="number"),
            ]
        )
        for row in records(answer)
    ]
    heads = ["Source", "Gives", "Data to", "Months", "Rows", "Cost", "Read", "Notes"]
    return laid_out(heads, rows, says="How fresh each source is", numbers=(4, 5, 7))


def _of_source(view: View, row: Row) -> Part:
    """Lead what all deliveries of a source say to its rows, of every month."""
    narrowed = {"month": "all", "billed_in": row["currency"]}
    link = to_rows(view, f"source:{row['source']}", **narrowed)
    amount = row["effective" if view.basis == "effective" else "billed"]
    return html.Td(linked(exact(amount, row["currency"]), link), className="number")


def _pack(row: Row) -> Part:
    return html.Span(row["pack"], className="place")


def _loads(data: Data, view: View, answer: Answer) -> Part:
    restated = [row for row in records(answer) if row["rows_change"] is not None]
    if not restated:
        return html.P(
            f"No: each of the {count(len(answer.rows))} deliveries is the first of its month.",
            className="said",
        )
    rows = [
        html.Tr(
            [
                html.Td(row["source"]),
                html.Td(row["makes"]),
                html.Td(row["period"]),
                html.Td(row["state"]),
                html.Td(count(row["rows_change"]), className="number"),
                html.Td(
                    change(row[f"{view.basis}_change"], None, row["currency"] or data.currency),
                    className="number",
                ),
                html.Td(moment(row["loaded_at"])),
            ]
        )
        for row in restated[-_ROWS:]
    ]
    heads = ["Source", "Gives", "Month", "State", "Rows more", "Cost more", "Read"]
    return laid_out(heads, rows, says="What was restated", numbers=(4, 5))


def _findings(data: Data, view: View, answer: Answer) -> Part:
    rows = [
        html.Tr(
            [
                html.Td(
                    html.Span(
                        row["severity"],
                        className=f"badge {'plain' if row['severity'] == 'info' else 'bad'}",
                    )
                ),
                html.Td(
                    [*_worded(row["message"]), html.Div(_worded(row["hint"]), className="why")]
                ),
                html.Td([row["place"], html.Br(), row["period"] or ""], className="place"),
                html.Td(exact(row["amount"], row["currency"] or data.currency), className="number"),
            ]
        )
        for row in records(answer)[:_ROWS]
    ]
    heads = ["Kind", "What, and what to do", "Where", "Money"]
    return _cut(laid_out(heads, rows, says="What is wrong or missing", numbers=(3,)), answer)


def _worded(text: str | None) -> list[Part]:
    """Write what stands in backticks as code."""
    parts = (text or "").split("`")
    return [html.Code(part) if at % 2 else part for at, part in enumerate(parts)]


def _cut(shown: Part, answer: Answer) -> Part:
    left = len(answer.rows) - _ROWS
    more = html.P(f"{count(left)} more are in the CSV.", className="hint") if left > 0 else None
    return html.Div([shown, more])
