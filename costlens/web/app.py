"""The app: a shell around one page at a time, made on the server from one build."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import main_thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate
from flask import Response, g, request

from costlens.errors import CostLensError
from costlens.paths import bundled
from costlens.questions.plain import as_csv
from costlens.web.access import (
    CSRF_COOKIE,
    CSRF_HEADER,
    Guard,
    address_of_reader,
    csrf_of_reader,
    let_everybody_in,
    who_asks,
)
from costlens.web.audit import Audit, Export
from costlens.web.data import Builds
from costlens.web.door import Door
from costlens.web.formats import moment
from costlens.web.headers import add_headers, compress
from costlens.web.health import serve_health
from costlens.web.laid import Laid
from costlens.web.pages import Page, find_pages
from costlens.web.states import failed, nothing_billed, nothing_built, skeleton
from costlens.web.tables import Part, aria
from costlens.web.theme import FONT
from costlens.web.view import BASES, CARRIED, LEVELS
from costlens.web.who import NotForRoleError

_LOG = logging.getLogger(__name__)
_LOOK_MS = 2000  # between two looks of an open page for a newer build

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


def create_app(
    lake: Path, *, folders: Sequence[Path] = (), door: Door | None = None, is_eager: bool = False
) -> Dash:
    """Make the app of a lake, with the bundled pages and those of further folders.

    Without a `door` everybody may read every figure: whoever serves it sees to it that nobody else
    reaches it. One that is eager asks each new build the usual questions before readers come.
    It keeps no state outside itself: any number of apps live side by side in one process.
    """
    pages = find_pages([bundled("dashboards"), *folders])
    builds = Builds(lake, who=who_asks)
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
        csrf_token_name=CSRF_COOKIE,
        csrf_header_name=CSRF_HEADER,
    )
    serve_health(app, builds)  # first, so that the time of a request is the whole of it
    if door:
        Guard(door=door).stand_before(app)
    else:
        let_everybody_in(app)
    add_headers(app, https=door is not None and door.https)
    compress(app)
    ours = bundled("dashboards")
    laid = Laid(app, builds, [page.path for page in pages if page.file.parent == ours])
    laid.stand_between()
    app.layout = lambda: _shell(builds.latest())
    if is_eager:
        builds.ask_before(
            lambda number: laid.lay_out(number, _usual(pages, builds.whole(number).basis))
        )
    _wire(app, pages, builds)
    _serve_csv(app, pages, builds, door)
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
                        [html.Img(src="assets/logo.svg", alt=""), html.Span("CostLens")],
                        href="/",
                        className="brand",
                        title="CostLens",
                    ),
                    html.Nav(id="nav", **aria(label="Pages")),
                    dmc.ColorSchemeToggle(
                        lightIcon=html.Span(className="icon sun"),
                        darkIcon=html.Span(className="icon moon"),
                        variant="subtle",
                        size="lg",
                        **aria(label="Light or dark"),
                    ),
                    _reader(),
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


def _reader() -> Part:
    """Say who is logged in, and let them log out; nothing where nobody logs in."""
    who, csrf = g.get("who"), csrf_of_reader()
    if who is None or not who.name:
        return None
    said = html.Span(who.name, title=who.role, className="who")
    if not csrf or "proxied" in g:
        return said
    field = dcc.Input(type="hidden", name="csrf", value=csrf)
    button = html.Button("Log out", type="submit")
    return html.Form([said, field, button], action="/logout", method="POST", className="who")


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
    g.page = page.stem
    try:
        latest = builds.latest()
        if latest is None:
            return nothing_built(), page.title
        query = dict(parse_qsl(address.query))
        data = builds.asked(query)
        if not data.months:
            return nothing_billed(), page.title
        return page.layout(data, **query), page.title
    except Exception as error:  # the shell stands, and says so
        _LOG.exception("%s failed", page.stem)
        shown = [html.H1(page.title), failed(error, part=page.stem)]
        return html.Div(shown, className="page"), page.title


def _usual(pages: Sequence[Page], basis: str) -> Iterator[str]:
    """Name what most readers ask first: every page one can arrive at, by each level and basis.

    A link that says what is shown without it has the same answers, and is not among them.
    """
    for other in ("", *(one for one in BASES if one != basis)):
        for level in ("", *LEVELS[1:]):
            for page in (page for page in pages if page.order):  # the others are of something
                if not main_thread().is_alive():  # the server stops
                    return
                query = {key: one for key, one in (("basis", other), ("by", level)) if one}
                yield f"{page.path}?{urlencode(query)}" if query else page.path


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
    asked = dict(parse_qsl(address.query))
    carried = {key: value for key, value in asked.items() if key in CARRIED}
    query = f"?{urlencode(carried)}" if carried else ""
    shown = next((page for page in pages if page.path == address.path), None)
    here = shown.under(asked) if shown is not None else ""
    return [
        dcc.Link(
            page.title,
            href=page.path + query,
            className="here" if page.path == here else "",
        )
        for page in pages
        if page.order > 0
    ]


def _news(builds: Builds) -> str:
    latest = builds.latest()
    if latest is None:
        return ""
    return f"Updated: build {latest}, published {moment(builds.at(latest).built_at)}."


def _serve_csv(app: Dash, pages: Sequence[Page], builds: Builds, door: Door | None) -> None:
    """Serve the rows behind each part of a page, under the link of the page; note who took them."""
    audit = Audit(door.audit) if door else None
    by_stem = {page.stem: page for page in pages}

    def note(stem: str, name: str, outcome: str, build: int | None, rows: int | None) -> None:
        if audit is not None and door is not None:
            one = Export(
                who=who_asks(),
                address=address_of_reader(door),
                page=stem,
                table=name,
                query=f"?{request.query_string.decode('ascii', 'replace')}",
                build=build,
                rows=rows,
                outcome=outcome,
            )
            audit.note(one)

    def rows(stem: str, name: str) -> Response:
        query = request.args.to_dict()
        page = by_stem.get(stem)
        if page is None or name not in page.tables:
            return Response("no such table\n", 404, mimetype="text/plain")
        g.page = stem
        try:
            data = builds.asked(query)
            view = page.view(data, query)
            answer = page.tables[name](data, view)
        except NotForRoleError as error:
            note(stem, name, "refused", None, None)
            return Response(f"not for your role: {error}\n", 403, mimetype="text/plain")
        except (CostLensError, ValueError) as error:
            return Response(f"{error}\n", 404, mimetype="text/plain")
        note(stem, name, "given", data.number, len(answer.rows))
        said = f"{view.first}..{view.last}"
        file = f"costlens-{stem}-{name}-{said}-build{data.number}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{file}"'}
        return Response(as_csv(answer, guarded=True), mimetype="text/csv", headers=headers)

    app.server.add_url_rule("/csv/<stem>/<name>.csv", view_func=rows)
