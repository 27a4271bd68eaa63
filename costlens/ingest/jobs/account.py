"""A source that is an account of AWS: ask each region what is new, and name the kept answers."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path

from costlens.config.access import Access, Account
from costlens.config.notes import listed
from costlens.config.values import Source, Workspace
from costlens.errors import CostLensError, Finding
from costlens.ingest.aws import KEY_CODES, ROLE_DENIED, code_of, connect, trouble
from costlens.ingest.jobs import batch, ecs, emr, emr_serverless, glue, sagemaker
from costlens.ingest.jobs.answers import Kept, cache_of
from costlens.ingest.jobs.asking import Asking
from costlens.lake.lock import writing_lock

_READERS: Mapping[str, Callable[[Asking], None]] = {
    "sagemaker": sagemaker.read,
    "glue": glue.read,
    "batch": batch.read,
    "emr": emr.read,
    "emr_serverless": emr_serverless.read,
    "ecs": ecs.read,
}
_MONTHS = 3  # before the first refresh, where nothing says from when on
_SLOWLY = ("AWS asks to slow down", "run the command again later: what was read is kept")
_CODES = {
    **KEY_CODES,
    "InvalidAccessKeyId": (
        "AWS does not know the access key, or the region is not enabled",
        KEY_CODES["InvalidAccessKeyId"][1],
    ),
    "Throttling": _SLOWLY,
    "ThrottlingException": _SLOWLY,
    "TooManyRequestsException": _SLOWLY,
    "RequestLimitExceeded": _SLOWLY,
}


@dataclass(kw_only=True)
class Jobs:
    """The jobs of an account, as one source reads them."""

    source: Source
    cache: Path
    as_of: datetime
    say: Callable[[str], None]
    sample: bool  # whether one of each is enough
    findings: list[Finding] = field(default_factory=list)  # what was not allowed

    def find(self, _patterns: Collection[str]) -> list[Path]:
        """Ask for what is new, and name the files of all answers."""
        access = self.source.aws
        assert access is not None  # else it is no such source
        found: list[Path] = []
        read: set[str] = set()
        with self._told("the account"):
            regions = self._regions(access)
            who = connect(regions[0], "sts").get_caller_identity()
        with writing_lock(self.cache):
            for one in regions:
                with self._told(f"{self.source.type} in {one.region}"):
                    asked = self._ask(one, who)
                read |= asked.read
                found += asked.kept.files()
                self.findings += asked.findings()
        if not read:
            raise CostLensError(
                findings=[_as_error(one) for one in self.findings] or [self._nothing()]
            )
        return found

    def copy(self, paths: list[Path]) -> list[Path]:
        """Give what counts: all of it."""
        return paths

    def _regions(self, access: Account) -> list[Access]:
        """Name the regions; without any, the one that the profile is for."""

        def of(region: str | None) -> Access:
            return Access(
                profile=access.profile,
                role_arn=access.role_arn,
                region=region,
                endpoint=access.endpoint,
            )

        named: tuple[str | None, ...] = access.region
        return [of(region) for region in named or (connect(of(None), "sts").meta.region_name,)]

    def _ask(self, access: Access, who: Mapping[str, str]) -> Asking:
        assert access.region is not None  # a client has one
        account, partition = who["Account"], who["Arn"].split(":")[1]
        kept = Kept.of(self.cache / account / access.region / self.source.type)
        asking = Asking(
            source=self.source,
            access=access,
            account=account,
            partition=partition,
            region=access.region,
            kept=kept,
            since=self._since(kept),
            as_of=self.as_of.replace(tzinfo=UTC),
            say=self.say,
            sample=self.sample,
        )
        _READERS[self.source.type](asking)
        return asking

    def _since(self, kept: Kept) -> datetime:
        """Say from when on things count; what nobody wrote stays as it was the first time."""
        assert self.source.aws is not None
        day = self.source.aws.since or kept.first or _months_before(self.as_of.date(), _MONTHS)
        kept.first = kept.first or day
        return datetime.combine(day, time(), tzinfo=UTC)

    def _nothing(self) -> Finding:
        return Finding(
            message=f"nothing of {self.source.type} could be read",
            where=self.source.place,
            hint="see what the role of costlens may do",
            code="bad_account",
        )

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            told = self._in_our_words(error, what)
            if told is None:
                raise
            message, hint = told
            raise CostLensError(
                findings=[
                    Finding(message=message, where=self.source.place, hint=hint, code="bad_account")
                ]
            ) from error

    def _in_our_words(self, error: Exception, what: str) -> tuple[str, str] | None:
        """Say what keeps us from asking; None for what is a bug."""
        from botocore.exceptions import ClientError

        access = self.source.aws
        assert access is not None
        if not isinstance(error, ClientError):
            of = Access(profile=access.profile, endpoint=access.endpoint)
            return trouble(error, of, what=what, at=access.endpoint or "AWS")
        code = code_of(error)
        if code == "AccessDenied":
            return ROLE_DENIED
        if code in _CODES:
            return _CODES[code]
        return (
            f"AWS refuses {error.operation_name} of {what}: {code or 'it does not say why'}",
            "see what AWS says of this",
        )


def jobs_of(
    source: Source,
    workspace: Workspace,
    *,
    as_of: datetime,
    say: Callable[[str], None],
    sample: bool = False,
) -> Jobs | None:
    """Give the way to a source that is an account; None for any other one."""
    if source.aws is None:
        return None
    if source.type not in _READERS:
        raise CostLensError(
            f'"aws" is for jobs, and the pack {source.type} reads none of AWS',
            where=source.place,
            hint=f"write path:, or one of the types {listed(list(_READERS))}",
        )
    lake = workspace.folder / workspace.settings.lake
    cache = cache_of(lake, source.name)
    return Jobs(source=source, cache=cache, as_of=as_of, say=say, sample=sample)


def _as_error(finding: Finding) -> Finding:
    return Finding(
        message=finding.message, where=finding.where, hint=finding.hint, code=finding.code
    )


def _months_before(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)
