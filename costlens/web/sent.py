"""What a request says of its answer, for those who keep it."""

from flask import g, has_request_context


def mark_failed() -> None:
    """Say that a part of the answer failed, so that it is not sent again."""
    if has_request_context():
        g.failed = True
