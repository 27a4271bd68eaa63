"""How what is elsewhere is reached, and where its secrets are kept."""

from dataclasses import dataclass
from datetime import date

from costlens.config.value import Value, setting


@dataclass(frozen=True, kw_only=True)
class Access(Value):
    """How a place on S3 is reached; credentials come from where tools of AWS find them."""

    profile: str | None = setting("a profile of the AWS configuration")
    role_arn: str | None = setting("a role to take on")
    region: str | None = setting("the region of the bucket, where nothing else says it")
    endpoint: str | None = setting("the URL of a store that speaks as S3 does")


@dataclass(frozen=True, kw_only=True)
class Account(Value):
    """Which account of AWS is asked; credentials come from where tools of AWS find them."""

    profile: str | None = setting("a profile of the AWS configuration")
    role_arn: str | None = setting("a role to take on")
    region: tuple[str, ...] = setting(
        "the region, or a list of several; by default that of the profile", ()
    )
    endpoint: str | None = setting("the URL of something that answers as AWS does")
    since: date | None = setting(
        "from which day on; by default the first of the month three months before the first refresh"
    )


@dataclass(frozen=True, kw_only=True)
class Password(Value):
    """Where a secret is kept; it never stands in costlens.yaml."""

    env: str | None = setting("a variable of the environment", None, choice="env")
    file: str | None = setting("a file, relative to costlens.yaml", None, choice="file")
