"""Who may read the pages: people with a token or a password, or those a proxy has let in."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Literal

from costlens.config.access import Password
from costlens.config.value import Value, mistake, required, setting
from costlens.errors import Finding

_KEPT = "{env: NAME} or {file: PATH}"


@dataclass(frozen=True, kw_only=True)
class Proxy(Value):
    """The proxy that readers come through; where `by` is proxy, it asks them who they are."""

    header: str = setting("where `by` is proxy: the header that names the user", "X-Forwarded-User")
    addresses: tuple[str, ...] = setting(
        "its own addresses, or networks of them, as 10.0.0.0/24: they alone are believed what "
        "X-Forwarded-For says of a reader's address, and where `by` is proxy others are refused",
        (),
        key="from",
    )


@dataclass(frozen=True, kw_only=True)
class Reader(Value):
    """One who may read the pages."""

    name: str = required("the name that is logged in with, or that the proxy gives")
    role: Literal["viewer", "admin"] = setting(
        "`admin` sees every figure, a `viewer` those of what its teams own", "viewer"
    )
    teams: tuple[str, ...] = setting("the teams of a viewer", (), ref="team")
    password: Password | None = setting(
        "where the hash of the password is kept that `costlens password` prints",
        None,
        hidden=_KEPT,
    )
    token: Password | None = setting("where the token is kept", None, hidden=_KEPT)


@dataclass(frozen=True, kw_only=True)
class Readers(Value):
    """Who may read the pages that `costlens serve` shows, and how they say who they are."""

    by: Literal["password", "token", "proxy"] = required(
        "`password`: by name and password; `token`: by a token; `proxy`: by a header of a proxy "
        "that has asked them"
    )
    users: tuple[Reader, ...] = required("everybody who is let in")
    proxy: Proxy | None = setting("the proxy that readers come through, if they do")
    https: bool = setting(
        "readers come by https alone, through a proxy that speaks it: cookies are kept to it", False
    )
    audit: str = setting(
        "the file that every download of figures is written to, relative to costlens.yaml",
        "audit.csv",
    )


def check_readers(value: Value) -> Iterator[Finding]:
    """Check that everybody can be told apart and says who they are in the one way."""
    assert isinstance(value, Readers)
    if not value.users:
        yield mistake(value, "nobody is let in", "name at least one user: {name: ada, role: admin}")
    for name, times in Counter(user.name for user in value.users).items():
        if times > 1:
            yield mistake(value, f'user "{name}" is named {times} times', "keep one of them")
    for user in value.users:
        yield from _user(user, value.by)
    if value.by == "proxy" or value.proxy is not None:
        yield from _proxy(value)
    if value.by != "proxy" and value.proxy is not None and value.proxy.header != Proxy().header:
        yield mistake(value.proxy, f'"header" has no meaning by {value.by}', "take it out")


def _user(user: Reader, by: str) -> Iterator[Finding]:
    for way in ("password", "token"):
        given = getattr(user, way) is not None
        if given and way != by:
            yield mistake(
                user, f'user "{user.name}" has a {way}, and readers come by {by}', "take it out"
            )
        elif way == by and not given:
            yield mistake(user, f'user "{user.name}" has no {way}', f"add {way}: {_KEPT}")
    if user.role == "viewer" and not user.teams:
        yield mistake(
            user,
            f'the viewer "{user.name}" has no teams, and would see nothing',
            "add teams: [NAME], or role: admin",
        )
    if user.role == "admin" and user.teams:
        yield mistake(
            user,
            f'the admin "{user.name}" sees every team',
            "take teams out, or write role: viewer",
        )


def _proxy(value: Readers) -> Iterator[Finding]:
    proxy = value.proxy or Proxy(place=value.place)
    if not proxy.addresses:
        yield mistake(
            proxy,
            "the proxy has no address: anybody could say they are it",
            "add proxy: {from: [ADDRESS]}, with the addresses that it calls from",
        )
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", proxy.header):
        yield mistake(proxy, f'"{proxy.header}" is no header', "write letters, digits and - alone")
    for address in proxy.addresses:
        try:
            network = ip_network(address)
        except ValueError:
            yield mistake(
                proxy, f'"{address}" is no address', "write one as 10.0.0.7, or 10.0.0.0/24"
            )
            continue
        if network.prefixlen == 0:
            yield mistake(proxy, f'"{address}" is everybody', "write the addresses of the proxy")
