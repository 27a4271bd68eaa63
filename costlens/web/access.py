"""Who may ask the app: this machine without a password, else those whom the door lets in."""

import hashlib
import hmac
import logging
import os
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote

from dash import Dash
from flask import Response, g, has_request_context, redirect, request

from costlens.web.door import Door
from costlens.web.login import login_page, own_link
from costlens.web.sessions import LASTS, Limit, Session, Sessions, Tries
from costlens.web.who import EVERYBODY, NotForRoleError, Who

CSRF_COOKIE, CSRF_HEADER = "costlens_csrf", "X-Costlens-Csrf"
_COOKIE, _LOGIN_COOKIE = "costlens", "costlens_login"
_OPEN = ("/login", "/healthz")  # nothing in them, nor in assets, is anybody's
_OF_NAME, _OF_ADDRESS = Limit(most=5, within=300), Limit(most=30, within=300)
_LONGEST = 1024  # of what is given as a name, password or token
_LOG = logging.getLogger(__name__)


def only_under(app: Dash, names: Collection[str]) -> None:
    """Answer requests for these host names alone.

    A page of somebody else's that resolves its own name to this machine would otherwise read the
    figures through the reader's browser.
    """

    def refuse() -> Response | None:
        host = request.host.rpartition(":")[0] if ":" in request.host else request.host
        if host.strip("[]") not in names:
            return _plain(f"not served under the name {host}", HTTPStatus.FORBIDDEN)
        if _is_foreign():
            return _plain("sent by a page of another site", HTTPStatus.FORBIDDEN)
        return None

    app.server.before_request(refuse)


def who_asks() -> Who:
    """Name who asks; outside of a request nobody does, and nothing is theirs."""
    if not has_request_context():
        raise NotForRoleError("figures are for those who ask for them: there is no request")
    who = g.get("who")
    if not isinstance(who, Who):
        raise NotForRoleError("figures are for those who are let in")
    return who


def csrf_of_reader() -> str:
    """Give what the reader's own pages send along; empty where nobody logs in."""
    return str(g.get("csrf", "")) if has_request_context() else ""


def address_of_reader(door: Door) -> str:
    """Name the address that a request came from; behind a proxy of costlens.yaml, the reader's."""
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For"))
    return door.reader_of(request.remote_addr or "", forwarded)


@dataclass(kw_only=True)
class Guard:
    """Stands before every request."""

    door: Door
    sessions: Sessions = field(default_factory=Sessions)
    tries: Tries = field(default_factory=Tries)
    _known: dict[bytes, Who] = field(default_factory=dict)
    _salt: bytes = field(default_factory=lambda: os.urandom(32))

    def stand_before(self, app: Dash) -> None:
        """Ask everybody who they are, and add the pages to log in and out."""
        app.server.before_request(self._look)
        app.server.after_request(self._mark)
        for name in ("app", "parts"):  # what a viewer is refused is no failure
            logging.getLogger(f"costlens.web.{name}").addFilter(_is_failure)
        app.server.add_url_rule("/login", view_func=self._login, methods=["GET", "POST"])
        app.server.add_url_rule("/logout", view_func=self._logout, methods=["POST"])

    def _look(self) -> Response | None:
        if _is_foreign():
            return _plain("sent by a page of another site", HTTPStatus.FORBIDDEN)
        if request.path in _OPEN or request.path.startswith("/assets/"):
            return None
        if self.door.by == "proxy":
            return self._by_proxy()
        if "Authorization" in request.headers:
            return self._by_header()
        session = self.sessions.find(request.cookies.get(_COOKIE, ""))
        if session is None:
            return self._send_to_login()
        return self._by_session(session)

    def _by_proxy(self) -> Response | None:
        if not self.door.is_proxy(request.remote_addr or ""):
            return _plain("this is for the proxy alone", HTTPStatus.FORBIDDEN)
        who = self.door.users.get(request.headers.get(self.door.header, "").strip())
        if who is None:
            return _plain("no user of costlens.yaml", HTTPStatus.FORBIDDEN)
        g.who, g.csrf, g.proxied = who, request.cookies.get(CSRF_COOKIE, ""), True
        return self._unless_forged()

    def _by_header(self) -> Response | None:
        """Let programs in, which have no cookies: `Bearer` a token, `Basic` name and password."""
        key = hmac.digest(self._salt, request.headers["Authorization"].encode(), "sha256")
        who = self._known.get(key)
        if who is None:
            given = request.authorization
            name, secret = "", ""
            if given is not None and given.type == "bearer" and self.door.by == "token":
                secret = given.token or ""
            elif given is not None and given.type == "basic" and self.door.by == "password":
                name, secret = given.username or "", given.password or ""
            who, wait = self._try(name, secret)
            if wait:
                return _too_often(wait)
            if who is None:
                return _plain("not let in", HTTPStatus.UNAUTHORIZED)
            if len(self._known) < 1000:
                self._known[key] = who
        g.who = who
        return None

    def _by_session(self, session: Session) -> Response | None:
        g.who, g.csrf = session.who, session.csrf
        return self._unless_forged()

    def _unless_forged(self) -> Response | None:
        """Refuse what changes or asks by POST without what only our own pages know."""
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return None
        given = request.headers.get(CSRF_HEADER) or request.form.get("csrf", "")
        if g.csrf and hmac.compare_digest(given.encode(), str(g.csrf).encode()):
            return None
        return _plain("not sent by a page of CostLens", HTTPStatus.FORBIDDEN)

    def _send_to_login(self) -> Response:
        is_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if not is_page:
            return _plain("not logged in", HTTPStatus.UNAUTHORIZED)
        link = request.full_path.rstrip("?")
        return _redirect(f"/login?next={quote(own_link(link))}")

    def _try(self, name: str, secret: str) -> tuple[Who | None, int]:
        """Try a secret: who it is, if anyone, and how many seconds to wait before the next try."""
        address = address_of_reader(self.door)
        of_name = ("name", hashlib.sha256(name.encode()).hexdigest(), address)
        limits: list[tuple[tuple[str, ...], Limit]] = [(("address", address), _OF_ADDRESS)]
        if self.door.by == "password":
            limits.append((of_name, _OF_NAME))
        wait = self.tries.take(limits)
        if wait:
            _LOG.warning("login refused: too many tries from %s", address)
            return None, wait
        if len(name) > _LONGEST or len(secret) > _LONGEST:
            return None, 0
        if self.door.by == "password":
            who = self.door.by_password(name, secret)
        else:
            who = self.door.by_token(secret)
        if who is None:
            _LOG.warning("login failed from %s", address)
        else:
            for key, _ in limits:
                self.tries.give_back(key)
        return who, 0

    def _login(self) -> Response:
        if self.door.by == "proxy":
            return _plain("the proxy logs you in", HTTPStatus.NOT_FOUND)
        if request.method == "GET":
            return self._login_page(own_link(request.args.get("next", "/")))
        after = own_link(request.form.get("next", "/"))
        sent, kept = request.form.get("csrf", ""), request.cookies.get(_LOGIN_COOKIE, "")
        if not kept or not hmac.compare_digest(sent.encode(), kept.encode()):
            return self._login_page(after, says="This page was too old. Try once more.", code=400)
        secret = request.form.get("token" if self.door.by == "token" else "password", "")
        who, wait = self._try(request.form.get("name", ""), secret)
        if wait:
            said = f"Too many tries. Wait {wait} seconds."
            page = self._login_page(after, says=said, code=HTTPStatus.TOO_MANY_REQUESTS)
            page.headers["Retry-After"] = str(wait)
            return page
        if who is None:
            return self._login_page(after, says="That is not right.", code=HTTPStatus.UNAUTHORIZED)
        cookie, session = self.sessions.begin(who)
        answer = _redirect(after)
        self._set(answer, _COOKIE, cookie, max_age=int(LASTS), httponly=True)
        self._set(answer, CSRF_COOKIE, session.csrf, max_age=int(LASTS))
        answer.delete_cookie(_LOGIN_COOKIE)
        return answer

    def _login_page(self, after: str, *, says: str = "", code: int = 200) -> Response:
        csrf = secrets.token_urlsafe(32)
        page = Response(login_page(by=self.door.by, after=after, csrf=csrf, says=says), code)
        self._set(page, _LOGIN_COOKIE, csrf, max_age=3600, httponly=True, samesite="Strict")
        return page

    def _logout(self) -> Response:
        self.sessions.end(request.cookies.get(_COOKIE, ""))
        answer = _redirect("/login")
        for name in (_COOKIE, CSRF_COOKIE):
            answer.delete_cookie(name)
        return answer

    def _mark(self, answer: Response) -> Response:
        """Give readers who come by a proxy what their own pages are to know."""
        is_new = self.door.by == "proxy" and "who" in g and not g.get("csrf")
        if is_new and request.method == "GET":
            self._set(answer, CSRF_COOKIE, secrets.token_urlsafe(32))
        return answer

    def _set(
        self,
        answer: Response,
        name: str,
        value: str,
        *,
        max_age: int | None = None,
        httponly: bool = False,
        samesite: str = "Lax",
    ) -> None:
        answer.set_cookie(
            name,
            value,
            max_age=max_age,
            httponly=httponly,
            samesite=samesite,
            secure=self.door.https or request.is_secure,
        )


def let_everybody_in(app: Dash) -> None:
    """Serve readers without asking who they are, as on this machine."""

    def note() -> None:
        g.who = EVERYBODY

    app.server.before_request(note)


def _is_foreign() -> bool:
    """Say whether a browser says that another site's page sent what is more than a link."""
    if request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate":
        return False
    return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


def _is_failure(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], NotForRoleError))


def _redirect(link: str) -> Response:
    answer = redirect(link, HTTPStatus.SEE_OTHER)
    assert isinstance(answer, Response)
    return answer


def _too_often(wait: int) -> Response:
    answer = _plain("too many tries", HTTPStatus.TOO_MANY_REQUESTS)
    answer.headers["Retry-After"] = str(wait)
    return answer


def _plain(text: str, code: int) -> Response:
    return Response(f"{text}\n", code, mimetype="text/plain")
