"""Who may come in, and by which secret: the access of costlens.yaml, its secrets read."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from werkzeug.security import check_password_hash, generate_password_hash

from costlens.config.readers import Proxy, Reader, Readers
from costlens.config.secrets import secret_of
from costlens.errors import CostLensError, Finding
from costlens.web.who import Who

_HASHED = re.compile(r"scrypt:\d+:\d+:\d+\$[^$]+\$[0-9a-f]{64,}")
_LEAST = 20  # letters of a token


@dataclass(frozen=True, kw_only=True)
class Door:
    """Everybody who is let in, and how each is known."""

    by: str  # password, token or proxy
    users: Mapping[str, Who]
    secrets: Mapping[str, str] = field(repr=False)  # hash of a password, or token
    header: str
    networks: tuple[IPv4Network | IPv6Network, ...]
    https: bool
    audit: Path

    def by_password(self, name: str, password: str) -> Who | None:
        """Find who has a name and password; an unknown name takes as long."""
        known = self.secrets.get(name, _NOBODYS)
        is_right = check_password_hash(known, password)
        return self.users[name] if is_right and name in self.users else None

    def by_token(self, token: str) -> Who | None:
        """Find whose token it is; each one is compared, whichever it is."""
        given = _digest(token)
        found = [
            name for name, own in self.secrets.items() if hmac.compare_digest(_digest(own), given)
        ]
        return self.users[found[0]] if found else None

    def is_proxy(self, address: str) -> bool:
        """Say whether a request comes from the proxy itself."""
        try:
            one = ip_address(address)
        except ValueError:
            return False
        if one.version == 6 and one.ipv4_mapped:
            one = one.ipv4_mapped
        return any(one in network for network in self.networks)

    def reader_of(self, address: str, forwarded: str) -> str:
        """Name the address that a reader came from: the last one that no proxy of ours has.

        Only a proxy that is named is believed what it says was before it.
        """
        before = [one.strip() for one in forwarded.split(",") if one.strip()]
        while before and self.is_proxy(address) and _is_address(before[-1]):
            address = before.pop()
        return address


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def hash_password(password: str) -> str:
    """Hash a password for costlens.yaml."""
    return generate_password_hash(password, method="scrypt")


_NOBODYS = hash_password(secrets.token_hex())


def open_door(readers: Readers, folder: Path) -> Door:
    """Read the secrets of everybody who is let in; raise every finding there is as one error."""
    kept: dict[str, str] = {}
    findings: list[Finding] = []
    for user in readers.users:
        try:
            secret = _secret(user, folder)
        except CostLensError as error:
            findings += error.findings
            continue
        if secret in kept.values() and secret:
            findings.append(_wrong(user, "has the same secret as another", "give each their own"))
        if secret:
            kept[user.name] = secret
    if findings:
        raise CostLensError(findings=findings)
    proxy = readers.proxy or Proxy()
    return Door(
        by=readers.by,
        users={
            user.name: Who(
                name=user.name, teams=None if user.role == "admin" else frozenset(user.teams)
            )
            for user in readers.users
        },
        secrets=kept,
        header=proxy.header,
        networks=tuple(ip_network(address, strict=False) for address in proxy.addresses),
        https=readers.https,
        audit=folder / readers.audit,
    )


def _secret(user: Reader, folder: Path) -> str:
    if user.password is not None:
        hashed = secret_of(
            user.password, folder, what="hash of the password", code="bad_secret"
        ).strip()
        if not _HASHED.fullmatch(hashed):
            raise CostLensError(
                findings=[
                    _wrong(user, "has a password that is not hashed", "run: costlens password")
                ]
            )
        return hashed
    if user.token is not None:
        token = secret_of(user.token, folder, what="token", code="bad_secret").strip()
        if len(token) < _LEAST:
            raise CostLensError(
                findings=[
                    _wrong(
                        user,
                        f"has a token of fewer than {_LEAST} letters",
                        "make one at random: openssl rand -hex 32",
                    )
                ]
            )
        return token
    return ""


def _wrong(user: Reader, says: str, hint: str) -> Finding:
    message = f'user "{user.name}" {says}'
    return Finding(message=message, where=user.place, hint=hint, code="bad_secret")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
