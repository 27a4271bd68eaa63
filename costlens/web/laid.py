"""Pages as they were sent: a page of a build is laid out once for all who may see the same.

A page is what its link, the build and the reader's teams say, and nothing else; so it may be sent
again to whoever asks for the same. A page with a part that failed is not kept.
"""

import gzip
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from dash import Dash
from flask import Response, g, request

from costlens.web.access import who_asks
from costlens.web.data import Builds
from costlens.web.who import EVERYBODY

_LOG = logging.getLogger(__name__)
_ASK = "/_dash-update-component"
_MOST = 96 * 1024 * 1024  # bytes of pages, compressed
_LATER = re.compile(r'"id":"([a-z]+-[a-z]+)-later"')  # a part of a page that comes after it
_PATIENCE = 60.0  # seconds to wait for a page that somebody else is having laid out

Key = tuple[object, ...]
Json = Mapping[str, Any]  # Any: what a browser posts


@dataclass(frozen=True, kw_only=True)
class _Sent:
    """An answer to send again, and which page it is of."""

    body: bytes  # compressed
    page: str


class Laid:
    """The pages that were sent, of the builds that are open."""

    def __init__(self, app: Dash, builds: Builds, paths: Collection[str]) -> None:
        self._app = app
        self._builds = builds
        self._paths = frozenset(paths)  # of pages that nothing else goes into
        self._lock = Lock()
        self._kept: OrderedDict[Key, Future[_Sent | None]] = OrderedDict()
        self._bytes = 0
        self._asking = 0

    def stand_between(self) -> None:
        """Send what was sent before; keep what is new."""
        server = self._app.server
        server.before_request(self._send)
        server.after_request(self._keep)
        server.teardown_request(self._let_go)

    def lay_out(self, number: int, links: Iterable[str]) -> None:
        """Lay pages of a build out before readers ask for them, with the parts that come later."""
        with self._builds.as_latest(number):
            asked = []
            for link in links:  # what stands at once, before what comes after it
                self._ahead(self._show(link))
                asked.append(link)
            for link in asked:
                for part in self._later(link):
                    self._ahead(part)

    def kept(self) -> list[tuple[Key, bool]]:
        """List what answers are kept for, and whether each is there yet."""
        with self._lock:
            return [(key, one.done()) for key, one in self._kept.items()]

    def _ahead(self, body: Json) -> None:
        began = time.monotonic()
        while self._asking and time.monotonic() - began < 1:  # readers first
            time.sleep(0.02)
        with self._app.server.test_request_context(_ASK, method="POST", json=body):
            g.who = EVERYBODY
            try:
                if self._send() is None:
                    self._keep(self._app.server.make_response(self._view()))
            except Exception:  # whoever asks for the page will see it
                _LOG.debug("a page could not be laid out ahead", exc_info=True)
            finally:
                self._let_go(None)

    def _view(self) -> Response:
        view: Callable[[], Response] = self._app.server.view_functions[request.endpoint or ""]
        return view()

    def _show(self, link: str) -> Json:
        output = next(one for one in self._app.callback_map if "page.children" in one)
        named = [one.rsplit(".", 1) for one in output.strip(".").split("...")]
        return {
            "output": output,
            "outputs": [{"id": id, "property": kind} for id, kind in named],
            "inputs": [
                {"id": "link", "property": "data", "value": link},
                {"id": "build", "property": "data", "value": None},
                [],
            ],
            "changedPropIds": ["link.data"],
        }

    def _later(self, link: str) -> Iterator[Json]:
        """Ask for what comes after a page, as the browser does when it stands."""
        with self._app.server.test_request_context(_ASK, method="POST", json=self._show(link)):
            g.who = EVERYBODY
            kept = self._kept.get(self._key() or ())
        sent = kept.result() if kept is not None and kept.done() else None
        for name in _LATER.findall(gzip.decompress(sent.body).decode()) if sent else ():
            yield {
                "output": f"{name}-place.children",
                "outputs": {"id": f"{name}-place", "property": "children"},
                "inputs": [{"id": f"{name}-later", "property": "data", "value": name}],
                "state": [{"id": "link", "property": "data", "value": link}],
                "changedPropIds": [f"{name}-later.data"],
            }

    def _key(self) -> Key | None:
        """Say what an answer depends on; None where it is not kept."""
        if request.path != _ASK or "who" not in g:
            return None
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return None
        link, by = _link(body), body.get("changedPropIds")
        if link is None or urlsplit(link).path not in self._paths:
            return None
        latest = self._builds.latest()
        is_news = isinstance(by, list) and "link.data" not in by  # it says that it was updated
        return (latest, who_asks().teams, str(body.get("output")), link, is_news)

    def _send(self) -> Response | None:
        self._count(1)
        g.counted = True
        key = self._key()
        if key is None:
            return None
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                g.laying = key
                self._kept[key] = Future()
                return None
            self._kept.move_to_end(key)
        with suppress(TimeoutError):
            if sent := kept.result(_PATIENCE):
                g.page = sent.page
                return _answer(sent)
        return None

    def _keep(self, answer: Response) -> Response:
        key = g.pop("laying", None)
        if key is None:
            return answer
        is_whole = answer.status_code == 200 and not g.get("failed", False)
        body = answer.get_data() if is_whole else b""
        sent = _Sent(body=gzip.compress(body, 5, mtime=0), page=g.get("page", ""))
        with self._lock:
            kept = self._kept[key]
            if is_whole:
                self._bytes += len(sent.body)
            else:
                del self._kept[key]
        kept.set_result(sent if is_whole else None)
        self._make_room()
        return _answer(sent) if is_whole else answer

    def _let_go(self, _error: BaseException | None) -> None:
        """Let those go on who wait for an answer that did not come."""
        if g.pop("counted", False):
            self._count(-1)
        key = g.pop("laying", None)
        if key is not None:
            with self._lock:
                kept = self._kept.pop(key)
            kept.set_result(None)

    def _count(self, more: int) -> None:
        with self._lock:
            self._asking += more

    def _make_room(self) -> None:
        with self._lock:
            for key in list(self._kept):
                if self._bytes <= _MOST:
                    return
                if self._kept[key].done():
                    sent = self._kept.pop(key).result()
                    self._bytes -= len(sent.body) if sent else 0


def _answer(sent: _Sent) -> Response:
    if request.accept_encodings.quality("gzip") > 0:
        answer = Response(sent.body, mimetype="application/json")
        answer.headers["Content-Encoding"] = "gzip"
        return answer
    return Response(gzip.decompress(sent.body), mimetype="application/json")


def _link(body: Json) -> str | None:
    """Read the link of a question for a page, or for a part that comes after it."""
    output = str(body.get("output"))
    given = body.get("inputs") if "page.children" in output else body.get("state")
    by = body.get("changedPropIds")
    is_asked = output.endswith("-place.children") or "page.children" in output
    if not is_asked or not isinstance(given, list) or not isinstance(by, list):
        return None
    if any("retry" in str(one) or "n_clicks" in str(one) for one in by):
        return None
    named: Sequence[Any] = [one for one in given if isinstance(one, dict)]  # Any: as posted
    return next(
        (str(one["value"]) for one in named if one.get("id") == "link" and one.get("value")), None
    )
