"""Send an edition to one place; what cannot be taken back is announced before it happens."""

from collections.abc import Callable
from pathlib import PurePosixPath

from costlens.config.reports import Delivery
from costlens.errors import CostLensError
from costlens.report.delivery.parcel import MANIFEST, Parcel, RefusedError, UndeliveredError
from costlens.report.folder import publish


def place_of(to: Delivery) -> str:
    """Name a place as the ledger does: without a secret, and the same in every run."""
    if to.folder is not None:
        return f"folder {to.folder}"
    if to.s3 is not None:
        return f"{to.s3}"
    if to.mail:
        return f"mail to {', '.join(to.mail)}"
    assert to.webhook is not None  # one of the four is written
    return f"webhook of {to.webhook.env or to.webhook.file}"


def send(parcel: Parcel, to: Delivery, *, announce: Callable[[], None]) -> None:
    """Deliver to one place; raise UndeliveredError or UnclearError where it fails.

    To a folder or a bucket the same edition can go any number of times: it replaces itself. Of mail
    and webhooks each time would be one more, so `announce` is called when there is no way back.
    """
    try:
        if to.folder is not None:
            folder = parcel.folder / to.folder / parcel.report / parcel.label
            publish(folder, parcel.files, mark=MANIFEST)
        elif to.s3 is not None:
            _put(parcel, to)
        elif to.mail:
            from costlens.report.delivery.mail import post

            post(parcel, to.mail, announce=announce)
        else:
            from costlens.report.delivery.webhook import tell

            assert to.webhook is not None
            tell(parcel, to.webhook, announce=announce)
    except CostLensError as error:
        raise RefusedError(error.findings[0].message) from error


def _put(parcel: Parcel, to: Delivery) -> None:
    """Put each file whole, and the manifest last: who sees that sees all."""
    from botocore.exceptions import BotoCoreError, ClientError

    from costlens.config.access import Access
    from costlens.ingest.aws import code_of, connect, trouble

    assert to.s3 is not None
    bucket, _, prefix = to.s3.removeprefix("s3://").partition("/")
    access = to.access or Access()
    try:
        client = connect(access)
        for name, content in parcel.files.items():
            key = PurePosixPath(prefix, parcel.report, parcel.label, name)
            client.put_object(Bucket=bucket, Key=str(key), Body=content, ContentType=_type(name))
    except ClientError as error:
        raise RefusedError(f"S3 refuses {to.s3}: {code_of(error)}") from error
    except (BotoCoreError, OSError) as error:
        told = trouble(error, access, what=to.s3, at=access.endpoint or "S3")
        said = told[0].replace(" to read ", " to write ") if told else type(error).__name__
        raise UndeliveredError(said) from error


_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


def _type(name: str) -> str:
    return _TYPES[name.rpartition(".")[2]]
