"""Who may ask the app."""

from collections.abc import Collection

from dash import Dash
from flask import Response, request


def only_under(app: Dash, names: Collection[str]) -> None:
    """Answer requests for these host names alone.

    A page of somebody else's that resolves its own name to this machine would otherwise read the
    figures through the reader's browser.
    """

    def refuse() -> Response | None:
        host = request.host.rpartition(":")[0] if ":" in request.host else request.host
        if host.strip("[]") in names:
            return None
        return Response(f"not served under the name {host}\n", 403, mimetype="text/plain")

    app.server.before_request(refuse)
