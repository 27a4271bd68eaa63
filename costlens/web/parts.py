"""What pages are made of: filters, cards, sections with their table and CSV, and the states."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from urllib.parse import quote

from dash import dcc, html

from costlens.questions.ask import Answer
from costlens.web.charts import Tick, spark
from costlens.web.data import Data, Month
from costlens.web.filters import BASIS_SAID, filters
from costlens.web.formats import change, day, moment, short_month
from costlens.web.links import linked
from costlens.web.states import failed
from costlens.web.tables import Part, aria, csv_link, table
from costlens.web.theme import CONFIG, GREY, Figure
from costlens.web.view import View

_LOG = logging.getLogger(__name__)
NO_LINKS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Card:
    """One figure on top of a page, what it means, and how it moved."""

    label: str
    figure: str
    hint: str
    exactly: str = ""
    moved: str = ""
    history: Sequence[Decimal] = ()
    link: str = ""  # to the rows that add up to it
    moved_link: str = ""  # to those of how it moved


def page(
    data: Data,
    view: View,
    *,
    title: str,
    stem: str,
    grouped: bool,
    body: Sequence[Part],
    about: str = "",
) -> Part:
    """Lay out a page: what happened in one sentence, its filters, its parts, its method."""
    return html.Div(
        [
            html.H1(title),
            html.P(about, className="about") if about else None,
            html.P(_about(data, view), className="about"),
            *[html.P(note, className="note", role="alert") for note in view.notes],
            filters(data, view, grouped=grouped),
            *body,
            html.Footer(_footnote(data), className="footnote"),
        ],
        className=f"page page-{stem}",
    )


def cards(several: Sequence[Card]) -> Part:
    """Lay at most four figures out in a row."""
    return html.Dl([_card(card) for card in several[:4]], className="cards")


@dataclass(frozen=True, kw_only=True)
class Section:
    """One answer on a page: its question, its rows, and how they are drawn.

    `draw` makes the chart or, where `has_table`, the table itself.
    """

    page: str
    name: str
    title: str
    rows: Callable[[Data, View], Answer]
    draw: Callable[[Data, View, Answer], Part]
    empty: str
    lead: str = ""
    has_table: bool = False


def section(data: Data, view: View, one: Section) -> Part:
    """Show one answer with the same rows as a table and CSV.

    When it fails it says so, and the other parts of the page stand.
    """
    name = f"{one.page}-{one.name}"
    try:
        inside = _answered(data, view, one)
    except Exception as error:  # whatever it is, the other parts of the page stand
        _LOG.exception("%s failed", name)
        inside = [failed(error, part=name)]
    return html.Section([html.H2(one.title, id=name), *inside], **aria(labelledby=name))


def _answered(data: Data, view: View, one: Section) -> list[Part]:
    answer = one.rows(data, view)
    if not answer.rows:
        return [html.P(one.empty, className="empty")]
    return [
        html.P(one.lead, className="lead") if one.lead else None,
        one.draw(data, view, answer),
        html.Div(
            [
                html.Span() if one.has_table else _as_table(data, answer, one.title),
                csv_link(data, view, page=one.page, name=one.name),
            ],
            className="rows",
        ),
    ]


def _as_table(data: Data, answer: Answer, title: str) -> Part:
    return html.Details([html.Summary("Show as table"), table(data, answer, title)])


def guarded(part: str, make: Callable[[], Part]) -> Part:
    """Make a part that has no rows of its own; when it fails it says so."""
    try:
        return make()
    except Exception as error:  # as in `section`
        _LOG.exception("%s failed", part)
        return failed(error, part=part)


def chart(figure: Figure, *, says: str, look: str = "") -> Part:
    """Show a chart with what it says for those who do not see it."""
    graph = dcc.Graph(
        figure=figure,
        config=CONFIG,  # type: ignore[arg-type]  # plotly knows more keys than Dash
        style={"height": f"{figure['layout']['height']}px"},
    )
    return html.Div(graph, role="img", className=f"chart {look}".strip(), **aria(label=says))


def ticks(months: Sequence[Month], view: View) -> list[Tick]:
    """Name months on an axis: the open one by its last day, those of the window in full colour."""
    return [
        Tick(
            label=short_month(one.month)
            + (f"<br>to {day(one.last_day)}" if one.is_partial else ""),
            is_partial=one.is_partial,
            is_shown=view.first <= one.month <= view.last,
        )
        for one in months
    ]


def key(several: Sequence[tuple[str, str, str]], links: Mapping[str, str] = NO_LINKS) -> Part:
    """Explain colours by words, each with its figure: (words, colour, figure).

    `links` lead figures to their rows, by their words.
    """
    return html.Ul(
        [
            html.Li(
                [
                    html.Span(
                        className="swatch striped" if color == GREY else "swatch",
                        style={"--swatch": color},
                    ),
                    html.Span(words),
                    html.Strong(linked(figure, links.get(words, "")), className="figure")
                    if figure
                    else None,
                ]
            )
            for words, color, figure in several
        ],
        className="key",
    )


def moved(amount: Decimal | None, share: Decimal | None, *, view: View, currency: str) -> str:
    """Say how a figure moved against the window before, if that is known."""
    if amount is None:
        return ""
    return f"{change(amount, share, currency)} vs {view.before_short}"


def _about(data: Data, view: View) -> str:
    basis = BASIS_SAID[view.basis].lower()
    last = data.months[-1]
    until = f"{day(last.last_day)} {last.last_day.year}"
    return f"{view.months_said} · {basis} cost in {data.currency} · data to {until}"


def _footnote(data: Data) -> list[Part]:
    return [
        html.P(
            "Each bill line goes to the work it paid for; work is shared by what needs it, by "
            "measured use where there is any, else evenly. Idle time and lines nobody claims stay "
            "rows of their own, so all figures add up to the bill to the last unit. A benefit is "
            "what its owner declared. Amortised cost spreads commitments over the use they pay "
            "for; as invoiced is what the bills say."
        ),
        html.P(f"Build {data.number}, published {moment(data.built_at)}."),
    ]


def _card(card: Card) -> Part:
    picture = None
    if len(card.history) > 2:
        source = f"data:image/svg+xml;utf8,{quote(spark(card.history))}"
        picture = html.Img(src=source, alt="", className="spark")
    figure = linked(card.figure, card.link)
    return html.Div(
        [
            html.Dt(card.label),
            html.Dd([figure, picture], className="figure", title=card.exactly or card.figure),
            html.Dd(linked(card.moved, card.moved_link), className="moved") if card.moved else None,
            html.Dd(card.hint, className="hint"),
        ],
        className="card",
    )
