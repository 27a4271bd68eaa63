"""Parts of a page that take long: after the page, or when a button is pressed.

`lay_out` knows parts that may take longer than a page should: each comes by itself, once the page
stands. What allocates again waits for its `button`, with a running state.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html
from dash.exceptions import PreventUpdate
from flask import has_request_context

from costlens.web.data import Builds, Data
from costlens.web.parts import Section, guarded, section
from costlens.web.tables import Part, aria
from costlens.web.view import View

_RUNNING = "Working it out; this takes seconds, on a large bill minutes."


def button(stem: str, name: str, words: str, *, off: bool = False) -> Part:
    """Offer to work a part out, and say so while it runs."""
    return html.Div(
        [
            html.Button(
                words, id=f"{stem}-{name}-ask", className="act", type="button", disabled=off
            ),
            html.Span(id=f"{stem}-{name}-running", className="running", role="status"),
        ]
    )


def result(stem: str, name: str) -> Part:
    """Hold the place where the part will stand."""
    return html.Div(id=f"{stem}-{name}-result", **aria(live="polite"))


def wire(
    app: Dash,
    builds: Builds,
    *,
    stem: str,
    name: str,
    view: Callable[[Data, Mapping[str, str]], View],
    section_of: Callable[[View], Section],
) -> None:
    """Work a part out for the link that is shown, when its button is pressed."""

    @app.callback(
        Output(f"{stem}-{name}-result", "children"),
        Input(f"{stem}-{name}-ask", "n_clicks"),
        State("link", "data"),
        running=[
            (Output(f"{stem}-{name}-ask", "disabled"), True, False),
            (Output(f"{stem}-{name}-running", "children"), _RUNNING, ""),
        ],
        prevent_initial_call=True,
    )
    def work(pressed: int | None, link: str | None) -> Part:
        if not pressed or link is None:
            raise PreventUpdate

        def make() -> Part:
            data, shown = _shown(builds, view, link)
            return section(data, shown, section_of(shown))

        return guarded(f"{stem}-{name}", make)


def lay_out(
    data: Data, view: View, parts: Sequence[Section], *, late: Collection[str]
) -> list[Part]:
    """Lay the parts of a page out; those that are `late` come after it."""
    return [(_later if one.name in late else section)(data, view, one) for one in parts]


def _later(data: Data, view: View, one: Section) -> Part:
    """Show a part after the page that it is on; at once where no browser will ask, as on paper."""
    if not has_request_context():
        return section(data, view, one)
    name = f"{one.page}-{one.name}"
    waiting = html.Section(
        [html.H2(one.title), dmc.Skeleton(height=160)],
        **aria(busy="true", label=one.title),
    )
    return html.Div(
        [dcc.Store(id=f"{name}-later", data=one.name), waiting],
        id=f"{name}-place",
        className="later",
    )


def wire_later(
    app: Dash,
    builds: Builds,
    *,
    stem: str,
    names: Sequence[str],
    view: Callable[[Data, Mapping[str, str]], View],
    sections: Callable[[Data, View], Sequence[Section]],
) -> None:
    """Work parts out for the link that is shown, as soon as its page stands."""
    for name in names:
        _wire_later(app, builds, stem=stem, name=name, view=view, sections=sections)


def _wire_later(
    app: Dash,
    builds: Builds,
    *,
    stem: str,
    name: str,
    view: Callable[[Data, Mapping[str, str]], View],
    sections: Callable[[Data, View], Sequence[Section]],
) -> None:
    @app.callback(
        Output(f"{stem}-{name}-place", "children"),
        Input(f"{stem}-{name}-later", "data"),
        State("link", "data"),
    )
    def work(asked: str | None, link: str | None) -> Part:
        if not asked or link is None:
            raise PreventUpdate

        def make() -> Part:
            data, shown = _shown(builds, view, link)
            (one,) = [each for each in sections(data, shown) if each.name == name]
            return section(data, shown, one)

        return guarded(f"{stem}-{name}", make)


def _shown(
    builds: Builds, view: Callable[[Data, Mapping[str, str]], View], link: str
) -> tuple[Data, View]:
    """Open what a link shows."""
    query = dict(parse_qsl(urlsplit(link).query))
    data = builds.asked(query)
    return data, view(data, query)
