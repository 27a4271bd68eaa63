"""The builds that were published, and what changed between two of them."""

from dash import dcc, html

from costlens.questions.ask import Answer
from costlens.web.answers import builds, compared
from costlens.web.asking import button, result
from costlens.web.data import Data
from costlens.web.filters import one_of
from costlens.web.formats import count, exact, moment
from costlens.web.links import linked, to_target
from costlens.web.parts import Section
from costlens.web.rows import Row, records
from costlens.web.tables import Part, laid_out
from costlens.web.view import View
from costlens.web.words import residual

_BUILDS, _ROWS = 12, 60


def published_builds(data: Data, view: View, answer: Answer) -> Part:
    """List the latest builds, each with a link to what it says."""
    bills: dict[int, list[Row]] = {}
    for row in records(answer):
        bills.setdefault(row["build"], []).append(row)
    rows = [
        html.Tr(
            [
                html.Td(dcc.Link(f"Build {number}", href=view.link("/trust", build=str(number)))),
                html.Td(moment(of[0]["built_at"])),
                html.Td(count(len({row["period"] for row in of})), className="number"),
                html.Td(", ".join(sorted({row["source"] for row in of}))),
                html.Td("yes" if number == data.number else ""),
            ]
        )
        for number, of in sorted(bills.items(), reverse=True)[:_BUILDS]
    ]
    heads = ["Build", "Published", "Months", "Bills of", "Shown here"]
    return laid_out(heads, rows, says="Builds", numbers=(2,))


def offer(data: Data, view: View) -> Part:
    """Offer to compare with an earlier build; it is worked out only when asked."""
    earlier = sorted({row[0] for row in builds(data, view).rows} - {data.number}, reverse=True)
    title = html.H2("What changed between two builds?", id="trust-compare")
    if not earlier:
        said = "There is one build only. After the next refresh, what changed is split here into "
        said += "bill, runs, rules, catalogue, rates and engine."
        return html.Section([title, html.P(said, className="empty")])
    names = [str(number) for number in earlier[:200]]
    said = (
        f"What each {view.level} costs in build {data.number} less what it cost in an earlier one, "
        "split into what caused it. Changed months are allocated once more for each cause, which "
        "can take a minute; nothing is stored."
    )
    form = html.Div(
        [
            one_of("Earlier build", "since", view.asked("since") or None, names, "Choose one"),
            button("trust", "compared", "Compare", off=not view.asked("since")),
        ],
        className="form",
    )
    return html.Section([title, html.P(said, className="lead"), form, result("trust", "compared")])


def changes(view: View) -> Section:
    """Split what changed since the earlier build of the link into its causes."""
    return Section(
        page="trust",
        name="compared",
        title=f"Since build {view.asked('since')}, by {view.level}",
        rows=compared,
        draw=_causes,
        empty="Nothing changed.",
        has_table=True,
    )


def _causes(data: Data, view: View, answer: Answer) -> Part:
    figures = [
        name for name, kind in zip(answer.columns, answer.types, strict=True) if "38" in kind
    ]
    rows = [
        html.Tr(
            [
                html.Td(
                    linked(
                        residual(row["name"]),
                        to_target(view, view.level, row["name"]),
                        is_figure=False,
                    )
                ),
                *[
                    html.Td(exact(row[name], row["currency"]), className="number")
                    for name in figures
                ],
            ]
        )
        for row in records(answer)[:_ROWS]
    ]
    heads = ["Name", *[name.capitalize().replace("_", " ") for name in figures]]
    numbers = range(1, len(heads))
    return laid_out(heads, rows, says="What changed", numbers=numbers)
