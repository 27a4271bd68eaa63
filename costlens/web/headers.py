"""What every answer tells the browser: it may load what comes from here, and nothing else."""

import base64
import gzip
import hashlib
import re
from collections.abc import Callable
from functools import cache

from dash import Dash
from flask import Response, request

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
# Mantine and the grids write styles of their own while they run; scripts they do not.
_POLICY = (
    "default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_KEPT = ("/assets/", "/_dash-component-suites/")  # nothing of anybody's; may be cached


_TEXTS = ("text/", "application/json", "application/javascript", "image/svg+xml")
_LEAST = 1400  # bytes: less goes in one packet anyway


def compress(app: Dash) -> None:
    """Send text compressed to browsers that say they take it; a page is ten times smaller so."""

    def shrink(answer: Response) -> Response:
        answer.vary.add("Accept-Encoding")
        is_text = (answer.mimetype or "").startswith(_TEXTS)
        if (
            request.accept_encodings.quality("gzip") > 0
            and is_text
            and answer.status_code == 200
            and "Content-Encoding" not in answer.headers
            and not answer.is_streamed
            and not answer.direct_passthrough
        ):
            body = answer.get_data()
            if len(body) >= _LEAST:
                answer.set_data(gzip.compress(body, compresslevel=4, mtime=0))
                answer.headers["Content-Encoding"] = "gzip"
        return answer

    app.server.after_request(shrink)


def add_headers(app: Dash, *, https: bool) -> None:
    """Add the headers of security to every answer of an app."""
    scripts = _hashes_of(app)

    def add(answer: Response) -> Response:
        for name, value in _ALWAYS.items():
            answer.headers.setdefault(name, value)
        answer.headers.setdefault("Content-Security-Policy", _POLICY.format(scripts=scripts()))
        if not request.path.startswith(_KEPT):
            answer.headers["Cache-Control"] = "no-store"
        if https:
            answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return answer

    app.server.after_request(add)


def _hashes_of(app: Dash) -> Callable[[], str]:
    """Hash the scripts that stand in the first page itself, once all callbacks are there."""

    @cache
    def hashes() -> str:
        inside = set(_SCRIPT.findall(_first_page(app)))  # those of Mantine
        digests = (hashlib.sha256(one.encode()).digest() for one in sorted(inside))
        own = [f"'sha256-{base64.b64encode(one).decode()}'" for one in digests]
        return " ".join([*own, *app.csp_hashes()])

    return hashes


def _first_page(app: Dash) -> str:
    index: Callable[[], str] = app.index  # which Dash leaves untyped
    return str(index())
