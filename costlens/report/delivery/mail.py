"""Mail an edition: a summary as text and HTML, and the file."""

import smtplib
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from costlens.config.reports import Mail
from costlens.config.secrets import secret_of
from costlens.report.delivery.parcel import (
    MANIFEST,
    Parcel,
    RefusedError,
    UnclearError,
    UndeliveredError,
)
from costlens.report.delivery.summary import as_html, as_text, headline

_PATIENCE = 60  # seconds
_KINDS = {
    "csv": ("text", "csv"),
    "json": ("application", "json"),
    "xlsx": ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "parquet": ("application", "vnd.apache.parquet"),
}


def post(parcel: Parcel, addresses: Sequence[str], *, announce: Callable[[], None]) -> None:
    """Send one mail to all of the addresses, or to none."""
    mail = parcel.settings.mail
    assert mail is not None  # a report that goes by mail names a server
    message = message_of(parcel, mail, addresses).as_bytes(policy=SMTP)
    try:
        with _logged_in(mail, parcel) as server:
            code, said = server.mail(mail.sender)
            if code != 250:
                raise UndeliveredError(
                    f"no mail from {mail.sender}, says the server: {_said(said)}"
                )
            for address in addresses:
                code, said = server.rcpt(address)
                if code not in (250, 251):
                    raise UndeliveredError(f"no mail to {address}, it says: {_said(said)}")
            announce()
            _hand_over(server, mail, message)
    except smtplib.SMTPAuthenticationError as error:
        raise RefusedError(f"{mail.host} refuses the login of {mail.user}") from error
    except ssl.SSLError as error:
        raise RefusedError(f"{mail.host} cannot be trusted: {error.reason}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise UndeliveredError(f"cannot reach {mail.host}:{mail.port}: {_why(error)}") from error


def message_of(parcel: Parcel, mail: Mail, addresses: Sequence[str]) -> EmailMessage:
    """Write the mail of an edition: the same one each time."""
    manifest = parcel.manifest
    (name,) = (name for name in parcel.files if name != MANIFEST)
    message = EmailMessage()
    message["Subject"] = " ".join(headline(manifest).split())
    message["From"] = mail.sender
    message["To"] = ", ".join(addresses)
    message["Date"] = format_datetime(datetime.fromisoformat(manifest["built_at"]))
    mark = sha256(f"{parcel.report} {parcel.edition} {manifest['sha256']}".encode()).hexdigest()[
        :32
    ]
    message["Message-ID"] = f"<{mark}@{mail.sender.rpartition('@')[2]}>"
    message.set_content(as_text(manifest))
    message.add_alternative(as_html(manifest), subtype="html")
    kind, subtype = _KINDS[name.rpartition(".")[2]]
    message.add_attachment(parcel.files[name], maintype=kind, subtype=subtype, filename=name)
    return message


def _logged_in(mail: Mail, parcel: Parcel) -> smtplib.SMTP:
    """Open a line that nobody else reads, and log in on it."""
    context = ssl.create_default_context(
        cafile=None if mail.ca_file is None else str(parcel.folder / mail.ca_file)
    )
    server: smtplib.SMTP
    if mail.security == "tls":
        server = smtplib.SMTP_SSL(mail.host, mail.port, timeout=_PATIENCE, context=context)
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=_PATIENCE)
    try:
        server.ehlo()
        if mail.security == "starttls":
            server.starttls(context=context)
            server.ehlo()
        if mail.user is not None and mail.password is not None:
            password = secret_of(mail.password, parcel.folder, code="bad_mail")
            server.login(mail.user, password)
    except BaseException:
        server.close()
        raise
    return server


def _hand_over(server: smtplib.SMTP, mail: Mail, message: bytes) -> None:
    """Send the mail itself; where the line breaks now, nobody knows whether it was taken."""
    try:
        code, said = server.data(message)
    except smtplib.SMTPDataError as error:  # before the first byte of it
        raise UndeliveredError(
            f"{mail.host} refuses the mail: {_said(error.smtp_error)}"
        ) from error
    except (smtplib.SMTPException, OSError) as error:
        raise UnclearError(f"the line to {mail.host} broke while it took the mail") from error
    if code != 250:
        raise UndeliveredError(f"{mail.host} refuses the mail: {_said(said)}")


def _said(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:200]


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "it does not offer STARTTLS"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__
