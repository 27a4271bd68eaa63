"""What stands where a page or a part of it cannot: on its way, empty, failed. Never a 0."""

import dash_mantine_components as dmc
from dash import html

from costlens.errors import CostLensError
from costlens.web.sent import mark_failed
from costlens.web.tables import Part, aria
from costlens.web.who import NotForRoleError


def skeleton() -> Part:
    """Stand in for a page that is on its way, at its size."""
    return html.Div(
        [
            dmc.Skeleton(height=34, width="70%"),
            dmc.Skeleton(height=16, width="45%"),
            html.Div([dmc.Skeleton(height=112) for _ in range(4)], className="cards"),
            dmc.Skeleton(height=380),
            dmc.Skeleton(height=320),
        ],
        className="page waiting",
        **aria(busy="true", label="Loading"),
    )


def nothing_built() -> Part:
    """Say what to do before the first build."""
    return html.Div(
        [
            html.H1("Nothing is built yet"),
            html.P("CostLens has read no bill so far. In the folder of costlens.yaml, run:"),
            html.Pre("costlens refresh"),
            html.P("This page shows the result as soon as it is there; no reload needed."),
        ],
        className="page empty-page",
    )


def nothing_billed() -> Part:
    """Say what to do when the build has no bill in it."""
    return html.Div(
        [
            html.H1("No bill is read yet"),
            html.P(
                "There is a build, but none of its sources has a charge. Name a billing export in "
                "costlens.yaml, see that it holds files, and run:"
            ),
            html.Pre("costlens check\ncostlens refresh"),
        ],
        className="page empty-page",
    )


def failed(error: Exception, *, part: str) -> Part:
    """Say that a part failed, and offer to try again; or that it is not for the reader."""
    if isinstance(error, NotForRoleError):
        if part.endswith("-title"):
            return "What your teams own"
        return html.Span(f"Not for your role: {error.findings[0].message}.", className="refused")
    mark_failed()
    known = isinstance(error, CostLensError)
    why = str(error) if known else f"{type(error).__name__}. The server's log has the details."
    return html.Div(
        [
            html.P([html.Strong("This part could not be computed. "), why]),
            html.Button("Try again", id={"type": "retry", "part": part}, type="button"),
        ],
        className="failed",
        role="alert",
    )
