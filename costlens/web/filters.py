"""The filters that all pages share, and the chips that take one away again."""

from collections.abc import Iterator, Sequence

import dash_mantine_components as dmc
from dash import dcc, html

from costlens.web.data import Data
from costlens.web.tables import Part, aria
from costlens.web.view import BASES, LEVELS, View, chosen, month_choices, owners, products

BASIS_SAID = {"effective": "Amortised", "billed": "As invoiced"}
_COMPARE_SAID = {"before": "Months before", "none": "Nothing"}
_ALL = "*"  # taken out of the link again, in the browser
_BESIDE = ("owner", "product", "compare", "currency")


def filters(data: Data, view: View, *, grouped: bool) -> Part:
    """Lay out the filters: months and cost in sight, the others a click or a key away."""
    several = [
        select("Months", "month", chosen(view), month_choices(data, view)),
        choice("Cost", "basis", view.basis, [(one, BASIS_SAID[one]) for one in BASES]),
    ]
    if grouped:
        choices = [(one, one.capitalize()) for one in LEVELS]
        several.append(choice("Group by", "by", view.level, choices))
    beside = html.Details(
        [
            html.Summary("More filters"),
            html.Div(list(_beside(data, view)), className="filters beside"),
        ],
        className="more-filters",
        open=any(view.asked(key) for key in _BESIDE),
    )
    return html.Div(
        [html.Div([*several, beside], className="filters"), _chips(data, view)],
        role="group",
        className="filter-bar",
        **aria(label="Filters"),
    )


def choice(label: str, name: str, value: str, choices: Sequence[tuple[str, str]]) -> Part:
    """Offer a few values side by side; the one chosen is written into the link."""
    return html.Div(
        [
            html.Span(label, className="filter-label"),
            dmc.SegmentedControl(
                id={"type": "filter", "key": name, "shown": value},
                data=[{"value": one, "label": said} for one, said in choices],
                value=value,
                **aria(label=label),
            ),
        ],
        className="filter",
    )


def one_of(label: str, name: str, value: str | None, names: Sequence[str], every: str) -> Part:
    """Offer one of many names, or all of them; the one chosen is written into the link."""
    items = [{"value": one, "label": one} for one in names]
    return select(label, name, value or _ALL, [{"value": _ALL, "label": every}, *items])


def _beside(data: Data, view: View) -> Iterator[Part]:
    yield one_of("Team", "owner", view.owner, owners(data), "All teams")
    yield one_of("Product", "product", view.product, products(data), "All products")
    yield choice("Compare with", "compare", view.compare, list(_COMPARE_SAID.items()))
    if len(data.currencies) > 1:
        codes = [{"value": code, "label": code} for code in data.currencies]
        yield select("Currency", "currency", data.currency, codes)


def select(label: str, name: str, value: str, choices: Sequence[object]) -> Part:
    """Offer {value, label} items to choose one of; it is written into the link."""
    return dmc.Select(
        id={"type": "filter", "key": name, "shown": value},
        data=list(choices),
        value=value,
        allowDeselect=False,
        searchable=len(choices) > 12,
        label=label,
        checkIconPosition="right",
        className="filter",
    )


def _chips(data: Data, view: View) -> Part:
    """Name each filter that is not as it comes, with a way to take it off."""
    said = {
        "month": view.months_said if view.asked("month") not in ("", "last") else "",
        "basis": BASIS_SAID[view.basis] if view.basis != data.basis else "",
        "owner": f"Team {view.owner}" if view.owner else "",
        "product": f"Product {view.product}" if view.product else "",
        "compare": "Compared with nothing" if view.compare == "none" else "",
        "currency": f"In {data.currency}" if data.currency != data.currencies[0] else "",
        "build": f"Build {data.number}, kept in this link" if view.asked("build") else "",
    }
    chips = [
        html.Li(
            dcc.Link(
                [words, html.Span("\N{MULTIPLICATION SIGN}", **aria(hidden="true"))],
                href=view.without(key),
                title=f"Take off: {words}",
                className="chip",
            )
        )
        for key, words in said.items()
        if words
    ]
    if not chips:
        return None
    if len(chips) > 1:
        clear = dcc.Link("Clear all", href=view.without(*said), className="clear")
        chips.append(html.Li(clear))
    return html.Ul(chips, className="chips", **aria(label="Filters in use"))
