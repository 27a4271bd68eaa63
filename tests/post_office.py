"""Real receivers on this machine: a mail server with STARTTLS and a login, and a webhook."""

import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SECRET = "open-sesame-and-never-say-it"


def certificate(folder: Path) -> Path:
    """Write a certificate of this machine and its key into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@dataclass
class Post:
    """A mail server: what it took, and how it behaves."""

    port: int
    ca_file: Path
    taken: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)  # of the next mails
    logins: list[tuple[str, str]] = field(default_factory=list)
    holds: bool = False  # takes a mail whole, then waits before it says so
    is_holding: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    @property
    def settings(self) -> dict[str, object]:
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "ca_file": str(self.ca_file),
            "sender": "costlens@acme.example",
            "user": "reports",
            "password": {"env": "SMTP_PASSWORD"},
        }


class _Handler:
    post: Post

    async def handle_DATA(  # noqa: N802 -- aiosmtpd's name
        self, _server: object, _session: object, envelope: Envelope
    ) -> str:
        import asyncio

        if self.post.refusals:
            return self.post.refusals.pop(0)
        assert isinstance(envelope.content, bytes)
        self.post.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        self.post.to.append(list(envelope.rcpt_tos))
        if self.post.holds:
            self.post.is_holding.set()
            while not self.post.go_on.is_set():
                await asyncio.sleep(0.01)
        return "250 OK"


@contextmanager
def post_office(folder: Path) -> Iterator[Post]:
    """Open a mail server that insists on STARTTLS and a login."""
    pem = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    handler = _Handler()

    def login(
        _server: object, _session: object, _envelope: object, _how: str, data: LoginPassword
    ) -> AuthResult:
        user, password = data.login.decode(), data.password.decode()
        handler.post.logins.append((user, password))
        return AuthResult(success=password == SECRET, handled=False)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=port,
        require_starttls=True,
        auth_required=True,
        authenticator=login,
        tls_context=context,
    )
    controller.start()
    handler.post = Post(port=port, ca_file=pem)
    try:
        yield handler.post
    finally:
        handler.post.go_on.set()
        controller.stop()


@dataclass
class Chat:
    """A webhook: what it was told, and what it answers."""

    url: str
    told: list[dict[str, Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)  # to the next ones


@contextmanager
def chat() -> Iterator[Chat]:
    """Open a webhook whose address is a secret."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = room.answers.pop(0) if room.answers else 200
            if status == 200 and self.path == f"/{SECRET}":
                room.told.append(json.loads(body))
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    room = Chat(url=f"http://127.0.0.1:{server.server_port}/{SECRET}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield room
    finally:
        server.shutdown()
        server.server_close()
