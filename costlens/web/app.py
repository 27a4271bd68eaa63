"""The app: a shell around one page at a time, made on the server from one build."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate
from flask import Response, request

from costlens.errors import CostLensError
from costlens.paths import bundled
from costlens.questions.plain import as_csv
from costlens.web.data import Builds, Data
from costlens.web.formats import moment
from costlens.web.pages import Page, find_pages
from costlens.web.states import failed, nothing_billed, nothing_built, skeleton
from costlens.web.tables import Part, aria
from costlens.web.theme import FONT

_LOG = logging.getLogger(__name__)
_LOOK_MS = 2000  # between two looks of an open page for a newer build
_CARRIED = ("month", "basis", "by")

_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
<title>{%title%}</title>
{%metas%}
<link rel="icon" href="assets/logo.svg" type="image/svg+xml">
{%css%}
</head>
<body>
{%app_entry%}
<noscript>These pages need JavaScript. The command has the same figures: costlens roi</noscript>
<footer>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""


def create_app(lake: Path, *, folders: Sequence[Path] = ()) -> Dash:
    """Make the app of a lake, with the bundled pages and those of further folders.

    It keeps no state outside itself: any number of apps live side by side in one process.
    """
    pages = find_pages([bundled("dashboards"), *folders])
    builds = Builds(lake)
    dmc.pre_render_color_scheme()
    app = Dash(
        "costlens",
        title="CostLens",
        update_title="",
        assets_folder=str(bundled("dashboards") / "assets"),
        serve_locally=True,
        suppress_callback_exceptions=True,
        index_string=_INDEX,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
        enable_mcp=False,
        add_log_handler=False,
    )
    app.layout = lambda: _shell(builds.latest())
    _wire(app, pages, builds)
    _serve_csv(app, pages, builds)
    for page in pages:
        if page.callbacks is not None:
            page.callbacks(app, builds)
    return app


def _shell(build: int | None) -> Part:
    return dmc.MantineProvider(
        [
            html.A("Skip to the content", href="#main", className="skip"),
            dcc.Location(id="address", refresh="callback-nav"),
            dcc.Store(id="link"),
            dcc.Store(id="heading"),
            dcc.Store(id="build", data=build),
            dcc.Interval(id="tick", interval=_LOOK_MS),
            html.Header(
                [
                    dcc.Link(
                        [html.Img(src="assets/logo.svg", alt=""), "CostLens"],
                        href="/",
                        className="brand",
                    ),
                    html.Nav(id="nav", **aria(label="Pages")),
                    dmc.ColorSchemeToggle(
                        lightIcon=html.Span(className="icon sun"),
                        darkIcon=html.Span(className="icon moon"),
                        variant="subtle",
                        size="lg",
                        **aria(label="Light or dark"),
                    ),
                ],
                className="top",
            ),
            html.Div(id="news", role="status", **aria(live="polite")),
            html.Main(
                dcc.Loading(
                    html.Div(skeleton(), id="page"),
                    custom_spinner=html.Div(className="spinner"),
                    overlay_style={"visibility": "visible", "opacity": 0.5},
                    delay_show=400,
                ),
                id="main",
                tabIndex=-1,
            ),
        ],
        theme={"fontFamily": FONT},
    )


def _wire(app: Dash, pages: Sequence[Page], builds: Builds) -> None:
    clientside: Callable[..., None] = app.clientside_callback  # which Dash leaves untyped
    clientside(
        ClientsideFunction("costlens", "follow"),
        Output("link", "data"),
        Input("address", "pathname"),
        Input("address", "search"),
        Input({"type": "filter", "key": ALL, "shown": ALL}, "value"),
        State("link", "data"),
    )
    clientside(
        ClientsideFunction("costlens", "name"),
        Output("nav", "data-page"),
        Input("heading", "data"),
        prevent_initial_call=True,
    )

    @app.callback(Output("build", "data"), Input("tick", "n_intervals"), State("build", "data"))
    def look(_ticks: int, shown: int | None) -> int:
        latest = builds.latest()
        if latest is None or latest == shown:
            raise PreventUpdate
        return latest

    @app.callback(
        Output("page", "children"),
        Output("nav", "children"),
        Output("heading", "data"),
        Output("news", "children"),
        Input("link", "data"),
        Input("build", "data"),
        Input({"type": "retry", "part": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def show(link: str | None, _build: int | None, tried: list[int | None]) -> tuple[Any, ...]:
        by = ctx.triggered_prop_ids
        if link is None or ("link.data" not in by and "build.data" not in by and not any(tried)):
            raise PreventUpdate
        shown, heading = _page(pages, builds, link)
        news = _news(builds) if "build.data" in by and "link.data" not in by else no_update
        return shown, _nav(pages, link), heading, news


def _page(pages: Sequence[Page], builds: Builds, link: str) -> tuple[Part, str]:
    """Make the page that a link names, from the latest build; also its name."""
    address = urlsplit(link)
    page = next((one for one in pages if one.path == address.path), None)
    if page is None:
        return _unknown(address.path), "No such page"
    try:
        latest = builds.latest()
        if latest is None:
            return nothing_built(), page.title
        data = builds.at(latest)
        if not data.months:
            return nothing_billed(), page.title
        return page.layout(data, **dict(parse_qsl(address.query))), page.title
    except Exception as error:  # the shell stands, and says so
        _LOG.exception("%s failed", page.stem)
        shown = [html.H1(page.title), failed(error, part=page.stem)]
        return html.Div(shown, className="page"), page.title


def _unknown(path: str) -> Part:
    return html.Div(
        [
            html.H1("There is no such page"),
            html.P([f"Nothing is at {path}. ", dcc.Link("Go to the overview", href="/")]),
        ],
        className="page empty-page",
    )


def _nav(pages: Sequence[Page], link: str) -> list[Part]:
    address = urlsplit(link)
    carried = {key: value for key, value in parse_qsl(address.query) if key in _CARRIED}
    query = f"?{urlencode(carried)}" if carried else ""
    return [
        dcc.Link(
            page.title,
            href=page.path + query,
            className="here" if page.path == address.path else "",
        )
        for page in pages
    ]


def _news(builds: Builds) -> str:
    latest = builds.latest()
    if latest is None:
        return ""
    return f"Updated: build {latest}, published {moment(builds.at(latest).built_at)}."


def _serve_csv(app: Dash, pages: Sequence[Page], builds: Builds) -> None:
    """Serve the rows behind each part of a page, under the link of the page."""
    by_stem = {page.stem: page for page in pages}

    def rows(stem: str, name: str) -> Response:
        query = request.args.to_dict()
        page = by_stem.get(stem)
        if page is None or name not in page.tables:
            return Response("no such table\n", 404, mimetype="text/plain")
        try:
            data = _asked_for(builds, query)
            text, said = _csv(page, name, data, query)
        except (CostLensError, ValueError) as error:
            return Response(f"{error}\n", 404, mimetype="text/plain")
        file = f"costlens-{stem}-{name}-{said}-build{data.number}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        return Response(text, mimetype="text/csv", headers=headers)

    app.server.add_url_rule("/csv/<stem>/<name>.csv", view_func=rows)


def _asked_for(builds: Builds, query: Mapping[str, str]) -> Data:
    number = int(query["build"]) if "build" in query else builds.latest()
    if number is None:
        raise CostLensError("nothing is built yet", hint="run: costlens refresh")
    return builds.at(number)


def _csv(page: Page, name: str, data: Data, query: Mapping[str, str]) -> tuple[str, str]:
    view = page.view(data, query)
    return as_csv(page.tables[name](data, view)), f"{view.first}..{view.last}"
