"""Who is logged in, and how often a login was tried: kept in this process, never on disk."""

import hashlib
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

from costlens.web.who import Who

LASTS = 12 * 3600.0  # seconds
_MOST = 10_000  # sessions, and names and addresses whose tries are counted


@dataclass(frozen=True, kw_only=True)
class Session:
    """One login; `csrf` is what its own pages know and others do not."""

    who: Who
    csrf: str
    until: float


class Sessions:
    """The logins that last; what a cookie holds is nowhere else but as a hash."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._by_hash: dict[bytes, Session] = {}

    def begin(self, who: Who) -> tuple[str, Session]:
        """Log somebody in, and give what their cookie is to hold."""
        cookie = secrets.token_urlsafe(32)
        session = Session(who=who, csrf=secrets.token_urlsafe(32), until=self._clock() + LASTS)
        with self._lock:
            now = self._clock()
            kept = {key: one for key, one in self._by_hash.items() if one.until > now}
            for key in list(kept)[: max(0, len(kept) - _MOST + 1)]:
                del kept[key]
            self._by_hash = {**kept, _hashed(cookie): session}
        return cookie, session

    def find(self, cookie: str) -> Session | None:
        """Find the login of a cookie, if it lasts."""
        found = self._by_hash.get(_hashed(cookie))
        return found if found is not None and found.until > self._clock() else None

    def end(self, cookie: str) -> None:
        """Log somebody out."""
        with self._lock:
            self._by_hash.pop(_hashed(cookie), None)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """So many tries within so many seconds."""

    most: int
    within: float


class Tries:
    """Counts tries by what they have in common, such as a name or an address."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._at: dict[tuple[str, ...], deque[float]] = {}

    def take(self, limits: Sequence[tuple[tuple[str, ...], Limit]]) -> int:
        """Take a try of each; where one has none left, none is taken: seconds to wait, else 0."""
        with self._lock:
            now = self._clock()
            waits = [self._wait(key, limit, now) for key, limit in limits]
            if any(waits):
                return max(waits)
            for key, _ in limits:
                self._at.setdefault(key, deque()).append(now)
            while len(self._at) > _MOST:
                del self._at[next(iter(self._at))]
            return 0

    def give_back(self, key: tuple[str, ...]) -> None:
        """Forget the tries of somebody who got in."""
        with self._lock:
            self._at.pop(key, None)

    def _wait(self, key: tuple[str, ...], limit: Limit, now: float) -> int:
        at = self._at.get(key)
        if at is None:
            return 0
        while at and at[0] <= now - limit.within:
            at.popleft()
        return int(at[0] + limit.within - now) + 1 if len(at) >= limit.most else 0


def _hashed(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
