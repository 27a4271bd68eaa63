"""The way to AWS: clients with the user's own credentials, and what goes wrong in our words.

Credentials come from where every tool of AWS finds them, and go into no message: of what AWS says
only the code of an error is used, never its text.
"""

from functools import partial
from typing import Any

from costlens.config.access import Access
from costlens.config.values import Source
from costlens.errors import CostLensError, Finding

THREADS = 8
_CREDENTIALS = (
    'give them as every tool of AWS takes them: "aws configure", "aws sso login", the variables '
    'AWS_..., or the role of the machine; "profile: NAME" of the source names one of several'
)
_NO_LONGER = "log in again, or correct the variables AWS_... or the profile it should use"
KEY_CODES = {  # of any service: what is wrong with the credentials, and what to do about it
    "InvalidAccessKeyId": ("AWS does not know the access key", _NO_LONGER),
    "SignatureDoesNotMatch": ("the secret key is not that of the access key", _NO_LONGER),
    "InvalidToken": ("AWS does not take the session token", _NO_LONGER),
    "ExpiredToken": ("the AWS credentials have expired", _NO_LONGER),
    "RequestTimeTooSkewed": ("the clock of this machine is wrong", "set it, and run again"),
}
ROLE_DENIED = (
    "access denied to take on the role of role_arn",
    "allow sts:AssumeRole on it, and let the role trust whoever runs costlens",
)
_CODES = {  # of S3
    "NoSuchBucket": ('there is no bucket "{bucket}"', "correct path:, or the endpoint it is at"),
    "NoSuchKey": ("{what} vanished after it was listed", "run the command again"),
    "PreconditionFailed": ("{what} was replaced while it was read", "run the command again"),
    "InvalidObjectState": (
        "{what} is archived",
        "restore it, or name a prefix without what is archived",
    ),
    "PermanentRedirect": ("{what} is in another region", 'write its region: "s3: {region: ...}"'),
    **KEY_CODES,
    "SlowDown": ("{what}: S3 asks to slow down", "run the command again: what is here is kept"),
}
_ALIKE = {
    "404": "NoSuchKey",
    "412": "PreconditionFailed",
    "301": "PermanentRedirect",
    "AuthorizationHeaderMalformed": "PermanentRedirect",
    "IllegalLocationConstraintException": "PermanentRedirect",
    "RequestExpired": "ExpiredToken",
    "ExpiredTokenException": "ExpiredToken",
    "InvalidClientTokenId": "InvalidAccessKeyId",
    "UnrecognizedClientException": "InvalidAccessKeyId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "403",
    "Forbidden",
    "AccountProblem",
}


def connect(
    access: Access,
    service: str = "s3",
    *,
    retries: str = "standard",
) -> Any:  # noqa: ANN401 -- boto3 makes its clients as it runs
    """Make a client of a service, as yet without a request."""
    import boto3
    from botocore.config import Config

    session = boto3.Session(profile_name=access.profile, region_name=access.region)
    if access.role_arn:
        session = _in_role(session, access.role_arn)
    return session.client(
        service,
        endpoint_url=access.endpoint,
        config=Config(
            retries={"mode": retries},  # how often is AWS_MAX_ATTEMPTS, as everywhere
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=THREADS,
        ),
    )


def _in_role(session: Any, role_arn: str) -> Any:  # noqa: ANN401 -- boto3 has no types
    """Take on a role, and again whenever its credentials run out."""
    import boto3
    import botocore.session
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
    from botocore.exceptions import NoCredentialsError

    region = session.region_name or "us-east-1"
    own = session.get_credentials()
    if own is None:
        raise NoCredentialsError
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(session.client, region_name=region),
        source_credentials=own,
        role_arn=role_arn,
        extra_args={"RoleSessionName": "costlens"},
    )
    core = botocore.session.get_session()
    core._credentials = DeferredRefreshableCredentials(
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
    return boto3.Session(botocore_session=core, region_name=session.region_name)


def in_our_words(error: Exception, source: Source, what: str) -> CostLensError | None:
    """Say what went wrong with a bucket or an object of it; None for what is a bug."""
    from botocore.exceptions import ClientError

    if isinstance(error, ClientError):
        return refusal(source, *_refused(error, source, what))
    access = source.s3 or Access()
    told = trouble(error, access, what=what, at=access.endpoint or "S3")
    if told:
        return refusal(source, *told)
    if isinstance(error, OSError):
        reason = (error.strerror or str(error)).lower()
        return refusal(source, f"cannot keep a copy of {what}: {reason}", "make room in the lake")
    return None


def trouble(error: Exception, access: Access, *, what: str, at: str) -> tuple[str, str] | None:
    """Say what keeps a request from reaching AWS, and what to do; None for what is a bug."""
    from botocore import exceptions as aws

    message = hint = ""
    match error:
        case aws.ProfileNotFound() if access.profile:
            message = f'there is no AWS profile "{access.profile}"'
            hint = "correct profile:, or make it with: aws configure --profile NAME"
        case aws.ProfileNotFound():
            message, hint = "there is no AWS profile as AWS_PROFILE names it", "correct it"
        case (
            aws.NoCredentialsError()
            | aws.PartialCredentialsError()
            | aws.CredentialRetrievalError()
            | aws.TokenRetrievalError()
            | aws.SSOError()
            | aws.NoAuthTokenError()
        ):
            message, hint = f"no AWS credentials to read {what} with", _CREDENTIALS
        case aws.NoRegionError() | aws.InvalidRegionError():
            message = "no region of AWS is named, or one that cannot be"
            hint = 'write it at the source, such as "region: eu-central-1"'
        case aws.IncompleteReadError() | aws.ResponseStreamingError():
            message = f"the connection broke off while {what} was read"
            hint = "run the command again: what is here is kept"
        case aws.HTTPClientError() | aws.ConnectionError():
            message = f"cannot reach {at} to read {what}"
            hint = 'check the network, and "endpoint" of the source where it has one'
        case aws.BotoCoreError():
            message, hint = f"cannot read {what}: {type(error).__name__}", "check its settings"
    return (message, hint) if message else None


def refusal(source: Source, message: str, hint: str) -> CostLensError:
    """Refuse a source that lies in a bucket."""
    return CostLensError(
        findings=[Finding(message=message, where=source.place, hint=hint, code="bad_bucket")]
    )


def code_of(error: Any) -> str:  # noqa: ANN401 -- boto3 has no types
    """Name what AWS has against a request, by the one name we know it under."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return "AccessDenied" if code in _DENIED else _ALIKE.get(code, code)


def _refused(
    error: Any,  # noqa: ANN401 -- boto3 has no types
    source: Source,
    what: str,
) -> tuple[str, str]:
    """Say what AWS has against a request, by the code alone."""
    code = code_of(error)
    doing = str(error.operation_name)
    if code in _CODES:
        message, hint = _CODES[code]
        return message.replace("{what}", what).replace("{bucket}", source.path.split("/")[2]), hint
    if code != "AccessDenied":
        return f"S3 refuses {what}: {code or 'it does not say why'}", "see what AWS says of this"
    if doing == "AssumeRole":
        return ROLE_DENIED
    if doing == "GetObject":
        return (
            f"access denied to read {what}",
            "allow s3:GetObject on it, and kms:Decrypt where a key of KMS encrypts it",
        )
    return (
        f"access denied to list {what}",
        "allow s3:ListBucket on the bucket and s3:GetObject on what is in it",
    )
