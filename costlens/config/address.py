"""The address of a database: `postgresql://USER@HOST:PORT/DATABASE`, or `mysql://` as well."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

_PORTS = {"postgresql": 5432, "mysql": 3306}
_OPTIONS = {
    "sslmode": r"disable|prefer|require|verify-ca|verify-full",
    "sslrootcert": r".+",
}
_URL = re.compile(
    r"(?P<kind>postgresql|mysql)://(?P<user>[^:@/?#\s]+)@(?P<host>[\w.-]+|\[[0-9a-fA-F:.]+\])"
    r"(?::(?P<port>\d{1,5}))?/(?P<database>[^/?#\s]+)(?:\?(?P<options>\S+))?"
)


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a database is, and as whom it is read."""

    kind: str  # postgresql or mysql
    user: str
    host: str
    port: int
    database: str
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """Name it as messages do: without the user, and without the usual port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.kind] else f":{self.port}"
        return f"{self.kind}://{host}{port}/{self.database}"


def address_of(url: str) -> Address | None:
    """Read the address of a database; None for what is none, or says more than one may."""
    found = _URL.fullmatch(url)
    if found is None:
        return None
    options = dict(parse_qsl(found["options"] or "", keep_blank_values=True))
    if any(not re.fullmatch(_OPTIONS.get(key, "(?!)"), one) for key, one in options.items()):
        return None
    return Address(
        kind=found["kind"],
        user=unquote(found["user"]),
        host=found["host"].strip("[]"),
        port=int(found["port"] or _PORTS[found["kind"]]),
        database=unquote(found["database"]),
        options=options,
    )
