"""Tell a chat of an edition, by a webhook that takes what Slack's takes. The URL is a secret."""

import http.client
import json
from collections.abc import Callable
from urllib.parse import urlsplit

from costlens.config.access import Password
from costlens.config.secrets import secret_of
from costlens.report.delivery.parcel import Parcel, RefusedError, UnclearError, UndeliveredError
from costlens.report.delivery.summary import as_text, headline

_PATIENCE = 30  # seconds


def tell(parcel: Parcel, kept: Password, *, announce: Callable[[], None]) -> None:
    """Post one message."""
    url = urlsplit(secret_of(kept, parcel.folder, what="URL", code="bad_webhook").strip())
    if url.scheme not in ("https", "http") or not url.hostname:
        raise RefusedError(f"{kept.env or kept.file} holds no URL")
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    there = kind(url.hostname, url.port, timeout=_PATIENCE)
    path = f"{url.path or '/'}{f'?{url.query}' if url.query else ''}"
    try:
        try:
            there.connect()
        except OSError as error:
            raise UndeliveredError("cannot reach the host of the webhook") from error
        announce()
        try:
            body = json.dumps(message_of(parcel), ensure_ascii=False).encode()
            there.request("POST", path, body=body, headers={"Content-Type": "application/json"})
            answer = there.getresponse()
            answer.read()
        except (http.client.HTTPException, OSError) as error:
            raise UnclearError("the line to the webhook broke before it answered") from error
        if not 200 <= answer.status < 300:
            kind_of = RefusedError if 400 <= answer.status < 500 else UndeliveredError
            raise kind_of(f"the webhook answers {answer.status}")
    finally:
        there.close()


def message_of(parcel: Parcel) -> dict[str, object]:
    """Write the message: a text for all, and blocks for those that lay them out."""
    text = as_text(parcel.manifest).partition("\n\n")[2]
    said = headline(parcel.manifest)
    blocks = [_block(f"*{_safe(said)}*"), _block(f"```\n{_safe(text)}\n```")]
    return {"text": said, "blocks": blocks}


def _block(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _safe(text: str) -> str:
    """Keep names from being read as markup or as a call to everyone."""
    for sign, said in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("```", "'''")):
        text = text.replace(sign, said)
    return text
